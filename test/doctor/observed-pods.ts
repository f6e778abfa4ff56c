import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { parseEndpoints } from '../../aws/endpoints.ts';
import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import { withBucketPolicy } from '../../doctor/access/files.ts';
import { collect } from '../../doctor/collect/index.ts';
import type { ClusterSnapshot, Snapshot } from '../../doctor/snapshot/snapshot.ts';
import type { AwsTarget } from '../../harness/aws-target/target.ts';
import { configure } from '../../harness/config/configuration.ts';
import { run } from '../../harness/engine/run.ts';
import type { ScenarioResult } from '../../harness/results/results.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import {
  clusterOf,
  workload,
  type ProvisionedCluster,
  type ScenarioContext,
} from '../../harness/scenario/scenario-context.ts';
import { kubeconfigText, UNLIMITED } from '../support/collecting.ts';

/** A pod of a scenario, with a snapshot of its cluster taken after its start and before the scenario's next step. */
export interface ObservedPod {
  readonly scenario: Scenario;
  readonly workload: string;
  readonly namespace: string;
  readonly name: string;
  /** Number of probes and actions of the scenario that were over. */
  readonly done: number;
  readonly names: ScenarioContext['names'];
  readonly snapshot: Snapshot;
}

/** Runs scenarios on embedded clusters. Returns their results, and the pods whose start was observed. */
export async function observePods(
  loaded: Pick<Parameters<typeof run>[0], 'hooks' | 'scenarios'>,
): Promise<{ readonly pods: readonly ObservedPod[]; readonly results: readonly ScenarioResult[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-doctor-'));
  const pods: ObservedPod[] = [];
  const snapshots = new SharedSnapshots(directory);
  try {
    const { scenarios: results } = await run({
      ...loaded,
      configuration: configure(['--quiet', '--retries', '0', '--timeout', '300', '--report-dir', directory], {}),
      reporters: [],
      podStarted: async (context, name) => {
        const { cluster, namespace } = workload(context, name);
        const pod = context.names.expand(`<pod:${name}>`);
        const done = Math.max(-1, ...context.outcomes.map(({ number }) => number)) + 1;
        const snapshot = await snapshots.take(context, clusterOf(context, cluster));
        const { scenario, names } = context;
        pods.push({ scenario, workload: name, namespace, name: pod, done, names, snapshot });
      },
      version: '0',
      workload: WORKLOAD_PROGRAMS[0],
      environment: {},
      interrupted: new AbortController().signal,
      programs: [],
      stderr: process.stderr,
    });
    return { pods, results };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Returns the buckets of a scenario's requests by their names in the scenario. */
const bucketsOf = ({ spec }: Scenario): readonly string[] => [
  ...new Set(
    spec.probes.flatMap((step) => {
      const { at, bucket } = (step.kind === 'probe' ? step.operation : {}) as { at?: string; bucket?: string };
      return at?.split('/')[0] ?? bucket ?? [];
    }),
  ),
];

/** Takes one snapshot of a cluster at a time. Pods that start meanwhile share the next one. */
class SharedSnapshots {
  readonly #folder: string;
  readonly #last = new Map<ProvisionedCluster, Promise<unknown>>();
  readonly #next = new Map<ProvisionedCluster, Promise<Snapshot>>();
  /** ARNs of the buckets of scenarios that wait for the next snapshot. */
  readonly #buckets = new Map<ProvisionedCluster, string[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  take(context: ScenarioContext, cluster: ProvisionedCluster): Promise<Snapshot> {
    const { names, scenario } = context;
    const buckets = bucketsOf(scenario).map((name) => `arn:aws:s3:::${names.bucket(name)}`);
    this.#buckets.set(cluster, [...(this.#buckets.get(cluster) ?? []), ...buckets]);
    const waiting = this.#next.get(cluster);
    if (waiting !== undefined) return waiting;
    const last = this.#last.get(cluster) ?? Promise.resolve();
    const next = last.then(() => {
      this.#next.delete(cluster);
      const resources = this.#buckets.get(cluster) ?? [];
      this.#buckets.delete(cluster);
      return this.#collect(context, cluster, resources);
    });
    this.#next.set(cluster, next);
    this.#last.set(
      cluster,
      next.catch(() => undefined),
    );
    return next;
  }

  async #collect(
    { environment: { aws } }: ScenarioContext,
    { cluster }: ProvisionedCluster,
    resources: readonly string[],
  ): Promise<Snapshot> {
    const kubeconfig = join(this.#folder, `${cluster.name}-${performance.now()}.yaml`);
    writeFileSync(kubeconfig, kubeconfigText(cluster.name, cluster.kubeConfig, await aws.clusterToken(cluster.name)));
    const { credentials } = aws.clients('main').eks.config;
    const snapshot = await collect({
      kubeconfig,
      clusterName: cluster.name,
      access: { resources },
      endpoints: parseEndpoints([aws.workloadEnvironment['AWS_ENDPOINT_URL']!], 'account'),
      limiters: UNLIMITED,
      region: aws.region,
      credentials: async () => {
        const { accessKeyId, secretAccessKey, sessionToken = '' } = await credentials();
        return { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) };
      },
      signal: new AbortController().signal,
      environment: {},
    });
    const clusters = snapshot.clusters.map((one) => withOtherBuckets(one, aws));
    return { ...snapshot, clusters: await Promise.all(clusters) };
  }
}

/** Adds the policies of the other account's buckets, as people give them with `can --bucket`. */
async function withOtherBuckets(cluster: ClusterSnapshot, aws: AwsTarget): Promise<ClusterSnapshot> {
  const { s3 } = aws.clients('other');
  let known = cluster;
  for (const bucket of Object.values(cluster.aws?.buckets ?? {})) {
    if (bucket === null || bucket.accountId !== undefined) continue;
    const answer = await s3.send(new GetBucketPolicyCommand({ Bucket: bucket.name })).catch(() => undefined);
    if (answer?.Policy) known = withBucketPolicy(known, bucket.name, aws.accountId('other'), answer.Policy);
  }
  return known;
}
