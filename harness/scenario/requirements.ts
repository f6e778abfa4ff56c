import { ALL_OPERATIONS, type Client } from '../../components/clients/client.ts';
import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { alternatives } from '../../foundation/protocols/expectation.ts';
import { described, operationOf, ofWorkload, stepOf } from './operation-registry.ts';
import { CAPABILITIES, type Capability, type Scenario, type ScenarioSpec } from './spec.ts';
import { isOfCluster, placeholdersOf } from './placeholders.ts';
import type { ClusterAlias } from './policy.ts';

export function clustersOf({ spec }: Scenario): readonly ClusterAlias[] {
  const { workloads, tokens, users, providers, probes } = spec;
  const declared = [workloads, tokens, users, providers]
    .flatMap((things) => Object.values<{ readonly cluster?: string }>(things ?? {}))
    .map(({ cluster }) => cluster);
  const inProbes = probes.map(described).flatMap(({ item, descriptor }) => descriptor.refersTo?.(item).clusters);
  const inTexts = placeholdersOf(spec)
    .filter(isOfCluster)
    .map(({ name }) => name);
  // The default is c1.
  return [...declared, ...inProbes, ...inTexts].includes('c2') ? ['c1', 'c2'] : ['c1'];
}

/** Returns the capabilities that a scenario declares or that its parts require. */
export function capabilitiesOf(scenario: Scenario): readonly Capability[] {
  const { spec } = scenario;
  const needs = new Set<Capability>(spec.needs ?? []);
  const kubernetes = usesKubernetes(spec);
  if (kubernetes) needs.add('kubernetes');
  if (usesS3(spec)) needs.add('s3');
  if (usesBothClusters(scenario)) needs.add('two-clusters');
  if (usesOtherAccount(spec)) needs.add('two-accounts');
  if (spec.organization !== undefined) needs.add('organization');
  if (!isEmpty(spec.keys)) needs.add('kms-keys');
  for (const role of Object.values(spec.roles ?? {}))
    if (role.boundary !== undefined && (role.account ?? 'main') === 'main') needs.add('own-boundary');
  for (const workload of Object.values(spec.workloads ?? {})) {
    if (workload.role !== undefined) needs.add(kubernetes ? 'pod-identity' : 'associations');
    if (workload.irsa !== undefined) {
      needs.add('irsa');
      // Its client cannot use another STS for web identity.
      if (scenario.client?.client.stsOfAwsAlone === true) needs.add('sts-of-aws');
    }
    if (workload.imds === 'reachable') needs.add('imds');
    if (workload.egress !== undefined) needs.add('network-policy');
    if (workload.context !== undefined) needs.add('request-context');
  }
  for (const step of spec.probes)
    for (const need of step.kind === 'probe'
      ? (operationOf(step.operation).needs?.(step.operation, step.expectation) ?? [])
      : (stepOf(step).needs?.(step, kubernetes) ?? []))
      needs.add(need);
  return [...needs];
}

function usesOtherAccount(spec: ScenarioSpec): boolean {
  const { roles, buckets, keys, providers } = spec;
  const owned = [roles, buckets, keys, providers].flatMap((things) =>
    Object.values<{ readonly account?: string }>(things ?? {}),
  );
  return (
    owned.some(({ account }) => account === 'other') ||
    placeholdersOf(spec).some(({ kind, name }) => kind === 'account' && name === 'other')
  );
}

const isEmpty = (things: object | undefined): boolean => Object.keys(things ?? {}).length === 0;

/** Whether a scenario uses anything inside a cluster. Workloads without probes only declare associations. */
export const usesKubernetes = ({ tokens, users, probes }: ScenarioSpec): boolean =>
  !isEmpty(tokens) || !isEmpty(users) || probes.some((step) => described(step).descriptor.withoutKubernetes !== true);

const usesS3 = ({ buckets, objects, probes }: ScenarioSpec): boolean =>
  !isEmpty(buckets) ||
  !isEmpty(objects) ||
  probes.some((step) => step.kind === 'probe' && operationOf(step.operation).usesS3);

/** Names of the operations that a scenario's pods perform, without duplicates. */
const operationsOfPods = ({ spec }: Scenario): readonly string[] => [
  ...new Set(
    spec.probes.flatMap((step) => {
      const descriptor = step.kind === 'probe' ? ofWorkload(step.operation) : undefined;
      return descriptor?.handler ?? descriptor?.name ?? [];
    }),
  ),
];

const operationsThroughSdk = ({ spec }: Scenario) =>
  spec.probes.flatMap((step) => {
    const descriptor = step.kind === 'probe' ? ofWorkload(step.operation) : undefined;
    return step.kind === 'probe' && descriptor?.throughSdk === true ? [{ operation: step.operation, descriptor }] : [];
  });

export const isThroughSdk = (scenario: Scenario): boolean => operationsThroughSdk(scenario).length > 0;

