import { keyed } from '../../../emulator/core/tag-context.ts';
import { compilePolicy, type CompiledPolicy, type PolicyKind } from '../../../emulator/iam/policy/index.ts';
import type { AccountAlias, ClusterAlias } from '../../../foundation/protocols/aliases.ts';
import { Names } from '../../scenario/names.ts';
import { associationOf } from '../../scenario/parts.ts';
import type { RoleSpec } from '../../scenario/policy.ts';
import type { Scenario } from '../../scenario/spec.ts';

export interface SceneRole {
  readonly arn: string;
  readonly name: string;
  readonly accountId: string;
  readonly account: AccountAlias;
  readonly trust: CompiledPolicy | undefined;
  readonly identity: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SceneCluster {
  readonly name: string;
  readonly arn: string;
  readonly issuer: string;
  readonly providerArn: string;
}

/** A scenario as AWS would have it, with compiled policies and invented names. */
export interface Scene {
  readonly scenario: Scenario;
  readonly names: Names;
  readonly roles: ReadonlyMap<string, SceneRole>;
  /** By short name. */
  readonly bucketPolicies: ReadonlyMap<string, CompiledPolicy | undefined>;
  cluster(alias: ClusterAlias): SceneCluster;
  accountId(alias: AccountAlias): string;
  compile(kind: PolicyKind, policy: Parameters<Names['policyText']>[0] | undefined): CompiledPolicy | undefined;
}

export const REGION = 'us-west-2';
/** The accounts of the emulated AWS. */
const ACCOUNTS: Readonly<Record<AccountAlias, string>> = { main: '111122223333', other: '444455556666' };
const RUN = 'c000000';

/** Policies with names that only a run can know, such as `<pod:app>`, count as absent. */
export function sceneOf(scenario: Scenario): Scene {
  const { roles = {}, buckets = {}, workloads = {} } = scenario.spec;
  const accountId = (alias: AccountAlias): string => ACCOUNTS[alias];
  const cluster = (alias: ClusterAlias): SceneCluster => {
    const name = `conformance-${RUN}-${alias}`;
    const issuer = `oidc.eks.${REGION}.amazonaws.com/id/${alias.toUpperCase().padEnd(32, '0')}`;
    return {
      ...{ name, issuer, arn: `arn:aws:eks:${REGION}:${ACCOUNTS.main}:cluster/${name}` },
      providerArn: `arn:aws:iam::${ACCOUNTS.main}:oidc-provider/${issuer}`,
    };
  };
  const names = new Names(scenario, { run: RUN, accountId, cluster });
  for (const [name, workload] of Object.entries(workloads)) {
    const { cluster: at = 'c1', namespace = 'app', serviceAccount = 'app' } = workload;
    if (associationOf(workload)?.targetRole !== undefined)
      names.learn(
        `external-id:${name}`,
        externalId(cluster(at).name, names.namespace(namespace), names.expand(serviceAccount)),
      );
  }
  const compile: Scene['compile'] = (kind, policy) => {
    if (policy === undefined || (Array.isArray(policy) && policy.length === 0)) return undefined;
    try {
      return compilePolicy(names.policyText(policy), { kind, name: kind });
    } catch {
      return undefined;
    }
  };
  const roleOf = (alias: string, role: RoleSpec): SceneRole => ({
    ...{ arn: names.roleArn(alias), name: names.roleName(alias) },
    account: role.account ?? 'main',
    accountId: accountId(role.account ?? 'main'),
    trust: compile('trust', role.trust),
    identity: [role.permissions, role.attached].flatMap((policy) => compile('identity', policy) ?? []),
    boundary: compile('boundary', role.boundary),
    tags: names.expandAll(role.tags ?? {}),
  });
  return {
    ...{ scenario, names, cluster, accountId, compile },
    roles: new Map(Object.entries(roles).map(([alias, role]) => [alias, roleOf(alias, role)])),
    bucketPolicies: new Map(Object.entries(buckets).map(([alias, { policy }]) => [alias, compile('resource', policy)])),
  };
}

/** EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles". */
export const externalId = (cluster: string, namespace: string, serviceAccount: string): string =>
  [REGION, ACCOUNTS.main, cluster, namespace, serviceAccount].join('/');

/** Session tags replace the role's tags, ignoring the case of keys. */
export const principalTags = (tags: readonly (readonly [string, string])[]): Record<string, string> =>
  keyed('aws:PrincipalTag/', new Map(tags.map((tag) => [tag[0].toLowerCase(), tag])).values());
