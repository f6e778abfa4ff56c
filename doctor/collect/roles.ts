import type { Role } from '../snapshot/aws.ts';
import { allPages, type AwsAccount } from './aws-account.ts';
import { ANOTHER_ACCOUNT, Unreadable, type Gaps } from './gaps.ts';

const ROLE_ARN = /^arn:[\w-]+:iam::(\d{12}):role\/(?:.+\/)?([\w+=,.@-]+)$/;

type Policies = Pick<Role, 'policies' | 'permissionsBoundary'>;

/** Reads each role, and each managed policy, once. */
export class RoleReader {
  readonly #account: AwsAccount;
  readonly #gaps: Gaps;
  readonly #roles = new Map<string, Promise<Role | null | undefined>>();
  readonly #policies = new Map<string, Promise<Policies | undefined>>();
  readonly #managed = new Map<string, Promise<string>>();
  readonly #boundaries = new Map<string, string>();
  readonly #progress: (line: string) => void;
  #count = 0;

  constructor(account: AwsAccount, gaps: Gaps, progress: (line: string) => void) {
    this.#account = account;
    this.#gaps = gaps;
    this.#progress = progress;
  }

  /** Reads a role and its trust policy. Returns null if it does not exist. Ignores other texts than ARNs of roles. */
  role(arn: string): Promise<Role | null | undefined> {
    return once(this.#roles, arn, async () => {
      const [, accountId, name = ''] = ROLE_ARN.exec(arn) ?? [];
      if (accountId === undefined) return undefined;
      if (accountId !== this.#account.accountId) {
        this.#gaps.add('iam:GetRole', ANOTHER_ACCOUNT, arn);
        return undefined;
      }
      const role = await this.#gaps.attempt(() => this.#read(arn, name), arn);
      this.#progress(`${++this.#count} roles`);
      return role;
    });
  }

  /** Also reads the role's policies. */
  async withPolicies(arn: string): Promise<Role | null | undefined> {
    const role = await this.role(arn);
    if (role) await once(this.#policies, arn, () => this.#gaps.attempt(() => this.#readPolicies(role), arn));
    return role;
  }

  async all(): Promise<Readonly<Record<string, Role | null>>> {
    const roles: Record<string, Role | null> = {};
    for (const [arn, read] of this.#roles) {
      const role = await read;
      if (role !== undefined) roles[arn] = role && { ...role, ...(await this.#policies.get(arn)) };
    }
    return roles;
  }

  async #read(arn: string, RoleName: string): Promise<Role | null> {
    try {
      const { Role: role } = await this.#account.call('iam:GetRole', { RoleName });
      // A name is unique, but the ARN may have another path or partition.
      if (role?.Arn !== arn) return null;
      const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
      if (boundary !== undefined) this.#boundaries.set(arn, boundary);
      return {
        arn,
        name: RoleName,
        tags: Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
        trustPolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? ''),
      };
    } catch (error) {
      if (error instanceof Unreadable && error.isMissing) return null;
      throw error;
    }
  }

  async #readPolicies({ arn, name: RoleName }: Role): Promise<Policies> {
    const { call } = this.#account;
    const [inline, attached] = await Promise.all([
      allPages(
        (Marker) => call('iam:ListRolePolicies', { RoleName, Marker }),
        ({ PolicyNames }) => PolicyNames,
      ),
      allPages(
        (Marker) => call('iam:ListAttachedRolePolicies', { RoleName, Marker }),
        ({ AttachedPolicies }) => AttachedPolicies,
      ),
    ]);
    const boundary = this.#boundaries.get(arn);
    const names = new Set(inline);
    const [policies, permissionsBoundary] = await Promise.all([
      Promise.all([
        ...inline.map(async (PolicyName) => {
          const { PolicyDocument = '' } = await call('iam:GetRolePolicy', { RoleName, PolicyName });
          return [PolicyName, decodeURIComponent(PolicyDocument)] as const;
        }),
        ...attached.map(
          async ({ PolicyName = '', PolicyArn = '' }) =>
            [names.has(PolicyName) ? PolicyArn : PolicyName, await this.#managedPolicy(PolicyArn)] as const,
        ),
      ]),
      boundary === undefined ? undefined : this.#managedPolicy(boundary),
    ]);
    return {
      policies: Object.fromEntries(policies),
      ...(permissionsBoundary !== undefined && { permissionsBoundary }),
    };
  }

  #managedPolicy(PolicyArn: string): Promise<string> {
    const { call } = this.#account;
    return once(this.#managed, PolicyArn, async () => {
      const { Policy } = await call('iam:GetPolicy', { PolicyArn });
      const { PolicyVersion } = await call('iam:GetPolicyVersion', { PolicyArn, VersionId: Policy?.DefaultVersionId });
      return decodeURIComponent(PolicyVersion?.Document ?? '');
    });
  }
}

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = made.get(key) ?? make();
  made.set(key, value);
  return value;
}
