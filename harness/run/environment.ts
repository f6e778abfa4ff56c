import type { ClusterAlias, ClusterDriver } from '../../clusters/driver.ts';
import { ClusterError } from '../../clusters/errors.ts';
import { tagsOf } from '../../clusters/tags.ts';
import type { AwsTarget } from '../aws/target.ts';
import { HarnessError } from '../errors.ts';
import { kubernetesClient } from '../kubernetes/client.ts';
import { watchRunPods } from './pods.ts';
import type { Environment, Site } from './world.ts';

/** Where a run takes place: an AWS, and who makes clusters in it. */
export interface Platform {
  readonly aws: AwsTarget;
  readonly clusters: ClusterDriver;
}

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
  readonly clusters: readonly ClusterAlias[];
  /** When what the run leaves in AWS may be swept. */
  readonly expiresAt: Date;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Provisions the clusters. The platform is closed when that fails, and by the teardown. */
export async function provision(platform: Platform, options: ProvisionOptions): Promise<Provisioned> {
  const { aws, clusters } = platform;
  const sites: Site[] = [];
  const teardown = async (): Promise<void> => {
    for (const site of sites) {
      site.pods.stop();
      site.kubernetes.close();
    }
    const deleted = await Promise.allSettled(sites.map((site) => site.cluster.delete()));
    const closed = await Promise.allSettled([aws.close(), clusters.close()]);
    const failed = [...deleted, ...closed].find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason as Error;
  };
  try {
    const made = await Promise.allSettled(options.clusters.map((alias) => provisionSite(platform, options, alias)));
    sites.push(...made.filter((outcome) => outcome.status === 'fulfilled').map((outcome) => outcome.value));
    const failed = made.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason as Error;
    return {
      environment: {
        run: options.run,
        tags: tagsOf(options.run, options.expiresAt),
        aws,
        sites: new Map(sites.map((site) => [site.alias, site])),
        disposable: clusters.disposable,
        eventual: clusters.eventual,
        ...(clusters.podStarts && { podStarts: clusters.podStarts }),
        podTimes: [],
      },
      // Those of a real cluster depend on what runs there: asked once it is.
      capabilities: new Set([...aws.capabilities, ...clusters.capabilities, ...ofRoles(aws.permissionsBoundary)]),
      translations: clusters.translations(),
      teardown,
    };
  } catch (error) {
    const cause = clusters.failure() ?? (error as Error);
    await teardown().catch(() => undefined);
    throw provisioningError(clusters.name, cause);
  }
}

/** A role can have one permissions boundary alone (IAM User Guide, "Permissions boundaries for IAM entities"). */
export const ofRoles = (permissionsBoundary: string | undefined): string[] =>
  permissionsBoundary === undefined ? ['own-boundary'] : [];

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
  { aws, clusters }: Platform,
  { run, expiresAt, progress, signal }: ProvisionOptions,
  alias: ClusterAlias,
): Promise<Site> {
  const { eks, iam } = aws.clients('main');
  const cluster = await clusters.provision({
    alias,
    name: clusters.clusterName(alias),
    region: aws.region,
    accountId: aws.accountId('main'),
    clients: { eks, iam },
    tags: tagsOf(run, expiresAt),
    token: (clusterName) => aws.clusterToken(clusterName),
    progress,
    signal,
  });
  const kubernetes = kubernetesClient(cluster.kubeConfig);
  try {
    return { alias, cluster, kubernetes, pods: await watchRunPods(kubernetes, run), probeImage: clusters.probeImage };
  } catch (error) {
    kubernetes.close();
    await cluster.delete().catch(() => undefined);
    throw error;
  }
}
