import { CAPABILITIES, type ScenarioSpec, type Step, type WorkloadSpec } from './spec.ts';

/**
 * What is wrong with the words, numbers and token names of a scenario, in half a sentence; undefined when nothing is. No
 * compiler looks at a user's suites when they are loaded, and a word that nobody knows would be passed over in silence.
 */
export function meaningless(spec: ScenarioSpec): string | undefined {
  for (const problem of problems(spec)) if (problem !== undefined) return problem;
  return undefined;
}

type Problem = string | undefined;

const CLUSTERS = ['c1', 'c2'];
const PROJECTED = ['pod-identity', 'irsa', 'kubernetes-api'];
/** Milliseconds that a timer can wait are 31 bits. */
const LONGEST_SECONDS = 2_147_483;
/** User and group ids of a pod's security context (Kubernetes API reference, validation of IDs). */
const GREATEST_ID = 2_147_483_647;

function* problems(spec: ScenarioSpec): Generator<Problem> {
  for (const need of spec.needs ?? []) yield oneOf('"needs"', need, Object.keys(CAPABILITIES));
  yield oneOf('"profile"', spec.profile, ['default', 'soak']);
  yield number('"allowSeconds"', spec.allowSeconds, 1, LONGEST_SECONDS);
  for (const [name, workload] of Object.entries(spec.workloads ?? {})) yield* ofWorkload(name, workload);
  for (const [name, { boundTo, cluster, expirationSeconds }] of Object.entries(spec.tokens ?? {})) {
    const what = `of token "${name}"`;
    yield oneOf(`"cluster" ${what}`, cluster, CLUSTERS);
    yield whole(`"expirationSeconds" ${what}`, expirationSeconds, 1, GREATEST_ID);
    // Without a pod there is nothing to bind to, and the token would be another than the scenario is about.
    if (
      boundTo !== undefined &&
      (spec.workloads?.[boundTo] === undefined || spec.workloads[boundTo].starts === 'later')
    )
      yield `"boundTo" ${what} is ${shown(boundTo)}: name a workload of the scenario whose pod is there from the start`;
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
  for (const member of ['runAsUser', 'fsGroup'] as const) yield whole(what(member), workload[member], 0, GREATEST_ID);
  const { egress } = workload as { readonly egress?: unknown };
  if (egress !== undefined && !Array.isArray(egress))
    yield `${what('egress')} is ${shown(egress)}: give a list of "agent" and "aws", an empty one to allow nothing`;
  else for (const place of (egress ?? []) as unknown[]) yield oneOf(what('egress'), place, ['agent', 'aws']);
}

function* ofStep(spec: ScenarioSpec, step: Step): Generator<Problem> {
  if (step.kind === 'action') {
    if ('cluster' in step) yield oneOf(`the cluster of ${step.do}`, step.cluster, CLUSTERS);
    if (step.do === 'Wait') yield number('the time of wait, in seconds,', step.seconds ?? null, 0, LONGEST_SECONDS);
    return;
  }
  const { operation } = step;
  const declared = (kind: 'role' | 'token', name: string | undefined): Problem =>
    name === undefined || name in ((kind === 'role' ? spec.roles : spec.tokens) ?? {})
      ? undefined
      : `${operation.do} names ${kind} "${name}", which the scenario does not declare`;
  if ('cluster' in operation) yield oneOf(`the cluster of ${operation.do}`, operation.cluster, CLUSTERS);
  switch (operation.do) {
    case 'Connect':
      yield oneOf('the place of connect', operation.to ?? null, ['agent', 'aws']);
      yield oneOf('"until" of connect', operation.until, ['open', 'closed']);
      return;
    case 'AwaitTokenRotation':
      yield oneOf('the token of tokenRotation', operation.token ?? null, PROJECTED);
      yield number('the time of tokenRotation, in seconds,', operation.seconds ?? null, 0, LONGEST_SECONDS);
      return;
    case 'ReadFile':
      if (!String(operation.path).startsWith('/'))
        yield `the path of readFile is ${shown(operation.path)}: give one that begins with /`;
      return;
    case 'FetchCredentials':
      yield oneOf('"via" of fetchCredentials', operation.via, ['ipv4', 'ipv6']);
      yield whole('"repeat" of fetchCredentials', operation.repeat, 1, GREATEST_ID);
      yield declared('token', operation.token.from === 'minted' ? operation.token.name : undefined);
      return;
    case 'AssumeRoleWithWebIdentity':
      yield declared('token', operation.token.from === 'minted' ? operation.token.name : undefined);
      return;
    case 'ReviewToken':
      yield declared('token', operation.token);
      return;
    case 'KubernetesGet':
      yield declared('token', operation.as === 'anonymous' ? undefined : operation.as.token);
      return;
    case 'AgentGet':
      yield whole('the port of agentGet', operation.port ?? null, 1, 65_535);
      return;
    case 'CreatePodIdentityAssociation':
      yield whole('"atOnce" of createAssociationFor', operation.atOnce, 1, GREATEST_ID);
      yield declared('role', operation.association.role);
      yield declared('role', operation.association.targetRole);
      yield declared('role', operation.as?.role);
      yield declared('token', operation.as?.token);
      return;
    case 'UpdatePodIdentityAssociation':
      yield declared('role', operation.association.role);
      yield declared('role', operation.association.targetRole);
      return;
    default:
  }
}

function oneOf(what: string, value: unknown, words: readonly (string | boolean)[]): Problem {
  if (value === undefined || words.includes(value as string)) return undefined;
  return `${what} is ${shown(value)}: use ${words.map(shown).join(' or ')}`;
}

function number(what: string, value: unknown, least: number, most: number): Problem {
  if (value === undefined || (typeof value === 'number' && value >= least && value <= most)) return undefined;
  return `${what} is ${shown(value)}: give a number from ${least} to ${most}`;
}

function whole(what: string, value: unknown, least: number, most: number): Problem {
  if (value === undefined || Number.isInteger(value)) return number(what, value, least, most);
  return `${what} is ${shown(value)}: give a whole number from ${least} to ${most}`;
}

/** As in the suite; JSON knows no NaN. */
const shown = (value: unknown): string =>
  value === null ? 'missing' : typeof value === 'number' ? `${value}` : JSON.stringify(value);
