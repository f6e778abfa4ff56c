import { isDeepStrictEqual } from 'node:util';
import type { PolicyKind } from '../../identity/policy/types.ts';
import { associationOf } from '../scenario/parts.ts';
import type { PermissionPolicy, RoleSpec } from '../scenario/policy.ts';
import type { DeclaredPolicy } from '../scenario/policy-document.ts';
import type { ScenarioSpec, Step } from '../scenario/spec.ts';

/** A place of a scenario that has a policy. */
export interface PolicyUse {
  readonly part:
    'trust' | 'permissions' | 'attached' | 'boundary' | 'bucket' | 'key' | 'session' | 'chain' | 'resource';
  /**
   * Name of the role, bucket or key in the scenario. For `session`, of the workload whose association has the policy; for `chain`, of the
   * role that probes assume with it. For `resource`, the ARN in probes.
   */
  readonly owner: string;
  readonly kind: PolicyKind;
  readonly policy: DeclaredPolicy;
}

const ROLE_PARTS = { trust: 'trust', permissions: 'identity', attached: 'identity', boundary: 'boundary' } as const;

/** Returns the policies of a scenario's roles, buckets, keys, associations and probes, without those of its steps. */
export function policyUses(spec: ScenarioSpec): readonly PolicyUse[] {
  const { roles = {}, buckets = {}, keys = {}, workloads = {}, probes } = spec;
  const use = (part: PolicyUse['part'], owner: string, kind: PolicyKind, policy?: DeclaredPolicy): PolicyUse[] =>
    policy === undefined || (Array.isArray(policy) && policy.length === 0) ? [] : [{ part, owner, kind, policy }];
  return [
    ...Object.entries(roles).flatMap(([name, role]) =>
      Object.entries(ROLE_PARTS).flatMap(([part, kind]) =>
        use(part as keyof typeof ROLE_PARTS, name, kind, role[part as keyof typeof ROLE_PARTS]),
      ),
    ),
    ...Object.entries(buckets).flatMap(([name, { policy }]) => use('bucket', name, 'resource', policy)),
    ...Object.entries(keys).flatMap(([name, { policy }]) => use('key', name, 'resource', policy)),
    ...Object.entries(workloads).flatMap(([name, workload]) =>
      use('session', name, 'session', associationOf(workload)?.policy),
    ),
    ...new Map(probes.flatMap(stepPolicies).map((one) => [JSON.stringify(one), one])).values(),
  ];
}

/** Returns the policies that a probe gives for its resource and for the session of the role that it assumes. */
const stepPolicies = (step: Step): readonly PolicyUse[] => {
  const { resource: owner = '', resourcePolicy: policy } = operationOf(step);
  const { role = '', policy: sessionPolicy } = chainOf(step) ?? {};
  return [
    ...(policy === undefined ? [] : [{ part: 'resource', owner, kind: 'resource', policy } as const]),
    ...(sessionPolicy ? [{ part: 'chain', owner: role, kind: 'session', policy: sessionPolicy } as const] : []),
  ];
};

interface AssumedRole {
  readonly roleArn?: string;
  readonly externalId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly policy?: PermissionPolicy;
}
interface ProbeOperation {
  readonly resource?: string;
  readonly resourcePolicy?: DeclaredPolicy;
  readonly through?: AssumedRole;
  readonly role?: AssumedRole | string;
}
const operationOf = (step: Step): ProbeOperation => (step.kind === 'probe' ? step.operation : {}) as ProbeOperation;

/** Returns how a probe assumes a role of the scenario; undefined if it assumes none. */
export function chainOf(step: Step): (Omit<AssumedRole, 'roleArn'> & { readonly role: string }) | undefined {
  const { through, role } = operationOf(step);
  const { roleArn = '', externalId, tags, policy } = through ?? (typeof role === 'object' ? role : {});
  const [, alias] = /^<role:(.+)>$/.exec(roleArn) ?? [];
  return alias === undefined
    ? undefined
    : { role: alias, ...(externalId && { externalId }), ...(tags && { tags }), ...(policy && { policy }) };
}

/** Returns a scenario's declaration with another document in place of a policy. */
export function withPolicy(spec: ScenarioSpec, { part, owner, policy }: PolicyUse, document: object): ScenarioSpec {
  const from = 'document' in policy ? policy.from : 'the suite';
  const changed = { document: document as Readonly<Record<string, unknown>>, from };
  if (part === 'bucket' || part === 'key') {
    const member = `${part}s` as const;
    return { ...spec, [member]: { ...spec[member], [owner]: { ...spec[member]?.[owner], policy: changed } } };
  }
  if (part === 'resource' || part === 'chain') {
    const isUse = (step: Step): boolean =>
      stepPolicies(step).some(
        (use) => use.part === part && use.owner === owner && isDeepStrictEqual(use.policy, policy),
      );
    const change = (step: Step): Step => {
      if (!isUse(step) || step.kind !== 'probe') return step;
      const { through, role } = operationOf(step);
      const member = through === undefined ? 'role' : 'through';
      const edit =
        part === 'resource'
          ? { resourcePolicy: changed }
          : { [member]: { ...((through ?? role) as AssumedRole), policy: changed } };
      return { ...step, operation: { ...step.operation, ...edit } };
    };
    return { ...spec, probes: spec.probes.map(change) };
  }
  if (part !== 'session') {
    const role = spec.roles?.[owner] as RoleSpec;
    return { ...spec, roles: { ...spec.roles, [owner]: { ...role, [part]: changed } } };
  }
  const workload = spec.workloads?.[owner] ?? {};
  const association = associationOf(workload) ?? { role: '' };
  return {
    ...spec,
    workloads: { ...spec.workloads, [owner]: { ...workload, role: { ...association, policy: changed as never } } },
  };
}
