import { FULL_AWS_ACCESS, type Organization } from '../../identity/organization.ts';
import type { AccountAlias } from '../../foundation/protocols/aliases.ts';
import { account, flag, list, object, opt, record, text, type Infer } from './form.ts';
import { permissionPolicy } from './policy.ts';
import type { DeclaredPolicy } from './policy-document.ts';

const level = object({
  /** For example `Root` or `OU Workloads`. */
  name: text,
  /** Service control policies by name, besides FullAWSAccess. */
  scps: opt(record(permissionPolicy)),
  /** Resource control policies by name. */
  rcps: opt(record(permissionPolicy)),
  /** Without the policy FullAWSAccess, which AWS attaches to each level. */
  withoutFullAccess: opt(flag),
});

/** An organization of AWS Organizations: the levels from the root to the accounts. */
export const organization = object({
  levels: list(level, 'a list of levels'),
  /** Default: `main`. Other accounts are outside. */
  accounts: opt(list(account)),
  /** The management account, if it is one of the accounts. */
  managementAccount: opt(account),
});

/** The id of the organization of a scenario. */
const ORGANIZATION_ID = 'o-conformance';

/** Returns the organization that a scenario declares. */
export function organizationOf(
  { levels, accounts = ['main'], managementAccount }: Infer<typeof organization>,
  policyText: (policy: DeclaredPolicy) => string,
  accountId: (alias: AccountAlias) => string,
): Organization {
  const texts = (policies: Readonly<Record<string, DeclaredPolicy>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(policies).map(([name, policy]) => [name, policyText(policy)]));
  const idOf = (index: number): string => (index === 0 ? 'r-root' : `ou-root-${index}`);
  return {
    id: ORGANIZATION_ID,
    managementAccount: managementAccount && accountId(managementAccount),
    targets: {
      ...Object.fromEntries(
        levels.map(({ name, scps, rcps, withoutFullAccess }, index) => [
          idOf(index),
          {
            name,
            parent: index === 0 ? undefined : idOf(index - 1),
            scps: { ...(withoutFullAccess ? {} : FULL_AWS_ACCESS), ...texts(scps) },
            rcps: texts(rcps),
          },
        ]),
      ),
      ...Object.fromEntries(
        accounts.map((alias) => [
          accountId(alias),
          { name: `account ${accountId(alias)}`, parent: idOf(levels.length - 1), scps: FULL_AWS_ACCESS, rcps: {} },
        ]),
      ),
    },
  };
}
