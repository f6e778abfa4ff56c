import { levelsOf, type PolicySource } from './policy-source.ts';
import { organizationPolicyName } from './policy/label.ts';
import type { AuthorizationInput, ConditionContext } from './policy/index.ts';
import type { Principal } from './policy/principal.ts';

type Kind = 'scp' | 'rcp';

/** The root, an organizational unit or an account, with the policies that are attached to it, as JSON texts by name. */
export interface OrganizationTarget {
  /** For example `OU Workloads`. */
  readonly name: string;
  /** Undefined for the root. */
  readonly parent?: string | undefined;
  readonly scps: Readonly<Record<string, string>>;
  readonly rcps: Readonly<Record<string, string>>;
}

/** An organization of AWS Organizations. */
export interface Organization {
  /** `o-…`; undefined if it is not known. */
  readonly id?: string | undefined;
  /** 12 digits. */
  readonly managementAccount?: string | undefined;
  /** By their ids: `r-…`, `ou-…` or 12 digits. */
  readonly targets: Readonly<Record<string, OrganizationTarget>>;
  /** The target above accounts that are not listed. Default: they are outside the organization. */
  readonly otherAccounts?: string | undefined;
  /** What the answer assumes about the organization. */
  readonly notes?: readonly string[] | undefined;
}

export const FULL_AWS_ACCESS = {
  FullAWSAccess: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
};

/** Returns the ids from the root to an account; none for an account outside the organization. */
function pathOf({ targets, otherAccounts }: Organization, account: string): readonly string[] {
  const path: string[] = [];
  let id = account in targets ? account : otherAccounts;
  while (id !== undefined && !path.includes(id)) {
    path.unshift(id);
    id = targets[id]?.parent;
  }
  return path;
}

/** Returns the policies that restrict a principal, and a resource of an account. */
export function organizationSources(
  organization: Organization,
  principal: Principal,
  resourceAccount: string,
): readonly PolicySource[] {
  const sources = (kind: Kind, account: string): PolicySource[] =>
    account === organization.managementAccount
      ? []
      : pathOf(organization, account).flatMap((id, _index, path) => {
          const target = organization.targets[id]!;
          // Units below each other may have the same name, and each level must allow.
          const isUnique = path.every((one) => one === id || organization.targets[one]!.name !== target.name);
          const level = isUnique ? target.name : `${target.name} (${id})`;
          return Object.entries(target[`${kind}s`]).map(([name, text]) => ({
            ...{ kind, level, text },
            name: organizationPolicyName(kind, name, level),
          }));
        });
  return [...sources('rcp', resourceAccount), ...('arn' in principal ? sources('scp', principal.accountId) : [])];
}

/** Returns the policies of `organizationSources` by level, for `authorize`. */
export function organizationLevels(
  ...given: Parameters<typeof organizationSources>
): Pick<AuthorizationInput, 'scps' | 'rcps'> {
  const sources = organizationSources(...given);
  return {
    scps: levelsOf(sources, 'scp', ({ text }) => text),
    rcps: levelsOf(sources, 'rcp', ({ text }) => text),
  };
}

/** Returns the condition keys of the organization (IAM User Guide, "AWS global condition context keys"). */
export function organizationKeys(
  organization: Organization,
  principal: Principal,
  resourceAccount: string,
): ConditionContext {
  const keys = (prefix: string, account: string): ConditionContext => {
    const path = pathOf(organization, account);
    if (path.length === 0 || organization.id === undefined) return {};
    const units = path.filter((id) => !/^\d{12}$/.test(id));
    return {
      [`aws:${prefix}OrgID`]: organization.id,
      [`aws:${prefix}OrgPaths`]: [`${[organization.id, ...units].join('/')}/`],
    };
  };
  return {
    ...('arn' in principal && keys('Principal', principal.accountId)),
    ...(principal.kind === 'service' && keys('Source', principal.accountId)),
    ...keys('Resource', resourceAccount),
  };
}