/** Names of the operations that its pods request from a client. */
function operationsOfClients(scenario: Scenario): readonly string[] {
  const names = new Set(operationsOfPods(scenario));
  for (const { operation, descriptor } of operationsThroughSdk(scenario))
    for (const name of descriptor.clientOperations?.(operation) ?? []) names.add(name);
  return [...names];
}

const isBeyond = ({ operations }: Client, name: string): boolean =>
  new Set<string>(ALL_OPERATIONS).has(name) && !new Set<string>(operations).has(name);

function clientLacks(client: Client | undefined, capability: Capability): boolean {
  if (capability === 'sdk-chain') return client?.chain === 'own';
  if (capability === 'configurable-sts') return client?.stsOfAwsAlone === true;
  if (capability === 'client-clock') return client !== undefined && client.runsOnNode !== true;
  return capability === 'lasting-client' && client?.startsPerOperation === true;
}

/** Clients of AWS's own STS lack these, unless STS's host names resolve to an emulator in their network. */
const STS_CAPABILITIES: ReadonlySet<Capability> = new Set(['sts-of-aws', 'configurable-sts']);

/**
 * Returns why a scenario cannot run here; undefined if it can. `reasons`: clauses about missing capabilities. `program`
 * runs the pods' probes (default: one that supports all operations).
 */
export function unmetRequirements(
  scenario: Scenario,
  available: ReadonlySet<string>,
  reasons?: ReadonlyMap<string, string>,
  program?: Pick<WorkloadProgram, 'name' | 'operations'>,
): string | undefined {
  const isStsLedTo = available.has('client-network') && available.has('call-record');
  const unavailable = capabilitiesOf(scenario).filter((capability) => {
    if (isStsLedTo && STS_CAPABILITIES.has(capability)) return false;
    return !available.has(capability) || clientLacks(scenario.client?.client, capability);
  });
  const words = unavailable.map((capability) => {
    const reason = reasons?.get(capability);
    return `${CAPABILITIES[capability]} (${capability}${reason === undefined ? '' : `: ${reason}`})`;
  });
  const unknown = operationsOfPods(scenario).filter((name) => program?.operations.has(name) === false);
  words.push(...unknown.map((name) => `${name} in the workload program ${program?.name} (operation:${name})`));
  const { client } = scenario.client ?? {};
  const beyond = operationsOfClients(scenario).filter((name) => client !== undefined && isBeyond(client, name));
  words.push(...beyond.map((name) => `${name} by client ${client?.name} (operation:${name})`));
  if (words.length === 0) return undefined;
  return `Not available here: ${words.join(', ')}.`;
}

/** Whether a scenario changes shared state or has exact names, and therefore cannot run at the same time as every other one. */
export const isExclusive = (scenario: Scenario): boolean =>
  isExclusiveFromTheStart(scenario) || exclusivenessOfSteps(scenario).some(Boolean);

/** Whether it changes its only cluster and nothing else, so that scenarios on another cluster may run meanwhile. */
export function changesOnlyItsCluster(scenario: Scenario): boolean {
  const changes = [scenario.spec.exclusive, ...exclusivenessOfSteps(scenario)].filter(Boolean);
  return (
    changes.length > 0 &&
    changes.every((change) => change === 'cluster') &&
    scenario.spec.exactNames !== true &&
    !usesBothClusters(scenario)
  );
}

export const usesBothClusters = (scenario: Scenario): boolean => clustersOf(scenario).length > 1;

/** Whether nothing else may run on this machine meanwhile, because it has many concurrent requests or pods. */
export const needsMachine = (scenario: Scenario): boolean =>
  [scenario.spec.exclusive, ...exclusivenessOfSteps(scenario)].includes('machine');

const exclusivenessOfSteps = ({ spec }: Scenario) =>
  spec.probes.map((step) => step.kind === 'action' && stepOf(step).isExclusive?.(step));

/** Whether it conflicts with others even before its steps, for example by exact names. */
export const isExclusiveFromTheStart = ({ spec }: Scenario): boolean =>
  Boolean(spec.exclusive) || spec.exactNames === true || spec.organization !== undefined;

/** Whether it conflicts only with other scenarios of exact names. */
export const isExclusiveByName = (scenario: Scenario): boolean =>
  scenario.spec.exactNames === true &&
  !scenario.spec.exclusive &&
  scenario.spec.organization === undefined &&
  !exclusivenessOfSteps(scenario).some(Boolean);

/** Seconds that an SDK waits if an agent refuses: four attempts, a second apart. */
const SDK_RETRIES_SECONDS = 3;

export function waitOf({ spec }: Scenario): number {
  let wait = 0;
  for (const step of spec.probes) {
    const { item, descriptor } = described(step);
    wait += descriptor.waitSeconds?.(item) ?? 0;
    if (step.kind !== 'probe' || ofWorkload(step.operation)?.throughSdk !== true) continue;
    const layers = alternatives(step.expectation.by);
    if (step.expectation.outcome === 'refused' && (layers.includes('agent') || layers.includes('eks-auth')))
      wait += SDK_RETRIES_SECONDS;
  }
  return wait;
}
