import { roleName } from '../checks/cases.ts';
import { subjectOf } from '../facts/identity.ts';
import { parseRoleArn } from '../facts/irsa.ts';
import type { PodSubject } from '../../identity/pod-identity.ts';
import { tokenSubject } from '../../identity/web-identity.ts';
import { podIdentityTrust, rolePermission, targetTrust } from '../facts/trust.ts';
import { workloadOf } from '../facts/workload.ts';
import type { EksCluster, Role } from '../snapshot/aws.ts';
import { objectText } from '../snapshot/object-name.ts';
import type { Account } from './accounts.ts';
import type { Action } from './action.ts';
import { chainStatement, permissionStatement, podStatement } from '../facts/statements.ts';
import { chainedRoles, obsoleteStatements } from './statements.ts';

const TAG = ['sts:TagSession'];
/** The most characters of a role's name (IAM User Guide, "IAM and AWS STS quotas"). */
const NAME = 64;

const clusterOf = ({ facts }: Account): EksCluster | undefined => facts.snapshot.aws?.cluster;
const accountIdOf = ({ facts }: Account): string | undefined => facts.snapshot.aws?.accountId;
const subject = ({ pods: [pod], namespace, name }: Account): PodSubject =>
  pod ? subjectOf(pod) : { namespace, serviceAccount: name };
const placeOf = ({ facts, namespace, name }: Account) => ({
  cluster: facts.name,
  context: facts.snapshot.context,
  namespace,
  serviceAccount: name,
});

/** An association needs a role of the cluster's account. A role of another account becomes its target role. */
export function isForeign(account: Account): boolean {
  const parsed = parseRoleArn(account.roleArn ?? '');
  return account.association === undefined && parsed !== undefined && parsed.account !== accountIdOf(account);
}

/** Returns the role of the cluster's account that assumes a role of another account. */
function baseRole({ facts, namespace, name, roleArn = '' }: Account): string {
  const { partition = 'aws' } = parseRoleArn(roleArn) ?? {};
  return `arn:${partition}:iam::${facts.snapshot.aws?.accountId}:role/${`${facts.name}-${namespace}-${name}`.slice(0, NAME)}`;
}

/** Returns the role and the target role of the present or planned association. */
const rolesOf = (account: Account): { readonly roleArn: string; readonly targetRoleArn?: string } => {
  const { association, roleArn = '' } = account;
  if (association !== undefined) return association;
  return isForeign(account) ? { roleArn: baseRole(account), targetRoleArn: roleArn } : { roleArn };
};

/** Returns the actions after which the role trusts both mechanisms. Running pods do not notice them. */
export function preparation(account: Account): readonly Action[] {
  const { facts, association, namespace, name } = account;
  const cluster = clusterOf(account);
  if (cluster === undefined) return [];
  const { roleArn, targetRoleArn } = rolesOf(account);
  const role = facts.role(roleArn);
  const statement = podStatement(cluster, namespace, name);
  const isTrusted =
    role &&
    podIdentityTrust(facts, role, association ?? { roleArn, disableSessionTags: false }, subject(account)).value ===
      'allowed';
  const trust: Action[] = isForeign(account)
    ? [{ type: 'CreateRole', roleArn, statement }]
    : isTrusted
      ? []
      : [{ type: 'AddTrustStatement', roleArn, statement }];
  return [
    ...trust,
    ...(targetRoleArn === undefined ? chain(account, role) : targetSteps(account, roleArn, targetRoleArn, role)),
  ];
}

function targetSteps(account: Account, roleArn: string, targetRoleArn: string, role?: Role | null): readonly Action[] {
  const { facts, association } = account;
  if (role && facts.role(targetRoleArn) && association) {
    const decision = targetTrust(facts, association, subject(account));
    if (decision.value === 'allowed') return [];
  }
  return [
    {
      type: 'PutRolePolicy',
      roleArn,
      policyName: 'pod-identity-target',
      statement: permissionStatement(targetRoleArn),
    },
    { type: 'AddTrustStatement', roleArn: targetRoleArn, statement: chainStatement(roleArn) },
  ];
}

/** Programs that assume further roles pass on the session tags of Pod Identity, which IRSA does not have. */
function chain({ facts, association }: Account, role?: Role | null): readonly Action[] {
  if (!role || association?.disableSessionTags) return [];
  const targets = chainedRoles(role);
  const untagged = targets.filter((arn) => rolePermission(facts, role, 'sts:TagSession', arn).value !== 'allowed');
  return [
    ...(untagged.length === 0
      ? []
      : [
          {
            type: 'PutRolePolicy',
            roleArn: role.arn,
            policyName: 'pod-identity-chain',
            statement: permissionStatement(untagged, TAG),
          } as const,
        ]),
    ...targets.map(
      (roleArn) => ({ type: 'AddTrustStatement', roleArn, statement: chainStatement(role.arn, TAG) }) as const,
    ),
  ];
}

export function restart(account: Account): readonly Action[] {
  const workloads = [...new Map(account.pods.map((pod) => [objectText(workloadOf(pod)), workloadOf(pod)])).values()];
  return workloads.length === 0 ? [] : [{ type: 'RestartPods', ...placeOf(account), workloads }];
}

/** Returns the actions that move the pods. Meanwhile a new pod has credentials by one of the mechanisms, never none. */
export function switchover(account: Account): readonly Action[] {
  const { association, annotation } = account;
  const place = placeOf(account);
  return [
    ...(association ? [] : [{ type: 'CreatePodIdentityAssociation', ...place, ...rolesOf(account) } as const]),
    ...restart(account),
    ...(annotation ? [{ type: 'RemoveRoleAnnotation', ...place, roleArn: annotation } as const] : []),
  ];
}

/** Returns the actions that take IRSA out of the trust policy of a role whose service accounts are all given. */
export function cleanup(
  accounts: readonly Account[],
  roleArn: string,
): { readonly actions: readonly Action[]; readonly notes: readonly string[] } {
  const actions: Action[] = [];
  const notes = new Set<string>();
  const isUsed = accounts.map(rolesOf).some((one) => one.roleArn === roleArn || one.targetRoleArn === roleArn);
  if (!isUsed)
    return {
      actions,
      notes: [`These service accounts no longer use role ${roleName(roleArn)}. Delete it if nobody else does.`],
    };
  for (const account of accounts) {
    const { facts, namespace, name } = account;
    const role = facts.role(roleArn);
    if (!role || facts.issuer === undefined) {
      notes.add(
        `Role ${roleName(roleArn)} could not be read. Remove the statement for the cluster's OIDC provider from its trust policy at the end.`,
      );
      continue;
    }
    const subjects = accounts
      .filter((one) => one.facts === facts)
      .map((one) => tokenSubject({ namespace: one.namespace, serviceAccount: one.name }));
    const { obsolete, kept } = obsoleteStatements(role.trustPolicy, facts.issuer, subjects);
    if (subjects[0] === tokenSubject({ namespace, serviceAccount: name }))
      actions.push(...obsolete.map((one) => ({ type: 'ReplaceTrustStatement', roleArn, ...one }) as const));
    if (kept.length > 0)
      notes.add(
        `The trust policy of role ${roleName(roleArn)} also allows other service accounts by a wildcard, or without a condition. Pod Identity has no wildcards: each service account needs its own association. Remove this statement when none of them uses it.`,
      );
  }
  return { actions, notes: [...notes] };
}
