import { isDeepStrictEqual } from 'node:util';
import type { PolicyKind } from '../../identity/policy/types.ts';
import { associationOf } from '../scenario/parts.ts';
import type { RoleSpec } from '../scenario/policy.ts';
import type { DeclaredPolicy } from '../scenario/policy-document.ts';
import type { Operation, ScenarioSpec, Step } from '../scenario/spec.ts';

/** A place of a scenario that has a policy. */
export interface PolicyUse {
  readonly part: 'trust' | 'permissions' | 'attached' | 'boundary' | 'bucket' | 'session' | 'resource';
  /** Name of the role or bucket in the scenario, of the workload whose association has the session policy, or the ARN of the resource in probes. */
  readonly owner: string;
  readonly kind: PolicyKind;
  readonly policy: DeclaredPolicy;
}

const ROLE_PARTS = { trust: 'trust', permissions: 'identity', attached: 'identity', boundary: 'boundary' } as const;

/** Returns the policies of a scenario's roles, buckets, associations and probes, without those of its steps. */
export function policyUses({ roles = {}, buckets = {}, workloads = {}, probes }: ScenarioSpec): readonly PolicyUse[] {
  const use = (part: PolicyUse['part'], owner: string, kind: PolicyKind, policy?: DeclaredPolicy): PolicyUse[] =>
    policy === undefined || (Array.isArray(policy) && policy.length === 0) ? [] : [{ part, owner, kind, policy }];
  return [
    ...Object.entries(roles).flatMap(([name, role]) =>
      Object.entries(ROLE_PARTS).flatMap(([part, kind]) =>
        use(part as keyof typeof ROLE_PARTS, name, kind, role[part as keyof typeof ROLE_PARTS]),
      ),
    ),
    ...Object.entries(buckets).flatMap(([name, { policy }]) => use('bucket', name, 'resource', policy)),
    ...Object.entries(workloads).flatMap(([name, workload]) =>
      use('session', name, 'session', associationOf(workload)?.policy),
    ),
    ...new Map(probes.flatMap(resourcePolicies).map((one) => [JSON.stringify(one), one])).values(),
  ];
}

/** Returns the policy that a probe gives for its resource. */
const resourcePolicies = (step: Step): readonly PolicyUse[] => {
  const { resource: owner = '', resourcePolicy: policy } = operationOf(step);
  return policy === undefined ? [] : [{ part: 'resource', owner, kind: 'resource', policy }];
};

interface OnResource {
  readonly resource?: string;
  readonly resourcePolicy?: DeclaredPolicy;
}
const operationOf = (step: Step): OnResource => (step.kind === 'probe' ? step.operation : {}) as OnResource;

/** Returns a scenario's declaration with another document in place of a policy. */
export function withPolicy(spec: ScenarioSpec, { part, owner, policy }: PolicyUse, document: object): ScenarioSpec {
  const from = 'document' in policy ? policy.from : 'the suite';
  const changed = { document: document as Readonly<Record<string, unknown>>, from };
  if (part === 'bucket')
    return { ...spec, buckets: { ...spec.buckets, [owner]: { ...spec.buckets?.[owner], policy: changed } } };
  if (part === 'resource') {
    const isUse = (step: Step): boolean =>
      resourcePolicies(step).some((use) => use.owner === owner && isDeepStrictEqual(use.policy, policy));
    const change = (step: Step): Step =>
      isUse(step) && step.kind === 'probe'
        ? { ...step, operation: { ...step.operation, resourcePolicy: changed } as Operation }
        : step;
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
