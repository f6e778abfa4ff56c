import type { ProbeOutcome } from '../results/results.ts';
import type { RunningCluster } from '../../clusters/driver.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { Resources, type PendingResource } from '../../foundation/aws/resources.ts';
import type { StartLimiter } from '../../foundation/node/start-limiter.ts';
import { tagList } from '../../foundation/aws/tags.ts';
import type { AwsCredentials } from '../../aws/credentials.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { AwsClients } from '../../aws/clients.ts';
import { badScenario, HarnessError } from '../../foundation/node/errors.ts';
import type { KubernetesClient } from '../kubernetes-client/client.ts';
import { associationOf } from './parts.ts';
import type { Lateness } from '../../foundation/node/lateness.ts';
import type { ClusterAlias } from './policy.ts';
import type { AssociationSpec, Scenario, WorkloadSpec } from './spec.ts';
import type { RunningLoad } from './running-load.ts';
import type { KeyedMutex } from '../../foundation/node/keyed-mutex.ts';
import { Names } from './names.ts';
import { SCENARIO_LABEL, type PodWatcher } from '../kubernetes-client/pod-watcher.ts';

export interface ProvisionedCluster {
  /**
   * Whether its webhook sets the STS endpoint of pods, once known. Only for service accounts that it has seen, so the
   * endpoint also shows that for pods with an association.
   */
  setsStsEndpoint?: boolean;
  readonly alias: ClusterAlias;
  readonly cluster: RunningCluster;
  readonly kubernetes: KubernetesClient;
  readonly pods: PodWatcher;
  readonly workloadImage: string;
  readonly onThisMachine?: true | undefined;
}

export interface Environment {
  readonly run: string;
  /** Tags of every AWS resource: the run and its expiry. */
  readonly tags: Readonly<Record<string, string>>;
  readonly aws: AwsTarget;
  /** Facts about the run's clusters before they exist. */
  readonly announced: ReadonlyMap<ClusterAlias, { readonly name: string; readonly arn: string }>;
  /** Empty until the clusters exist. */
  readonly clusters: ReadonlyMap<ClusterAlias, ProvisionedCluster>;
  /** What removes fixtures: `run`, all; `cluster`, those in a cluster; `nothing`. */
  readonly fixturesEndWith: 'run' | 'cluster' | 'nothing';
  /** True on real clusters, where API server and webhook learn of changes late, from watches. */
  readonly eventual: boolean;
  /** Limits the number of starting pods; absent if a cluster does so itself. */
  readonly podStarts?: Pick<StartLimiter, 'acquire'>;
  /** Milliseconds from each pod's creation request to its first report. */
  readonly podTimes: number[];
  /** Delay of this process, which may run an emulated AWS. */
  readonly lateness: Pick<Lateness, 'between' | 'stop'>;
  /** Resources of scenarios that are kept until the run is over. */
  readonly kept: Resources;
  /** Lets one scenario at a time register an issuer in an account. */
  readonly issuers: KeyedMutex;
  /** Whether S3 keeps the tags of CreateBucket, as AWS does; absent until known. */
  tagsNewBuckets?: boolean;
  /** Resources that could not be removed and outlive the run. */
  readonly leftovers: Leftover[];
}

export interface Leftover {
  /** Such as `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  readonly reason: string;
}

export interface HeldSession {
  readonly credentials: AwsCredentials;
  readonly clients: AwsClients;
}

export type ScenarioWorld = ReturnType<typeof makeWorld>;

/** `signal` fires at the scenario's end or timeout; `resources`: those made already. */
export const makeWorld = (
  scenario: Scenario,
  environment: Environment,
  attempt: number,
  signal: AbortSignal,
  /** Resources and changes, undone at its end. */
  resources = new Resources(),
) => ({
  scenario,
  environment,
  resources,
  signal,
  names: new Names(
    scenario,
    {
      run: environment.run,
      accountId: (alias) => environment.aws.accountId(alias),
      cluster: (alias) => environment.clusters.get(alias)?.cluster ?? environment.announced.get(alias),
    },
    attempt,
  ),
  /** Workload -> its association's id. */
  associations: new Map<string, string>(),
  /** Token name -> token, of `tokens`. */
  tokens: new Map<string, string>(),
  /** Sessions by workload, or by role and token. */
  sessions: new Map<string, HeldSession>(),
  /** Functions that end the active disturbances. */
  disturbances: [] as (() => void)[],
  /** The agent's arguments before the scenario's changes. */
  agentArguments: new Map<ClusterAlias, readonly string[]>(),
  loads: new Map<string, RunningLoad>(),
  /** Timed-out waits, by the workload whose probes follow: a sentence each. */
  notes: new Map<string, string[]>(),
  /** Whether pods of a service account (`accountKey`) were last seen to be injected for Pod Identity. */
  injected: new Map<string, boolean>(),
  /** Time of `performance` for the next question to EKS Auth about a service account (`accountKey`). */
  mayAskEksAuth: new Map<string, number>(),
  outcomes: [] as ProbeOutcome[],
});

/** Makes a resource that the scenario's teardown removes; as `Resources.make`. */
export const makeIn = <T>({ resources, signal }: ScenarioWorld, pending: PendingResource<T>): Promise<T | undefined> =>
  resources.make(pending, signal);

/** Records a timed-out wait before the probes of these workloads: a clause. */
export function note(world: ScenarioWorld, subject: readonly Workload[], what: string): void {
  for (const { name } of subject) world.notes.set(name, [...notesOn(world, name), `Before that, ${what}.`]);
}

/** Timed-out waits before a workload's probes, a sentence each. */
export const notesOn = (world: ScenarioWorld, workload: string | undefined): readonly string[] =>
  world.notes.get(workload ?? '') ?? [];

/** Tags of a scenario's AWS resources: the run's, and the scenario. */
export const tagMap = (world: ScenarioWorld): Record<string, string> => ({
  ...world.environment.tags,
  'conformance-scenario': world.scenario.id,
});

export const runTags = (world: ScenarioWorld): { Key: string; Value: string }[] => tagList(tagMap(world));

export const labelsOf = (world: ScenarioWorld): Record<string, string> => ({
  [RUN_LABEL]: world.environment.run,
  [SCENARIO_LABEL]: world.scenario.id,
});

export function clusterOf(world: ScenarioWorld, alias: ClusterAlias): ProvisionedCluster {
  const found = world.environment.clusters.get(alias);
  if (!found)
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `${world.scenario.id} needs cluster ${alias}, which was not provisioned.`,
    );
  return found;
}

export interface Workload {
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly cluster: ClusterAlias;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly association: AssociationSpec | undefined;
}

export type Subject = readonly [Workload, ...Workload[]];

export function workload(world: ScenarioWorld, name: string): Workload {
  const spec = world.scenario.spec.workloads?.[name];
  if (!spec) throw badScenario(`${world.scenario.id} names workload "${name}", which it does not declare.`);
  return {
    name,
    spec,
    cluster: spec.cluster ?? 'c1',
    namespace: world.names.namespace(spec.namespace ?? 'app'),
    serviceAccount: spec.serviceAccount ?? 'app',
    association: associationOf(spec),
  };
}

export function workloads(world: ScenarioWorld): Workload[] {
  return Object.keys(world.scenario.spec.workloads ?? {}).map((name) => workload(world, name));
}

export const accountKey = ({ cluster, namespace, serviceAccount }: Workload): string =>
  [cluster, namespace, serviceAccount].join('/');
