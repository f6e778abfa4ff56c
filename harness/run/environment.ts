import type { ClusterHost } from '../../clusters/driver.ts';
import { provisionThroughEks } from '../../clusters/eks-api.ts';
import { ClusterError } from '../../clusters/errors.ts';
import { EMULATOR_FAULTS, startEmulator, type EmulatorFault } from '../../emulator/index.ts';
import { EMULATOR_CAPABILITIES, emulatedAws } from '../aws/emulated.ts';
import type { AwsTarget } from '../aws/target.ts';
import { HarnessError } from '../errors.ts';
import { kubernetesClient } from '../kubernetes/client.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { watchRunPods } from './pods.ts';
import type { Environment, Site } from './world.ts';

/** An AWS and the clusters on it, for one run. */
export interface Provisioned {
  readonly environment: Environment;
  /** What scenarios may need and find here. */
  readonly capabilities: ReadonlySet<string>;
  /** How what workloads see differs from a real environment. */
  readonly translations: readonly string[];
  teardown(): Promise<void>;
}

export interface ProvisionOptions {
  readonly run: string;
  readonly seed: string;
  readonly clusters: readonly ClusterAlias[];
  readonly faults: readonly string[];
}

const REGION = 'us-west-2';

/** Starts the emulator where the host's clusters reach it, and the clusters. The host is closed when that fails. */
export async function provision(host: ClusterHost, options: ProvisionOptions): Promise<Provisioned> {
  const faults = options.faults.filter((fault): fault is EmulatorFault =>
    (EMULATOR_FAULTS as readonly string[]).includes(fault),
  );
  let aws: AwsTarget | undefined;
  const sites: Site[] = [];
  const teardown = async (): Promise<void> => {
    for (const site of sites) {
      site.pods.stop();
      site.kubernetes.close();
    }
    const deleted = await Promise.allSettled(sites.map((site) => site.cluster.delete()));
    const closed = await Promise.allSettled([aws?.close(), host.close()]);
    const failed = [...deleted, ...closed].find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason as Error;
  };
  try {
    const emulator = await startEmulator({
      host: host.bindAddress,
      region: REGION,
      seed: options.seed,
      clusterProvider: host.provider,
      faults,
    });
    const target = emulatedAws(emulator, host.reachable(emulator.endpoint));
    aws = target;
    const made = await Promise.allSettled(options.clusters.map((alias) => provisionSite(options, target, host, alias)));
    sites.push(...made.filter((outcome) => outcome.status === 'fulfilled').map((outcome) => outcome.value));
    const failed = made.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason as Error;
    return {
      environment: {
        run: options.run,
        aws: target,
        sites: new Map(sites.map((site) => [site.alias, site])),
        disposable: host.kubeConfig === undefined,
        eventual: host.name !== 'embedded',
        ...(host.podStarts && { podStarts: host.podStarts }),
        podTimes: [],
      },
      // Those of a real cluster depend on what runs there: asked once it is.
      capabilities: new Set([...EMULATOR_CAPABILITIES, ...host.capabilities]),
      translations: host.translations(),
      teardown,
    };
  } catch (error) {
    const cause = host.failure() ?? (error as Error);
    await teardown().catch(() => undefined);
    throw provisioningError(host.name, cause);
  }
}

/** A failure to provision in the harness' words: one sentence, with the exit code of who is to blame. */
export function provisioningError(cluster: string, cause: Error): HarnessError {
  if (cause instanceof HarnessError) return cause;
  if (cause instanceof ClusterError)
    return new HarnessError(cause.blame === 'usage' ? 'BAD_CLUSTER' : 'PROVISIONING_FAILED', cause.message, { cause });
  return new HarnessError(
    'PROVISIONING_FAILED',
    `The ${cluster} cluster could not be provisioned: ${cause.message.split('\n')[0]}`,
    { cause },
  );
}

async function provisionSite(
  { run }: ProvisionOptions,
  aws: AwsTarget,
  host: ClusterHost,
  alias: ClusterAlias,
): Promise<Site> {
  const { eks, iam } = aws.clients('main');
  const name = `${run}-${alias}`;
  const provisioned = await provisionThroughEks({
    name,
    region: aws.region,
    accountId: aws.accountId('main'),
    clients: { eks, iam },
    tags: { 'conformance-run': run },
    token: (clusterName) => aws.clusterToken(clusterName),
  });
  const cluster = {
    ...provisioned,
    kubeConfig: host.kubeConfig?.(name) ?? provisioned.kubeConfig,
    facts: { ...provisioned.facts, ...host.facts(name) },
  };
  const kubernetes = kubernetesClient(cluster.kubeConfig);
  try {
    return { alias, cluster, kubernetes, pods: await watchRunPods(kubernetes, run), probeImage: host.probeImage };
  } catch (error) {
    kubernetes.close();
    await cluster.delete().catch(() => undefined);
    throw error;
  }
}
