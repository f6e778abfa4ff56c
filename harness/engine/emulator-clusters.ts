import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import type { HostedClusterType } from '../../clusters/interface/cluster-type.ts';
import type { ClusterHost, RunningCluster } from '../../clusters/interface/driver.ts';
import { EMULATED_SUBNETS, provisionThroughEks, type ClusterPlan } from '../../clusters/eks/provision.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { openJournal } from '../cleanup/journal.ts';
import { configure } from '../config/configuration.ts';

export interface ClusterOptions {
  readonly type: HostedClusterType;
  readonly flags: readonly string[];
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Host of the clusters of a standalone emulator. Call `close` after the clusters are deleted. */
export type EmulatorClusters = Pick<ClusterHost, 'provider' | 'bindAddress' | 'close'>;

/**
 * Opens the host of an emulator's clusters. Records resources that outlive a killed process in a state file below
 * `reports`, for a sweep. Throws `ClusterError`.
 */
export async function makeClusters(
  { type, flags, progress, signal }: ClusterOptions,
  reports = 'reports',
): Promise<EmulatorClusters> {
  const run = `c${randomBytes(3).toString('hex')}`;
  const directory = type.detach === undefined ? mkdtempSync(join(tmpdir(), 'emulator-')) : join(reports, run);
  mkdirSync(directory, { recursive: true });
  try {
    const host = await type.open({
      run,
      directory,
      progress,
      signal,
      options: configure(['--cluster', type.name, ...flags], {}, { types: [type] }),
      workload: WORKLOAD_PROGRAMS[0],
      endpoints: {},
      journal: openJournal(directory, run),
    });
    return {
      provider: host.provider,
      bindAddress: host.bindAddress,
      close: async () => {
        await host.close();
        removeEmpty(directory);
      },
    };
  } catch (error) {
    removeEmpty(directory);
    throw error;
  }
}

interface RegisteredCluster extends Pick<ClusterPlan, 'adminPrincipalArn'> {
  readonly tags: Readonly<Record<string, string>>;
  /** Default: the agent is not installed. */
  readonly addon?: ClusterPlan['addon'];
  readonly signal?: AbortSignal;
}

/** Registers a cluster with nodes in an emulated EKS, outside of any run. Throws `ClusterError` and AWS client errors. */
export async function registerCluster(
  aws: AwsTarget,
  name: string,
  { tags, signal = new AbortController().signal, addon, ...plan }: RegisteredCluster,
): Promise<RunningCluster> {
  const { eks, iam } = aws.clients('main');
  return provisionThroughEks(
    {
      alias: 'c1',
      name,
      region: aws.region,
      tags,
      signal,
      accountId: aws.accountId('main'),
      clients: { eks, iam },
      token: (clusterName) => aws.clusterToken(clusterName),
      progress: () => undefined,
    },
    { subnets: EMULATED_SUBNETS, nodes: {}, addon, ...plan },
  );
}

/** Removes the folder unless it contains diagnostics or a state file. */
function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not empty.
  }
}
