import type { ProbeOutcome } from '../results/results.ts';
import type { RunningCluster } from '../../clusters/interface/driver.ts';
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
   * Whether the webhook sets the STS endpoint of pods, once known. Only service accounts that it has seen get the
   * endpoint, so the endpoint shows that it has seen one, even for pods with an association.
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
  /** Names and ARNs of the run's clusters, known before they exist. */
  readonly announced: ReadonlyMap<ClusterAlias, { readonly name: string; readonly arn: string }>;
  /** Empty until the clusters exist. */
  readonly clusters: ReadonlyMap<ClusterAlias, ProvisionedCluster>;
  /** When fixtures disappear by themselves: with the `run` (all), with the `cluster` (those in it), or never. */
  readonly fixturesEndWith: 'run' | 'cluster' | 'nothing';
  /** Limits the number of starting pods; absent if a cluster does so itself. */
  readonly podStarts?: Pick<StartLimiter, 'acquire'>;
  /** Milliseconds from each pod's creation request to its first report. */
  readonly podTimes: number[];
  /** Event-loop delay of this process, which may run an emulated AWS. */
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
  /** For example `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  readonly reason: string;
}

export interface HeldSession {
  readonly credentials: AwsCredentials;
  readonly clients: AwsClients;
}

/** A scenario's state while it runs: its environment, names, resources and outcomes. */
export interface ScenarioContext {
  readonly scenario: Scenario;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly environment: Environment;
  /** Resources and changes, undone at the scenario's end. */
  readonly resources: Resources;
  /** Fires at the scenario's end or timeout. */
  readonly signal: AbortSignal;
  readonly names: Names;
  /** Association ids by workload. */
  readonly associations: Map<string, string>;
  /** Minted tokens by name. */
  readonly tokens: Map<string, string>;
  /** Sessions by workload, or by role and token. */
  readonly sessions: Map<string, HeldSession>;
  /** Functions that end the active disturbances. */
  readonly disturbances: (() => void)[];
  /** The agent's arguments before the scenario's changes. */
  readonly agentArguments: Map<ClusterAlias, readonly string[]>;
  readonly loads: Map<string, RunningLoad>;
  /** Sentences about timed-out waits, by the workload whose probes follow. */
  readonly notes: Map<string, string[]>;
  /** Whether pods of a service account (`accountKey`) were injected for Pod Identity when last observed. */
  readonly injected: Map<string, boolean>;
  /** Time (`performance.now()`) of the next EKS Auth call for a service account (`accountKey`). */
  readonly mayAskEksAuth: Map<string, number>;
  readonly outcomes: ProbeOutcome[];
}

/** `resources`: those created before the scenario starts. */
export const createScenarioContext = (
  scenario: Scenario,
  environment: Environment,
  attempt: number,
  signal: AbortSignal,
  resources = new Resources(),
): ScenarioContext => ({
  scenario,
  startedAt: Date.now(),
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
  associations: new Map(),
  tokens: new Map(),
  sessions: new Map(),
  disturbances: [],
  agentArguments: new Map(),
  loads: new Map(),
  notes: new Map(),
  injected: new Map(),
  mayAskEksAuth: new Map(),
  outcomes: [],
});

/** Creates a resource that the teardown removes, like `Resources.make`. */
export const makeIn = <T>(
  { resources, signal }: ScenarioContext,
  pending: PendingResource<T>,
): Promise<T | undefined> => resources.make(pending, signal);

/** Records a timed-out wait, as a clause, before the probes of these workloads. */
export function note(context: ScenarioContext, subject: readonly Workload[], what: string): void {
  for (const { name } of subject) context.notes.set(name, [...notesOn(context, name), `Before that, ${what}.`]);
}

/** Returns sentences about timed-out waits before a workload's probes. */
export const notesOn = (context: ScenarioContext, workload: string | undefined): readonly string[] =>
  context.notes.get(workload ?? '') ?? [];

/** Tags of a scenario's AWS resources: those of the run, and the scenario's id. */
export const tagMap = (context: ScenarioContext): Record<string, string> => ({
  ...context.environment.tags,
  'conformance-scenario': context.scenario.id,
});

export const runTags = (context: ScenarioContext): { Key: string; Value: string }[] => tagList(tagMap(context));

export const labelsOf = (context: ScenarioContext): Record<string, string> => ({
  [RUN_LABEL]: context.environment.run,
  [SCENARIO_LABEL]: context.scenario.id,
});

export function clusterOf(context: ScenarioContext, alias: ClusterAlias): ProvisionedCluster {
  const cluster = context.environment.clusters.get(alias);
  if (!cluster)
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `${context.scenario.id} needs cluster ${alias}, which was not provisioned.`,
    );
  return cluster;
}

export interface Workload {
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly cluster: ClusterAlias;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly association: AssociationSpec | undefined;
}

export type AccountWorkloads = readonly [Workload, ...Workload[]];

export function workload(context: ScenarioContext, name: string): Workload {
  const spec = context.scenario.spec.workloads?.[name];
  if (!spec) throw badScenario(`${context.scenario.id} names workload "${name}", which it does not declare.`);
  return {
    name,
    spec,
    cluster: spec.cluster ?? 'c1',
    namespace: context.names.namespace(spec.namespace ?? 'app'),
    serviceAccount: spec.serviceAccount ?? 'app',
    association: associationOf(spec),
  };
}

export function workloads(context: ScenarioContext): Workload[] {
  return Object.keys(context.scenario.spec.workloads ?? {}).map((name) => workload(context, name));
}

export const accountKey = ({ cluster, namespace, serviceAccount }: Workload): string =>
  [cluster, namespace, serviceAccount].join('/');
