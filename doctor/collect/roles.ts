import { BOUNDARY, type Role } from '../snapshot/aws.ts';
import type { AwsAccount } from './aws-account.ts';
import { allPages } from './aws-client.ts';
import { ANOTHER_ACCOUNT, orNull, Unreadable, type Gaps } from './gaps.ts';

const ROLE_ARN = /^arn:[\w-]+:iam::(\d{12}):role\/(?:.+\/)?([\w+=,.@-]+)$/;

type Policies = Pick<Role, 'policies' | 'permissionsBoundary' | 'unread'>;
type ReadRole = Role & { readonly boundary?: string };

/** Reads each role, and each managed policy, once. */
export class RoleReader {
  readonly #account: AwsAccount;
  readonly #gaps: Gaps;
  readonly #progress: (line: string) => void;
  /** All roles of the account with their policies, if they were read at once. */
  readonly #details: Promise<Readonly<Record<string, Role>> | undefined> | undefined;
  readonly #roles = new Map<string, Promise<ReadRole | null | undefined>>();
  readonly #policies = new Map<string, Promise<Policies | undefined>>();
  readonly #managed = new Map<string, Promise<string>>();

  constructor(
    account: AwsAccount,
    gaps: Gaps,
    progress: (line: string) => void,
    details?: Promise<Readonly<Record<string, Role>> | undefined>,
  ) {
    this.#details = details;
    this.#account = account;
    this.#gaps = gaps;
    this.#progress = progress;
  }

  /** Reads a role and its trust policy. Returns null if it does not exist. Ignores other texts than ARNs of roles. */
  role(arn: string): Promise<ReadRole | null | undefined> {
    return once(this.#roles, arn, async () => {
      const [, accountId, name = ''] = ROLE_ARN.exec(arn) ?? [];
      if (accountId !== undefined && accountId !== this.#account.accountId)
        this.#gaps.add('iam:GetRole', ANOTHER_ACCOUNT, arn);
      if (accountId !== this.#account.accountId) return undefined;
      const details = await this.#details;
      if (details !== undefined) return details[arn] ?? null;
      this.#progress(`${this.#roles.size} roles`);
      return this.#gaps.attempt(() => this.#read(arn, name), arn);
    });
  }

  /** Also reads the role's policies. */
  async withPolicies(arn: string): Promise<void> {
    const role = await this.role(arn);
    if (role && role.policies === undefined)
      await once(this.#policies, arn, () => this.#gaps.attempt(() => this.#readPolicies(role), arn));
  }

  /** Returns the roles by ARN. */
  async all(): Promise<Readonly<Record<string, Role | null>>> {
    const roles: Record<string, Role | null> = { ...(await this.#details) };
    for (const [arn, reading] of this.#roles) {
      const read = await reading;
      if (read === undefined) continue;
      const { boundary: _boundary, ...role } = read ?? {};
      roles[arn] = read && { ...(role as Role), ...(await this.#policies.get(arn)) };
    }
    return roles;
  }

  async #read(arn: string, RoleName: string): Promise<ReadRole | null> {
    const { Role: role } = (await orNull(this.#account.call('iam:GetRole', { RoleName }))) ?? {};
    // A name is unique, but the ARN may have another path or partition.
    if (role?.Arn !== arn) return null;
    const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      arn,
      name: RoleName,
      ...(role.RoleId !== undefined && { id: role.RoleId }),
      tags: Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
      trustPolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? ''),
      ...(boundary !== undefined && { boundary }),
    };
  }

  async #readPolicies({ arn, name: RoleName, boundary }: ReadRole): Promise<Policies> {
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
    const unread: { policy: string; reason: string }[] = [];
    const text = async (policy: string, reading: Promise<string>): Promise<[string, string][]> => {
      try {
        return [[policy, await reading]];
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        this.#gaps.add(error.right, error.reason, arn);
        unread.push({ policy, reason: `${error.right}: ${error.reason}` });
        return [];
      }
    };
    const texts = await Promise.all([
      ...attached.map(({ PolicyName = '', PolicyArn = '' }) =>
        text(inline.includes(PolicyName) ? PolicyArn : PolicyName, this.#managedPolicy(PolicyArn)),
      ),
      ...inline.map((PolicyName) =>
        text(
          PolicyName,
          call('iam:GetRolePolicy', { RoleName, PolicyName }).then(({ PolicyDocument = '' }) =>
            decodeURIComponent(PolicyDocument),
          ),
        ),
      ),
    ]);
    const [limit] = boundary === undefined ? [] : await text(BOUNDARY, this.#managedPolicy(boundary));
    return {
      policies: Object.fromEntries(texts.flat()),
      ...(limit && { permissionsBoundary: limit[1] }),
      ...(unread.length > 0 && { unread }),
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
