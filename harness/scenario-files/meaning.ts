import type { References } from '../scenario/descriptor.ts';
import { described, operationOf, unknownName } from '../scenario/operation-registry.ts';
import { GREATEST_ID, LONGEST_SECONDS, number, oneOf, shown, whole, type Problem } from '../scenario/checks.ts';
import { CAPABILITIES, type ProbeStep, type ScenarioSpec, type Step, type WorkloadSpec } from '../scenario/spec.ts';

/** Returns a clause about a wrong value or name in a scenario, because no compiler checks users' suites. */
export function meaningless(spec: ScenarioSpec): string | undefined {
  for (const problem of problems(spec)) if (problem !== undefined) return problem;
  return undefined;
}

const CLUSTERS = ['c1', 'c2'];

function* problems(spec: ScenarioSpec): Generator<Problem> {
  for (const need of spec.needs ?? []) yield oneOf('"needs"', need, Object.keys(CAPABILITIES));
  yield oneOf('"profile"', spec.profile, ['core', 'soak', 'load']);
  yield number('"allowSeconds"', spec.allowSeconds, 1, LONGEST_SECONDS);
  for (const [name, { path = '/' }] of Object.entries(spec.roles ?? {}))
    // IAM allows visible ASCII, and the published policies (docs/iam) only allow such paths.
    if (!/^\/(conformance-[!-.0-~]*\/([!-.0-~]+\/)*)?$/.test(path))
      yield `"path" of role "${name}" is ${shown(path)}, but must have a form such as "/conformance-apps/red/"`;
  for (const [name, workload] of Object.entries(spec.workloads ?? {})) yield* ofWorkload(name, workload);
  for (const [name, { boundTo, cluster, expirationSeconds }] of Object.entries(spec.tokens ?? {})) {
    const what = `of token "${name}"`;
    yield oneOf(`"cluster" ${what}`, cluster, CLUSTERS);
    yield whole(`"expirationSeconds" ${what}`, expirationSeconds, 1, GREATEST_ID);
    // A token cannot be bound without a pod.
    if (
      boundTo !== undefined &&
      (spec.workloads?.[boundTo] === undefined || spec.workloads[boundTo].starts === 'later')
    )
      yield `"boundTo" ${what} is ${shown(boundTo)}, but must name a workload of the scenario whose pod exists from the start`;
  }
  for (const step of spec.probes) yield* ofStep(spec, step);
}

function* ofWorkload(name: string, workload: WorkloadSpec): Generator<Problem> {
  const what = (member: keyof WorkloadSpec): string => `"${member}" of workload "${name}"`;
  yield oneOf(what('cluster'), workload.cluster, CLUSTERS);
  yield oneOf(what('container'), workload.container, ['main', 'init', 'sidecar']);
  yield oneOf(what('imds'), workload.imds, ['blocked', 'reachable']);
  yield oneOf(what('starts'), workload.starts, ['start', 'later']);
  for (const member of ['hostNetwork', 'automountServiceAccountToken', 'associationFirst'] as const)
    yield oneOf(what(member), workload[member], [true, false]);
  for (const member of ['runAsUser', 'mainRunAsUser', 'fsGroup'] as const)
    yield whole(what(member), workload[member], 0, GREATEST_ID);
  const { egress } = workload as { readonly egress?: unknown };
  if (egress !== undefined && !Array.isArray(egress))
    yield `${what('egress')} is ${shown(egress)}, but must be a list of "agent" and "aws" (empty to allow nothing)`;
  else for (const place of (egress ?? []) as unknown[]) yield oneOf(what('egress'), place, ['agent', 'aws']);
}

function* ofStep(spec: ScenarioSpec, step: Step): Generator<Problem> {
  const unknown = unknownName(step);
  yield unknown;
  if (unknown !== undefined) return;
  const { item, descriptor } = described(step);
  if (step.kind === 'probe') yield* ofProbe(spec, step);
  const { workloads = [], pods = [], roles, tokens, users, clusters = [] } = descriptor.refersTo?.(item) ?? {};
  const undeclared = (kind: string, names: References[keyof References], declared: object = {}): Problem[] =>
    (names ?? []).map((name) =>
      name === undefined || Object.hasOwn(declared, name)
        ? undefined
        : `${item.do} names ${kind} "${name}", which the scenario does not declare`,
    );
  const acting = step.kind === 'probe' ? step.workload : undefined;
  yield* undeclared('workload', [acting, ...workloads, ...pods], spec.workloads);
  yield* undeclared('role', roles, spec.roles);
  yield* undeclared('token', tokens, spec.tokens);
  yield* undeclared('user', users, spec.users);
  for (const cluster of clusters) yield oneOf(`the cluster of ${item.do}`, cluster, CLUSTERS);
  yield* descriptor.check?.(item) ?? [];
}

function* ofProbe(spec: ScenarioSpec, { operation, workload, expectation: { as } }: ProbeStep): Generator<Problem> {
  const { performedBy } = operationOf(operation);
  if ((workload === undefined) !== (performedBy === 'harness'))
    yield `${operation.do} is performed by ${performedBy === 'harness' ? 'the harness: use succeeds() or fails()' : 'a workload: name it'}`;
  if (as !== undefined && as !== 'node' && as !== 'static' && !Object.hasOwn(spec.roles ?? {}, as))
    yield `${operation.do} expects the identity of role "${as}", which the scenario does not declare`;
}
