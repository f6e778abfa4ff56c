import type { AttachedPolicy, Role as IamRole, RoleDetail } from '@aws-sdk/client-iam';
import { BOUNDARY, type Role } from '../snapshot/aws.ts';
import { defined } from '../snapshot/defined.ts';
import type { AwsAccount } from './aws-account.ts';
import { allPages } from './aws-client.ts';
import { ANOTHER_ACCOUNT } from '../snapshot/snapshot.ts';
import { orNull, Unreadable, type Gaps } from './gaps.ts';

const ROLE_ARN = /^arn:[\w-]+:iam::(\d{12}):role\/(?:.+\/)?([\w+=,.@-]+)$/;
/** The most that IAM returns at once (IAM API Reference, "GetAccountAuthorizationDetails"). */
const PAGE = 1000;

/** As many roles are read one by one, before all are read at once where that is allowed. */
const MANY = 50;

type Policies = Pick<Role, 'policies' | 'permissionsBoundary' | 'unread'>;

export interface RoleReading {
  readonly account: AwsAccount;
  readonly gaps: Gaps;
  readonly progress: (line: string) => void;
}

export type RoleReader = ReturnType<typeof roleReader>;

/** Reads each role, and each managed policy, once. `whole`: reads all roles of the account at once instead. */
export function roleReader(reading: RoleReading, whole: boolean) {
  const { account, gaps, progress } = reading;
  const { accountId, call } = account;
  const details = whole ? gaps.attempt(() => readAllRoles(reading)) : undefined;
  const issuer = account.cluster?.identity?.oidc?.issuer?.replace(/^https:\/\//, '');
  /** Whether a role is meant for a service account of the cluster, which may not name it. */
  const trustsCluster = (policy: string): boolean => issuer !== undefined && policy.includes(issuer);
  /** Undefined until the roles are many, or if the caller may not read all roles. */
  let batch: ReturnType<typeof readAllRoles> | undefined;
  const fromBatch = async () => {
    try {
      return await batch;
    } catch (error) {
      if (error instanceof Unreadable) return undefined;
      throw error;
    }
  };
  const roles = new Map<string, Promise<Role | null | undefined>>();
  const boundaries = new Map<string, string>();
  /** Roles with the names, but not the ARNs, of others that do not exist. */
  const namesakes: Role[] = [];
  const policies = new Map<string, Promise<Policies | undefined>>();
  const managed = new Map<string, Promise<string>>();

  /** Reads a role and its trust policy. Returns null if it does not exist. Ignores other texts than ARNs of roles. */
  const role = (arn: string): Promise<Role | null | undefined> =>
    once(roles, arn, async () => {
      const [, owner, name = ''] = ROLE_ARN.exec(arn) ?? [];
      if (owner !== undefined && owner !== accountId) gaps.add('iam:GetRole', ANOTHER_ACCOUNT, arn);
      if (owner !== accountId) return undefined;
      const all = await details;
      if (all !== undefined) return orNamesake(all, arn, name);
      if (roles.size > MANY && !whole) batch ??= readAllRoles(reading);
      const batched = await fromBatch();
      if (batched !== undefined) return orNamesake(batched, arn, name);
      progress(`${roles.size} roles`);
      return gaps.attempt(() => read(arn, name), arn);
    });

  function orNamesake(all: Readonly<Record<string, Role>>, arn: string, name: string): Role | null {
    namesakes.push(...Object.values(all).filter((one) => one.name === name && one.arn !== arn));
    return all[arn] ?? null;
  }

  async function read(arn: string, RoleName: string): Promise<Role | null> {
    const { Role: awsRole } = (await orNull(call('iam:GetRole', { RoleName }))) ?? {};
    // A name is unique, but the ARN may have another path or partition.
    if (awsRole !== undefined && awsRole.Arn !== arn) namesakes.push(roleOf(awsRole));
    if (awsRole?.Arn !== arn) return null;
    boundaries.set(arn, awsRole.PermissionsBoundary?.PermissionsBoundaryArn ?? '');
    return roleOf(awsRole);
  }

  async function readPolicies({ arn, name: RoleName }: Role): Promise<Policies> {
    const [names, attached] = await Promise.all([
      allPages(
        (Marker) => call('iam:ListRolePolicies', { RoleName, Marker }),
        ({ PolicyNames }) => PolicyNames,
      ),
      allPages(
        (Marker) => call('iam:ListAttachedRolePolicies', { RoleName, Marker }),
        ({ AttachedPolicies }) => AttachedPolicies,
      ),
    ]);
    const inline = names.map((PolicyName) => {
      const text = call('iam:GetRolePolicy', { RoleName, PolicyName }).then((answer) => decoded(answer.PolicyDocument));
      return [PolicyName, text] as const;
    });
    return policiesOf(gaps, arn, { inline, attached, boundary: boundaries.get(arn) }, (PolicyArn) =>
      once(managed, PolicyArn, async () => {
        const { Policy } = await call('iam:GetPolicy', { PolicyArn });
        const version = { PolicyArn, VersionId: Policy?.DefaultVersionId };
        return decoded((await call('iam:GetPolicyVersion', version)).PolicyVersion?.Document);
      }),
    );
  }

  return {
    role,
    /** Reads a role and its policies. */
    async withPolicies(arn: string): Promise<void> {
      const readRole = await role(arn);
      if (readRole && readRole.policies === undefined)
        await once(policies, arn, () => gaps.attempt(() => readPolicies(readRole), arn));
    },
    /** Returns the roles by ARN. */
    async all(): Promise<Readonly<Record<string, Role | null>>> {
      const all: Record<string, Role | null> = { ...(await details) };
      for (const [arn, pendingRole] of roles) {
        const settledRole = await pendingRole;
        if (settledRole !== undefined) all[arn] = settledRole && { ...settledRole, ...(await policies.get(arn)) };
      }
      const meant = Object.values((await fromBatch()) ?? {}).filter(({ trustPolicy }) => trustsCluster(trustPolicy));
      for (const role of [...namesakes, ...meant]) all[role.arn] ??= role;
      return all;
    },
  };
}

/** Reads all roles of the account with their policies. Throws `Unreadable`. */
async function readAllRoles({
  account: { call },
  gaps,
  progress,
}: RoleReading): Promise<Readonly<Record<string, Role>>> {
  const texts = new Map<string, string>();
  const Filter: ('Role' | 'LocalManagedPolicy' | 'AWSManagedPolicy')[] = [
    'Role',
    'LocalManagedPolicy',
    'AWSManagedPolicy',
  ];
  const details = await allPages(
    (Marker) => call('iam:GetAccountAuthorizationDetails', { Filter, MaxItems: PAGE, Marker }),
    ({ Policies = [], RoleDetailList = [] }) => {
      for (const { Arn = '', PolicyVersionList = [] } of Policies)
        for (const { IsDefaultVersion: isDefault, Document: text } of PolicyVersionList)
          if (isDefault) texts.set(Arn, decoded(text));
      progress(`${RoleDetailList.length} roles`);
      return RoleDetailList;
    },
  );
  const managed = async (arn: string): Promise<string> => {
    const text = texts.get(arn);
    if (text !== undefined) return text;
    throw new Unreadable('iam:GetAccountAuthorizationDetails', 'IAM did not return it', undefined);
  };
  const roles = details.map(async ({ RolePolicyList = [], AttachedManagedPolicies: attached = [], ...detail }) => {
    const boundary = detail.PermissionsBoundary?.PermissionsBoundaryArn;
    const inline = RolePolicyList.map(
      ({ PolicyName = '', PolicyDocument }) => [PolicyName, decoded(PolicyDocument)] as const,
    );
    const role = roleOf(detail);
    return { ...role, ...(await policiesOf(gaps, role.arn, { inline, attached, boundary }, managed)) };
  });
  return Object.fromEntries((await Promise.all(roles)).map((role) => [role.arn, role]));
}

/** Decodes a document, which IAM encodes for URLs (IAM API Reference, "GetRole"). */
const decoded = (document = ''): string => decodeURIComponent(document);

const roleOf = ({
  Arn,
  RoleName,
  RoleId: id,
  Tags = [],
  AssumeRolePolicyDocument: trust,
}: IamRole | RoleDetail): Role => ({
  arn: Arn ?? '',
  name: RoleName ?? '',
  ...defined({ id }),
  tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
  trustPolicy: decoded(trust),
});

interface PolicyPlaces {
  /** Names and texts. */
  readonly inline: readonly (readonly [string, string | Promise<string>])[];
  readonly attached: readonly AttachedPolicy[];
  /** Empty: it has none. */
  readonly boundary: string | undefined;
}

/** Returns the policies of a role by name. Those that cannot be read are gaps. */
async function policiesOf(
  gaps: Gaps,
  arn: string,
  { inline, attached, boundary }: PolicyPlaces,
  managed: (arn: string) => Promise<string>,
): Promise<Policies> {
  const unread: { policy: string; reason: string }[] = [];
  const text = async (policy: string, reading: string | Promise<string>): Promise<[string, string][]> => {
    try {
      return [[policy, await reading]];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      gaps.add(error.right, error.reason, arn);
      unread.push({ policy, reason: error.message });
      return [];
    }
  };
  const taken = new Set(inline.map(([name]) => name));
  const texts = await Promise.all([
    ...attached.map(({ PolicyName = '', PolicyArn = '' }) =>
      text(taken.has(PolicyName) ? PolicyArn : PolicyName, managed(PolicyArn)),
    ),
    ...inline.map(([name, reading]) => text(name, reading)),
  ]);
  const [limit] = boundary ? await text(BOUNDARY, managed(boundary)) : [];
  return {
    policies: Object.fromEntries(texts.flat()),
    ...defined({ permissionsBoundary: limit?.[1] }),
    ...(unread.length > 0 && { unread }),
  };
}

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = made.get(key) ?? make();
  made.set(key, value);
  return value;
}
