import type { ClusterDriver, RunningCluster } from '../../clusters/interface/driver.ts';
import type { ClusterAlias } from '../../foundation/protocols/aliases.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { Journal } from '../../foundation/node/journal.ts';
import { tagsOf } from '../../foundation/aws/tags.ts';
import { awsFailure } from '../../aws/failure.ts';
import { accountsOf, type AwsTarget } from '../aws-target/target.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { redactor } from '../../foundation/node/redact.ts';
import { KubernetesClient } from '../kubernetes-client/client.ts';
import { NETWORK } from '../kubernetes-client/patient.ts';
import { noKubernetes } from '../kubernetes-client/none.ts';
import { Lateness } from '../../foundation/node/lateness.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { removeIn } from '../world/teardown.ts';
import { KeyedMutex } from '../../foundation/node/keyed-mutex.ts';
import { watchRunPods } from '../kubernetes-client/pod-watcher.ts';
import type { Environment, ProvisionedCluster } from '../scenario/scenario-context.ts';

export interface Platform {
  readonly aws: AwsTarget;
  readonly clusters: ClusterDriver;
  /** Opens further platforms on the same host. They are closed before this one. */
  readonly lanes?: {
    readonly most: number;
    /** Capabilities of the clusters with another agent, which `open('other-agent')` opens. */
    readonly ofOtherAgent?: ReadonlySet<string>;
    open(lane: number | 'other-agent'): Promise<Platform>;
  };
}

/** A run's AWS, before its clusters are provisioned. */
export type Opened = ReturnType<typeof openEnvironment>;
export type Provisioned = Omit<Opened, 'provision'>;

export interface ProvisionOptions {
  readonly run: string;
  readonly clusters: readonly ClusterAlias[];
  readonly expiresAt: Date;
  readonly journal?: Journal;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
  /** Number of scenarios to run. Default: 0. */
  readonly scenarios?: number;
}

/** Maximum scenarios whose fixtures may stay until the run ends, because of memory and the quota of 1,000 roles. */
const MOST_KEPT = 700;

/** Opens the environment of a run. AWS is ready; the clusters have names but do not exist yet. */
export function openEnvironment(platform: Platform, options: ProvisionOptions) {
  const { aws, clusters } = platform;
  const provisioned = new Map<ClusterAlias, ProvisionedCluster>();
  const environment = environmentOf(platform, options, provisioned);
  // Before the first resource is created there.
  const accounts = new Resources(options.journal);
  for (const entry of accountEntries(aws))
    accounts.add({ name: entry.accountId, lives: 'aws', entry, remove: async () => undefined });
  let leaves = false;
  return {
    environment,
    /** Capabilities of the environment; complete once the clusters are provisioned. */
    get capabilities(): ReadonlySet<string> {
      const all = [...aws.capabilities, ...clusters.capabilities, ...ofRoles(aws.permissionsBoundary)];
      return new Set(all.filter((name) => aws.unavailable?.has(name) !== true));
    },
    unavailable: aws.unavailable ?? new Map<string, string>(),
    /** Differences from a real environment that workloads can see. Complete once the clusters are provisioned. */
    get translations(): readonly string[] {
      return clusters.translations();
    },
    /** Provisions missing clusters. Throws `HarnessError`; `teardown` still removes what exists. */
    provision: async (wanted = options.clusters): Promise<void> => {
      try {
        await provisionClusters(platform, options, wanted, provisioned);
      } catch (error) {
        leaves = leftBy(error) !== undefined;
        throw provisioningError(clusters.name, clusters.failure() ?? (error as Error));
      }
    },
    teardown: async (): Promise<void> => {
      await removeAll(platform, environment);
      if (environment.leftovers.length === 0 && !leaves) await accounts.dispose();
    },
  };
}

function accountEntries(aws: AwsTarget) {
  const { region, endpoints } = aws;
  const ids = aws.name === 'emulator' ? [] : accountsOf(aws).map((account) => aws.accountId(account));
  return [...new Set(ids)].map(
    (accountId) => ({ kind: 'aws', accountId, region, endpoints: { ...endpoints } }) as const,
  );
}

function environmentOf(
  platform: Platform,
  { run, clusters: aliases, expiresAt, scenarios = 0 }: ProvisionOptions,
  provisioned: Environment['clusters'],
): Environment {
  const { aws, clusters } = platform;
  return {
    run,
    tags: tagsOf(run, expiresAt, aws.region),
    aws,
    announced: new Map(aliases.map((alias) => [alias, announced(platform, alias)])),
    clusters: provisioned,
    fixturesEndWith:
      !clusters.disposable || scenarios > MOST_KEPT ? 'nothing' : aws.name === 'emulator' ? 'run' : 'cluster',
    ...(clusters.podStarts && { podStarts: clusters.podStarts }),
    podTimes: [],
    lateness: new Lateness(),
    kept: new Resources(),
    issuers: new KeyedMutex(),
    leftovers: [],
  };
}

/** Provisions clusters in parallel. If one fails, stops the others and adds their leftovers to the error. */
async function provisionClusters(
  platform: Platform,
  options: ProvisionOptions,
  wanted: readonly ClusterAlias[],
  provisioned: Map<ClusterAlias, ProvisionedCluster>,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const failures = new Set<Error>();
  const provisionOne = async (alias: ClusterAlias): Promise<void> => {
    try {
      provisioned.set(alias, await provisionCluster(platform, { ...options, signal }, alias));
    } catch (error) {
      // The others usually fail with the error that stopped them.
      failures.add(error as Error);
      stop.abort(error);
    }
  };
  await Promise.all(wanted.filter((alias) => !provisioned.has(alias)).map(provisionOne));
  const [first, ...others] = failures;
  if (first) throw together(first, others);
}

