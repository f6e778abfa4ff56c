import { compilePolicy, type CompiledPolicy, type PolicyKind } from '../../identity/policy/index.ts';
import { externalIdOf } from '../../identity/pod-identity.ts';
import type { Organization } from '../../identity/organization.ts';
import { defaultKeyPolicy } from '../../identity/policy/key-policy.ts';
import type { Role } from '../../identity/role.ts';
import type { AccountAlias, ClusterAlias } from '../../foundation/protocols/aliases.ts';
import { Names } from '../scenario/names.ts';
import { organizationOf } from '../scenario/organization.ts';
import { associationOf } from '../scenario/parts.ts';
import type { RoleSpec } from '../scenario/policy.ts';
import type { Scenario, WorkloadSpec } from '../scenario/spec.ts';
import { subjectOf } from './grant.ts';

export interface SceneRole extends Role {
  readonly accountId: string;
  readonly account: AccountAlias;
  readonly trust: CompiledPolicy | undefined;
  readonly identity: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
}

/** A scenario as AWS would have it, with compiled policies and invented names. */
export interface Scene {
  readonly scenario: Scenario;
  readonly names: Names;
  readonly roles: ReadonlyMap<string, SceneRole>;
  /** By its ARN. */
  roleOf(arn: string): SceneRole | undefined;
  /** The policy of a key, or of the bucket in the ARN of a bucket or object. */
  policyOf(arn: string): CompiledPolicy | undefined;
  readonly organization: Organization | undefined;
  subject(workload: WorkloadSpec): RealSubject;
  accountId(alias: AccountAlias): string;
  /** Whether all policies so far were compiled. Others have names that only a run can know, and count as absent. */
  isComplete(): boolean;
  compile(kind: PolicyKind, policy: Parameters<Names['policyText']>[0] | undefined): CompiledPolicy | undefined;
}

export const REGION = 'us-west-2';
/** The accounts of the emulated AWS. */
const ACCOUNTS: Readonly<Record<AccountAlias, string>> = { main: '111122223333', other: '444455556666' };
/** Part of invented names, which no pod has. */
export const RUN = 'c000000';

export function sceneOf(scenario: Scenario): Scene {
  const { roles = {}, buckets = {}, keys = {}, workloads = {} } = scenario.spec;
  const accountId = (alias: AccountAlias): string => ACCOUNTS[alias];
  const cluster = (alias: ClusterAlias) => {
    const name = `conformance-${RUN}-${alias}`;
    const issuer = `oidc.eks.${REGION}.amazonaws.com/id/${alias.toUpperCase().padEnd(32, '0')}`;
    return {
      ...{ name, issuer, arn: `arn:aws:eks:${REGION}:${ACCOUNTS.main}:cluster/${name}` },
      providerArn: `arn:aws:iam::${ACCOUNTS.main}:oidc-provider/${issuer}`,
    };
  };
  const names = new Names(scenario, { run: RUN, accountId, cluster });
  for (const [name, workload] of Object.entries(workloads))
    if (associationOf(workload)?.targetRole !== undefined)
      names.learn(`external-id:${name}`, realSubject(names, cluster, workload).externalId);
  let isComplete = true;
  const compile: Scene['compile'] = (kind, policy) => {
    if (policy === undefined || (Array.isArray(policy) && policy.length === 0)) return undefined;
    try {
      return compilePolicy(names.policyText(policy), { kind, name: kind });
    } catch {
      isComplete = false;
      return undefined;
    }
  };
  const roleOf = (alias: string, role: RoleSpec): SceneRole => ({
    ...{ arn: names.roleArn(alias), id: 'AROAEXAMPLE' },
    account: role.account ?? 'main',
    accountId: accountId(role.account ?? 'main'),
    trust: compile('trust', role.trust),
    identity: [role.permissions, role.attached].flatMap((policy) => compile('identity', policy) ?? []),
    boundary: compile('boundary', role.boundary),
    tags: new Map(Object.entries(names.expandAll(role.tags ?? {}))),
  });
  const compiledRoles = new Map(Object.entries(roles).map(([alias, role]) => [alias, roleOf(alias, role)]));
  const byArn = new Map([...compiledRoles.values()].map((role) => [role.arn, role]));
  const policies = new Map([
    ...Object.entries(buckets).map(
      ([alias, { policy }]) => [names.bucket(alias), compile('resource', policy)] as const,
    ),
    ...Object.entries(keys).map(([alias, { account = 'main', policy }]) => {
      const declared = policy ?? defaultKeyPolicy(accountId(account));
      return [names.keyArn(alias), compile('resource', declared)] as const;
    }),
  ]);
  const compiled: Pick<Scene, 'roles' | 'roleOf' | 'policyOf'> = {
    roles: compiledRoles,
    roleOf: (arn) => byArn.get(arn),
    policyOf: (arn) => policies.get(arn) ?? policies.get(arn.slice('arn:aws:s3:::'.length).split('/')[0] ?? ''),
  };
  const subject = (workload: WorkloadSpec): RealSubject => realSubject(names, cluster, workload);
  const { organization: declared } = scenario.spec;
  const organization = declared && organizationOf(declared, (policy) => names.policyText(policy), accountId);
  return { scenario, names, accountId, compile, subject, organization, isComplete: () => isComplete, ...compiled };
}

/** The cluster and service account of a workload's pods, with real names. */
interface RealSubject {
  readonly cluster: { readonly name: string; readonly arn: string; readonly issuer: string };
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly externalId: string;
}

function realSubject(
  names: Names,
  clusterOf: (alias: ClusterAlias) => RealSubject['cluster'],
  workload: WorkloadSpec,
): RealSubject {
  const subject = subjectOf(workload);
  const cluster = clusterOf(subject.cluster);
  const namespace = names.namespace(subject.namespace);
  const serviceAccount = names.expand(subject.serviceAccount);
  const real = { namespace, serviceAccount };
  return { cluster, ...real, externalId: externalIdOf(cluster, real) };
}
