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
import type { Gate } from '../../foundation/node/keyed-mutex.ts';
import { Names } from './names.ts';
import { SCENARIO_LABEL, type PodWatcher } from '../kubernetes-client/pod-watcher.ts';

/** A cluster as scenarios use it. */
export interface ProvisionedCluster {
  /**
   * Whether its webhook sets the STS endpoint of pods, once that was found out. It does so for service accounts alone that it
   * knows, so that this shows of a pod with an association too that the webhook has seen its service account.
   */
  setsStsEndpoint?: boolean;
  readonly alias: ClusterAlias;
  readonly cluster: RunningCluster;
  readonly kubernetes: KubernetesClient;
  readonly pods: PodWatcher;
  readonly workloadImage: string;
  /** Its pods find what is installed on this machine. */
  readonly onThisMachine?: true | undefined;
}

/** What a run provides to its scenarios. */
export interface Environment {
  /** The run's id. */
  readonly run: string;
  /** Tags of every AWS resource that is made: the run and its expiry. */
  readonly tags: Readonly<Record<string, string>>;
  readonly aws: AwsTarget;
  /** What is known of the run's clusters before they are there. */
  readonly announced: ReadonlyMap<ClusterAlias, { readonly name: string; readonly arn: string }>;
  /** Empty until clusters are there. */
  readonly clusters: ReadonlyMap<ClusterAlias, ProvisionedCluster>;
  /** With what fixtures end without being deleted one by one: `run`, everything; `cluster`, what is in a cluster; `nothing`. */
  readonly fixturesEndWith: 'run' | 'cluster' | 'nothing';
  /** True where API server and webhook learn of changes a moment later, from watches: on real clusters. */
  readonly eventual: boolean;
  /** Lets only so many pods be starting at once; absent where a cluster sees to that itself. */
  readonly podStarts?: Pick<StartLimiter, 'acquire'>;
  /** Milliseconds that each pod took from the request that creates it to its first report. */
  readonly podTimes: number[];
  /** How late this process is, in which much of an emulated AWS may be. */
  readonly lateness: Pick<Lateness, 'between' | 'stop'>;
  /** Resources of scenarios that are kept until the run is over. */
  readonly kept: Resources;
  /** Lets one scenario at a time register an issuer in an account. */
  readonly issuers: Gate;
  /** Whether S3 gives a new bucket the tags that CreateBucket has, as AWS' does; absent until that is known. */
  tagsNewBuckets?: boolean;
  /** What could not be removed and stays when the run is over. */
  readonly leftovers: Leftover[];
}

export interface Leftover {
  /** Such as `role conformance-c1a2b3d-ab-01-app`. */
  readonly name: string;
  readonly reason: string;
}

/** A session that the harness has opened in the place of a pod. */
export interface HeldSession {
  readonly credentials: AwsCredentials;
  readonly clients: AwsClients;
}

/** The resources of one scenario that exist. */
export type ScenarioWorld = ReturnType<typeof makeWorld>;

/** `signal` ends when the scenario is over or its time is up; `resources`: what was made for the scenario already. */
export const makeWorld = (
  scenario: Scenario,
  environment: Environment,
  attempt: number,
  signal: AbortSignal,
  /** What it made and changed: undone when it is over. */
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
  /** Sessions in the place of pods, by workload, or by role and token. */
  sessions: new Map<string, HeldSession>(),
  /** Ends of the disturbances of AWS that are under way. */
  disturbances: [] as (() => void)[],
  /** The agent's arguments as they were before the scenario changed them. */
  agentArguments: new Map<ClusterAlias, readonly string[]>(),
  /** Loads under way, by name. */
  loads: new Map<string, RunningLoad>(),
  /** What was waited for in vain, by the workload whose probes follow: a sentence each. */
  notes: new Map<string, string[]>(),
  /** Whether pods of a service account (`accountKey`) were last seen to be injected for Pod Identity. */
  injected: new Map<string, boolean>(),
  /** When EKS Auth may be asked next about a service account (`accountKey`), by the time of `performance`. */
  mayAskEksAuth: new Map<string, number>(),
  /** What probes came to so far. */
  outcomes: [] as ProbeOutcome[],
});

/** Makes something for a scenario, which its teardown then knows of; as `Resources.make` does. */
export const makeIn = <T>({ resources, signal }: ScenarioWorld, pending: PendingResource<T>): Promise<T | undefined> =>
  resources.make(pending, signal);

/** Notes what was waited for in vain before the probes of these workloads: a sentence without its beginning and its end. */
export function note(world: ScenarioWorld, subject: readonly Workload[], what: string): void {
  for (const { name } of subject) world.notes.set(name, [...notesOn(world, name), `Before that, ${what}.`]);
}

/** What was waited for in vain before a workload's probes, a sentence each. */
export const notesOn = (world: ScenarioWorld, workload: string | undefined): readonly string[] =>
  world.notes.get(workload ?? '') ?? [];

/** Tags of all that a scenario makes in AWS: those of the run, and the scenario. */
export const tagMap = (world: ScenarioWorld): Record<string, string> => ({
  ...world.environment.tags,
  'conformance-scenario': world.scenario.id,
});

/** The same, as IAM and S3 take them. */
export const runTags = (world: ScenarioWorld): { Key: string; Value: string }[] => tagList(tagMap(world));

/** Labels of everything that a scenario makes in a cluster. */
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

/** A workload with its defaults filled in. */
export interface Workload {
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly cluster: ClusterAlias;
  /** Real namespace. */
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly association: AssociationSpec | undefined;
}

/** Workloads of one service account. */
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

/** Names a workload's service account among those of a scenario. */
export const accountKey = ({ cluster, namespace, serviceAccount }: Workload): string =>
  [cluster, namespace, serviceAccount].join('/');