async function removeAll({ aws, clusters }: Platform, environment: Environment): Promise<void> {
  environment.lateness.stop();
  const [undone] = await Promise.allSettled([removeIn(environment, environment.kept.take())]);
  const provisioned = [...environment.clusters.values()];
  for (const { pods, kubernetes } of provisioned) {
    pods.stop();
    kubernetes.close();
  }
  const deleted = await Promise.allSettled(provisioned.map(({ cluster }) => cluster.delete()));
  const closed = await Promise.allSettled([aws.close(), clusters.close()]);
  const [first, ...others] = [undone, ...deleted, ...closed].flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  if (first) throw tearingError(together(first, others));
}

/** Returns name and ARN of a cluster that may not exist yet (Service Authorization Reference, resource types of Amazon EKS). */
function announced({ aws, clusters }: Platform, alias: ClusterAlias): { readonly name: string; readonly arn: string } {
  const name = clusters.clusterName(alias);
  return { name, arn: `arn:aws:eks:${aws.region}:${aws.accountId('main')}:cluster/${name}` };
}

/** A role can have only one permissions boundary (IAM User Guide, "Permissions boundaries for IAM entities"). */
export const ofRoles = (permissionsBoundary: string | undefined): string[] =>
  permissionsBoundary === undefined ? ['own-boundary'] : [];

/** Returns the leftovers that an error names, as a sentence. */
function leftBy(error: unknown): string | undefined {
  if (error instanceof ClusterError) return error.left;
  return error instanceof HarnessError && error.code === 'LEFT_BEHIND' ? error.message : undefined;
}

/** Returns the first error, with the leftovers of the others added. */
function together(first: Error, others: readonly Error[]): Error {
  const left = others.flatMap((error) => leftBy(error) ?? []);
  if (left.length === 0) return first;
  const { code, blame } = first instanceof ClusterError ? first : new ClusterError('CLUSTER_FAILED', first.message);
  return new ClusterError(code, [first.message.split('\n')[0], ...left].join(' '), {
    blame,
    cause: first,
    left: [leftBy(first) ?? [], left].flat().join(' '),
  });
}

/** Converts a provisioning failure to a `HarnessError`. Redacts the message, because servers may quote a token. */
export function provisioningError(cluster: string, cause: Error): HarnessError {
  if (cause instanceof HarnessError) return cause;
  const message = redactor().text(cause.message);
  const expired = awsFailure(cause);
  if (expired?.code === 'CREDENTIALS_EXPIRED') return expired;
  if (cause instanceof ClusterError && cause.code === 'LEFT_BEHIND')
    return new HarnessError('LEFT_BEHIND', message, { cause });
  if (cause instanceof ClusterError)
    return new HarnessError(cause.blame === 'usage' ? 'BAD_CLUSTER' : 'PROVISIONING_FAILED', message, { cause });
  return new HarnessError(
    'PROVISIONING_FAILED',
    `The ${cluster} cluster could not be provisioned: ${message.split('\n')[0]}`,
    { cause },
  );
}

/** Converts a known teardown error to a `HarnessError`. */
function tearingError(reason: unknown): unknown {
  const failure = awsFailure(reason);
  if (failure?.code === 'CREDENTIALS_EXPIRED') return failure;
  if (reason instanceof ClusterError) return new HarnessError('LEFT_BEHIND', reason.message, { cause: reason });
  return failure ?? reason;
}

async function provisionCluster(
  { aws, clusters }: Platform,
  { run, expiresAt, progress, signal }: ProvisionOptions,
  alias: ClusterAlias,
): Promise<ProvisionedCluster> {
  const { eks, iam } = aws.clients('main');
  const cluster = await clusters.provision({
    alias,
    progress,
    signal,
    name: clusters.clusterName(alias),
    region: aws.region,
    accountId: aws.accountId('main'),
    ...(aws.callerArn !== undefined && { callerArn: aws.callerArn }),
    clients: aws.provisioning ?? { eks, iam },
    tags: tagsOf(run, expiresAt, aws.region),
    token: (clusterName) => aws.clusterToken(clusterName),
    ...(aws.controls && { now: aws.controls.now }),
  });
  const { workloadImage, onThisMachine } = clusters;
  if (!clusters.capabilities.has('kubernetes')) return withoutKubernetes(alias, cluster, workloadImage);
  const kubernetes = new KubernetesClient(cluster.kubeConfig, clusters.remote ? NETWORK.far : NETWORK.here);
  try {
    return { alias, cluster, kubernetes, pods: await watchRunPods(kubernetes, run), workloadImage, onThisMachine };
  } catch (error) {
    kubernetes.close();
    await cluster.delete().catch((left: Error) => {
      throw new ClusterError('LEFT_BEHIND', `${(error as Error).message} ${left.message}`, { cause: error });
    });
    throw error;
  }
}

/** Returns a cluster that is only an EKS record, without Kubernetes. */
function withoutKubernetes(alias: ClusterAlias, cluster: RunningCluster, workloadImage: string): ProvisionedCluster {
  const nothing = (): Promise<never> =>
    Promise.reject(
      new HarnessError('PROVISIONING_FAILED', `Cluster ${cluster.name} is only an EKS record and cannot run pods.`),
    );
  const none = (): undefined => undefined;
  const pods = { started: nothing, gone: nothing, ended: none, nodesOf: () => new Set<string>(), stop: none };
  return { alias, cluster, kubernetes: noKubernetes(cluster.name), pods, workloadImage };
}
