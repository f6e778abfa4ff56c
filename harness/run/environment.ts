import { accessSync, constants, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddedClusterProvider, TRANSLATION } from '../../clusters/embedded/index.ts';
import type { ClusterDriver } from '../../clusters/driver.ts';
import { embeddedDriver } from '../../clusters/embedded/driver.ts';
import { EMULATOR_FAULTS, startEmulator, type EmulatorFault } from '../../emulator/index.ts';
import { emulatedAws } from '../aws/emulated.ts';
import type { AwsTarget } from '../aws/target.ts';
import { HarnessError } from '../errors.ts';
import { kubernetesClient } from '../kubernetes/client.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { watchRunPods } from './pods.ts';
import type { Environment, Site } from './world.ts';

/** An AWS and the clusters on it, for one run. */
export interface Provisioned {
  readonly environment: Environment;
  /** How what workloads see differs from a real environment. */
  readonly translations: readonly string[];
  teardown(): Promise<void>;
}

export interface ProvisionOptions {
  readonly run: string;
  readonly seed: string;
  readonly clusters: readonly ClusterAlias[];
  readonly faults: readonly string[];
  /** Folder for what the clusters write while they run. */
  readonly directory: string;
}

/** What the embedded cluster with the emulator can do: all capabilities. */
export const EMBEDDED_CAPABILITIES: ReadonlySet<string> = new Set([
  'pod-identity',
  'irsa',
  'two-clusters',
  'two-accounts',
  'virtual-clock',
  'weather',
  'call-record',
  'imds',
  'agent-restart',
  'webhook-endpoint',
]);

const PROBE_IMAGE = 'conformance.eks-pod-identity/probe:latest';
const REGION = 'us-west-2';

/** Starts the emulator and embedded clusters on it. */
export async function provisionEmbedded(options: ProvisionOptions): Promise<Provisioned> {
  const directory = clustersDirectory(options);
  const provider = embeddedClusterProvider({
    images: new Map([[PROBE_IMAGE, { entrypoint: [process.execPath, probeProgram()] }]]),
    directory,
    agentFaults: options.faults,
    webhookFaults: options.faults,
  });
  const faults = options.faults.filter((fault): fault is EmulatorFault =>
    (EMULATOR_FAULTS as readonly string[]).includes(fault),
  );
  const emulator = await startEmulator({ region: REGION, seed: options.seed, clusterProvider: provider, faults });
  const aws = emulatedAws(emulator);
  const translations = TRANSLATION.map(({ inPod, here }) => `${inPod}: ${here}`);
  try {
    const provisioned = await provisionClusters(options, aws, embeddedDriver(PROBE_IMAGE), translations, true);
    return {
      ...provisioned,
      teardown: () => provisioned.teardown().finally(() => rm(directory, { recursive: true, force: true })),
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A file system in memory, where Linux has one. */
const MEMORY = '/dev/shm';

/**
 * Where pods have their directories while the run lasts: in memory where that can be had, as kubelets keep tokens (and
 * since it is many small files), else in the report folder. Removed with the clusters, also when the run is killed.
 */
function clustersDirectory({ directory, run }: ProvisionOptions): string {
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK);
    const inMemory = join(MEMORY, `eks-pod-identity-conformance-${run}`);
    mkdirSync(inMemory, { mode: 0o755 });
    return inMemory;
  } catch {
    const inReports = resolve(directory, 'clusters');
    mkdirSync(inReports, { recursive: true });
    return inReports;
  }
}

async function provisionClusters(
  options: ProvisionOptions,
  aws: AwsTarget,
  driver: ClusterDriver,
  translations: readonly string[],
  disposable: boolean,
): Promise<Provisioned> {
  const made = await Promise.allSettled(options.clusters.map((alias) => provisionSite(options, aws, driver, alias)));
  const sites = made.filter((outcome) => outcome.status === 'fulfilled').map((outcome) => outcome.value);
  const teardown = async (): Promise<void> => {
    for (const site of sites) {
      site.pods.stop();
      site.kubernetes.close();
    }
    try {
      await Promise.all(sites.map((site) => site.cluster.delete()));
    } finally {
      await aws.close();
    }
  };
  const failed = made.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await teardown().catch(() => undefined);
    const cause = failed.reason as Error;
    throw new HarnessError(
      'PROVISIONING_FAILED',
      `The ${driver.name} cluster could not be provisioned: ${cause.message.split('\n')[0]}`,
      { cause },
    );
  }
  return {
    environment: { run: options.run, aws, sites: new Map(sites.map((site) => [site.alias, site])), disposable },
    translations,
    teardown,
  };
}

async function provisionSite(
  { run }: ProvisionOptions,
  aws: AwsTarget,
  driver: ClusterDriver,
  alias: ClusterAlias,
): Promise<Site> {
  const { eks, iam } = aws.clients('main');
  const cluster = await driver.provision({
    name: `${run}-${alias}`,
    region: aws.region,
    accountId: aws.accountId('main'),
    clients: { eks, iam },
    tags: { 'conformance-run': run },
    token: (name) => aws.clusterToken(name),
  });
  const kubernetes = kubernetesClient(cluster.kubeConfig);
  return { alias, cluster, kubernetes, pods: await watchRunPods(kubernetes, run), probeImage: driver.probeImage };
}

/** The built probe program, found from where this module lies: sources or dist/. */
function probeProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const dist = `${here}/`.lastIndexOf('/dist/');
  const root = dist === -1 ? join(here, '..', '..', 'dist') : here.slice(0, dist + 5);
  return join(root, 'probe', 'launch.cjs');
}
