import { AGENT_ADDON } from '../../clusters/agent-addon.ts';
import { isControlPlaneOperation } from '../operations/control-plane.ts';
import { CAPABILITIES, type Capability, type Scenario, type ScenarioSpec } from '../scenario/spec.ts';
import { isOfCluster, placeholdersIn } from '../scenario/placeholders.ts';
import type { ClusterAlias } from '../scenario/policy.ts';

/** Clusters that a scenario runs on. */
export function clustersOf({ spec }: Scenario): readonly ClusterAlias[] {
  const { workloads = {}, tokens = {}, users = {}, providers = [], probes } = spec;
  const named = [
    ...[...Object.values(workloads), ...Object.values(tokens), ...Object.values(users), ...providers],
    ...probes.map((step) => (step.kind === 'probe' ? step.operation : step)),
  ].map((item) => ('cluster' in item ? item.cluster : undefined));
  const inTexts = placeholdersIn(spec).filter(isOfCluster);
  // One that names none runs on c1.
  return named.includes('c2') || inTexts.some(({ name }) => name === 'c2') ? ['c1', 'c2'] : ['c1'];
}

/** Of the agent: on the node's loopback, with the kubelet's probes. */
const PROBE_PORT = 2703;

/** What a scenario needs of cluster and AWS: what it says, and what follows of its parts. */
export function capabilitiesOf(scenario: Scenario): readonly Capability[] {
  const { spec } = scenario;
  const needs = new Set<Capability>(spec.needs ?? []);
  const kubernetes = usesKubernetes(spec);
  if (kubernetes) needs.add('kubernetes');
  if (usesS3(spec)) needs.add('s3');
  if (clustersOf(scenario).length > 1) needs.add('two-clusters');
  if (usesOtherAccount(spec)) needs.add('two-accounts');
  for (const role of Object.values(spec.roles ?? {}))
    if (role.boundary !== undefined && (role.account ?? 'main') === 'main') needs.add('own-boundary');
  for (const workload of Object.values(spec.workloads ?? {})) {
    if (workload.role !== undefined) needs.add(kubernetes ? 'pod-identity' : 'associations');
    if (workload.irsa !== undefined) needs.add('irsa');
    if (workload.imds === 'reachable') needs.add('imds');
    if (workload.egress !== undefined) needs.add('network-policy');
  }
  for (const step of spec.probes) {
    if (step.kind === 'action') {
      if (step.do === 'AdvanceClock') needs.add('virtual-clock');
      if (step.do === 'Weather') needs.add('weather');
      if (step.do === 'CreateAssociation') needs.add(kubernetes ? 'pod-identity' : 'associations');
      if (step.do === 'RestartAgent') needs.add('agent-restart');
      if (step.do === 'StopAgent' || step.do === 'StartAgent') needs.add('agent-stop');
      if (step.do === 'CutWebhook') needs.add('webhook-endpoint');
      if (step.do === 'DenyNode') needs.add('node-role');
    } else {
      if (step.expectation.facts && 'upstreamCalls' in step.expectation.facts) needs.add('call-record');
      const { operation } = step;
      if (operation.do === 'MutateRequest') needs.add('webhook-endpoint');
      if (operation.do.endsWith('PodIdentityAssociation') || operation.do === 'ListPodIdentityAssociations')
        needs.add('associations');
      if (operation.do === 'DescribeAddon' && operation.addon === AGENT_ADDON) needs.add('agent-addon');
      if (operation.do === 'CreatePodIdentityAssociation' && operation.as !== undefined) needs.add('irsa');
      if (operation.do === 'FetchCredentials' && operation.via === 'ipv6') needs.add('agent-ipv6');
      if (operation.do === 'AgentGet' && operation.port === PROBE_PORT) needs.add('agent-probe-port');
    }
  }
  return [...needs];
}

/** Changes of the world that are none of anything in a cluster. */
const WITHOUT_CLUSTER: ReadonlySet<string> = new Set([
  'CreateAssociation',
  'UpdateAssociation',
  'DeleteAssociation',
  'PutRolePolicy',
  'UpdateTrust',
  'DeleteRole',
  'RecreateRole',
  'DenyNode',
  'Wait',
  'AdvanceClock',
  'Weather',
  'ClearWeather',
]);

