import type { Principal, RoleSession } from '../policy/principal.ts';
import { statementsOf } from '../policy/statement.ts';
import type { CompiledPolicy } from '../policy/index.ts';
import type { Side } from './rules.ts';
import type { Comparison, PrincipalClass } from './types.ts';
import { arnsOfConditions, statementTexts, STRANGER } from './uncovered.ts';

/** Returns a session of a role (IAM User Guide, "IAM JSON policy elements: Principal"). */
export const session = (roleArn: string, sessionName = 'session', userId = 'AROAEXAMPLEEXAMPLEEXA'): RoleSession => {
  const [, partition = 'aws', , , accountId = '', role = ''] = roleArn.split(':');
  const roleName = role.slice(role.lastIndexOf('/') + 1);
  return {
    ...{ kind: 'role-session', accountId, roleArn, roleName, sessionName, tags: [], sessionPolicies: [], context: {} },
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
    userId: `${userId}:${sessionName}`,
    ...{ issuedAt: 0, expiresAt: 0 },
  };
};

const user = (arn: string, userId = 'AIDAEXAMPLEEXAMPLEEXA'): Principal => ({
  ...{ kind: 'user', accountId: arn.split(':')[4]!, arn, userId },
  userName: arn.slice(arn.lastIndexOf('/') + 1),
});

/**
 * Returns the given principals and, if a resource or trust policy changes, those that its statements distinguish (IAM User Guide, "AWS
 * JSON policy elements: Principal").
 */
export function principalsOf(comparison: Comparison, before: Side, after: Side): readonly PrincipalClass[] {
  const { principals, resourceAccount, onlyPrincipals = false, apart = [] } = comparison;
  const isChanged = (['resourcePolicy', 'trustPolicy'] as const).some(
    (kind) => JSON.stringify(before[kind]?.document) !== JSON.stringify(after[kind]?.document),
  );
  if (onlyPrincipals || !isChanged) return principals;
  const policies = [before, after].flatMap((side) => [side.resourcePolicy, side.trustPolicy]);
  const derived = derivedPrincipals(
    policies.filter((one) => one !== undefined),
    resourceAccount,
    arnsOfConditions(statementTexts(comparison)),
  );
  const given = new Set(principals.map(({ principal }) => nameOf(principal)));
  const classes = derived.flatMap((principal): PrincipalClass[] => {
    if (given.has(nameOf(principal)) || ('roleArn' in principal && apart.includes(principal.roleArn))) return [];
    if (!('arn' in principal)) return [{ principal }];
    const isUnprivileged = principal.accountId === resourceAccount && principal.kind !== 'root';
    return [
      { principal, permissions: 'all' as const },
      ...(isUnprivileged ? [{ principal, permissions: 'none' as const }] : []),
    ];
  });
  return [...principals, ...classes];
}

const nameOf = (principal: Principal): string => JSON.stringify(principal, ['arn', 'userId', 'service', 'providerArn']);

function derivedPrincipals(
  policies: readonly CompiledPolicy[],
  resourceAccount: string,
  callers: readonly string[],
): readonly Principal[] {
  const elements = policies.flatMap((policy) => statementsOf(policy).flatMap(({ principal }) => principal ?? []));
  const all = <T>(select: (element: (typeof elements)[number]) => Iterable<T>): T[] => [
    ...new Set(elements.flatMap((element) => [...select(element)])),
  ];
  const arns = [...all(({ arns: named }) => named), ...callers];
  const accounts = [
    ...new Set([resourceAccount, ...all((one) => one.accounts), ...arns.map((arn) => arn.split(':')[4]!)]),
  ].filter((account) => /^\d{12}$/.test(account));
  const isOpen = elements.some(({ everyone }) => everyone);
  const services = all((one) => one.services);
  const providers = all((one) => one.federated);
  const partition = arns[0]?.split(':')[1] ?? 'aws';
  const derived: Principal[] = [
    ...arns.flatMap((arn): Principal[] => {
      if (arn.includes(':role/')) return [session(arn)];
      if (arn.includes(':user/')) return [user(arn)];
      const [, account = '', role = '', name = ''] =
        /^arn:[^:]+:sts::(\d+):assumed-role\/([^/]+)\/(.+)$/.exec(arn) ?? [];
      return account === ''
        ? []
        : ['', '-other'].map((end) => session(`arn:${partition}:iam::${account}:role/${role}`, name + end));
    }),
    ...all((one) => one.uniqueIds).map((id, index) =>
      id.startsWith('AROA')
        ? session(`arn:${partition}:iam::${resourceAccount}:role/deleted-${index}`, 'session', id)
        : user(`arn:${partition}:iam::${resourceAccount}:user/deleted-${index}`, id),
    ),
    ...[...accounts, STRANGER].flatMap((accountId): Principal[] => {
      const arn = `arn:${partition}:iam::${accountId}:root`;
      return [
        session(`arn:${partition}:iam::${accountId}:role/other`),
        user(`arn:${partition}:iam::${accountId}:user/other`),
        { kind: 'root', accountId, arn, userId: accountId },
      ];
    }),
    ...[
      ...services.filter((one) => one !== '*'),
      ...(isOpen || services.includes('*') ? ['other.amazonaws.com'] : []),
    ].map((service): Principal => ({ kind: 'service', service, accountId: resourceAccount })),
    ...[
      ...providers.filter((one) => one !== '*'),
      ...(isOpen || providers.includes('*')
        ? [`arn:${partition}:iam::${resourceAccount}:oidc-provider/other.example`]
        : []),
    ].map((providerArn): Principal => ({ kind: 'federated', providerArn, accountId: resourceAccount })),
    { kind: 'anonymous' },
  ];
  return [...new Map(derived.map((one) => [nameOf(one), one])).values()];
}