function usesOtherAccount(spec: ScenarioSpec): boolean {
  const { roles = {}, buckets = {}, providers = [] } = spec;
  const owned = [...Object.values(roles), ...Object.values(buckets), ...providers];
  return (
    owned.some(({ account }) => account === 'other') ||
    placeholdersIn(spec).some(({ kind, name }) => kind === 'account' && name === 'other')
  );
}

const isEmpty = (things: object | undefined): boolean => Object.keys(things ?? {}).length === 0;

/** Whether a scenario has to do with the inside of a cluster. Workloads that make no probe stand for their associations. */
export function usesKubernetes({ tokens, users, probes }: ScenarioSpec): boolean {
  if (!isEmpty(tokens) || !isEmpty(users)) return true;
  return probes.some((step) =>
    step.kind === 'probe' ? !isControlPlaneOperation(step.operation) : !WITHOUT_CLUSTER.has(step.do),
  );
}

function usesS3({ buckets, objects, probes }: ScenarioSpec): boolean {
  if (!isEmpty(buckets) || !isEmpty(objects)) return true;
  return probes.some((step) => step.kind === 'probe' && ('at' in step.operation || 'bucket' in step.operation));
}

/**
 * Why a scenario cannot run here; undefined when it can.
 * @param reasons why a capability is not available, where that is known, in words that end no sentence
 */
export function missing(
  scenario: Scenario,
  available: ReadonlySet<string>,
  reasons?: ReadonlyMap<string, string>,
): string | undefined {
  const lacking = capabilitiesOf(scenario).filter((capability) => !available.has(capability));
  if (lacking.length === 0) return undefined;
  const words = lacking.map((capability) => {
    const reason = reasons?.get(capability);
    return `${CAPABILITIES[capability]} (${capability}${reason === undefined ? '' : `: ${reason}`})`;
  });
  return `Needs what is not available here: ${words.join(', ')}.`;
}

const CHANGES_WHAT_IS_SHARED: ReadonlySet<string> = new Set([
  'AdvanceClock',
  'RestartAgent',
  'StopAgent',
  'StartAgent',
  'DenyNode',
  'CutWebhook',
]);

/** Whether a scenario changes something that others share, and so runs alone. */
export function isExclusive(scenario: Scenario): boolean {
  return (
    isExclusiveFromTheStart(scenario) ||
    scenario.spec.probes.some(
      (step) =>
        step.kind === 'action' &&
        (CHANGES_WHAT_IS_SHARED.has(step.do) || (step.do === 'Weather' && step.namespace === undefined)),
    )
  );
}

/** Whether already what it declares is in the way of others: names that they may have too. */
export const isExclusiveFromTheStart = ({ spec }: Scenario): boolean =>
  spec.exclusive === true || spec.exactNames === true;

/** Operations of a workload that go through an SDK's credential chain. */
const WITHOUT_SDK: ReadonlySet<string> = new Set([
  'FetchCredentials',
  'AssumeRoleWithWebIdentity',
  'ReadFile',
  'Connect',
  'AwaitTokenRotation',
]);

/**
 * How much of a scenario is waiting, in seconds or so: an SDK asks an agent that refuses four times, a second apart, and a
 * pod that is started again takes its time.
 */
export function waitOf(scenario: Scenario): number {
  let wait = 0;
  for (const step of scenario.spec.probes) {
    if (step.kind === 'action')
      wait += step.do === 'Wait' ? step.seconds : step.do === 'RestartPod' || step.do === 'StartPod' ? 1 : 0;
    else if (step.operation.do === 'AwaitTokenRotation') wait += step.operation.seconds;
    else if (
      step.workload !== undefined &&
      step.expectation.outcome === 'refused' &&
      !WITHOUT_SDK.has(step.operation.do)
    ) {
      const layers: readonly string[] = [step.expectation.by ?? []].flat();
      if (layers.includes('agent') || layers.includes('eks-auth')) wait += 3;
    }
  }
  return wait;
}
