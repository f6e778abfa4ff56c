import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AgentVersion } from '../../components/agent/options.ts';
import type { OpenRequest } from '../interface/cluster-type.ts';
import type { ClusterHost } from '../interface/driver.ts';
import type { Journal } from '../../foundation/node/journal.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { embeddedCapabilities } from './capabilities.ts';
import type { ClusterProvider } from '../../emulator/index.ts';
import { StartLimiter } from '../../foundation/node/start-limiter.ts';
import { ProcessHost } from '../kubernetes/index.ts';
import { TRANSLATION } from './node/addresses.ts';
import { embeddedCluster, type ClusterResources } from './node/cluster.ts';

export interface EmbeddedHostOptions extends Pick<OpenRequest, 'run' | 'directory' | 'workload'> {
  /** Default: 0.1. */
  readonly agentChart?: AgentVersion;
  /** The agent of further clusters, for scenarios that need it. Default: none. */
  readonly otherAgentChart?: AgentVersion;
  /** Records the pods' directory, so that it can be removed after a crash. */
  readonly journal?: Journal;
  readonly images?: ClusterResources['images'];
  /** Called with the requests to the API servers. */
  readonly audit?: ClusterResources['audit'];
}

export async function embeddedHost(options: EmbeddedHostOptions): Promise<ClusterHost> {
  const resources = new Resources(options.journal);
  const directory = await clustersDirectory(options, resources);
  const { image, command } = options.workload;
  const { agentChart = '0.1', otherAgentChart } = options;
  const clustersWith = embeddedClusters({
    images: new Map([[image, { entrypoint: command }], ...(options.images ?? [])]),
    directory,
    ...(options.audit && { audit: options.audit }),
  });
  const withAgent = (chart: AgentVersion) => ({
    provider: clustersWith(chart),
    capabilities: embeddedCapabilities(chart),
    facts: () => ({ agentChart: chart }),
  });
  return {
    name: 'embedded',
    ...withAgent(agentChart),
    ...(otherAgentChart && { otherAgent: withAgent(otherAgentChart) }),
    bindAddress: '127.0.0.1',
    // Each lane costs 150 ms of processor time.
    lanes: 4,
    reachable: (url) => url,
    workloadImage: image,
    onThisMachine: true,
    translations: () => TRANSLATION.map(({ inPod, here }) => `${inPod}: ${here}`),
    failure: () => undefined,
    close: () => resources.dispose(),
  };
}

/**
 * Creates embedded clusters: API server, kubelet, webhook, and the agent of a version as an add-on. Their folder is removed
 * with this process.
 */
export function embeddedClusters(options: Omit<ClusterResources, 'starts' | 'processes' | 'agentChart'>) {
  const starts = new StartLimiter(3, 1000);
  // Forks the pods' processes. Start it early: forking is cheap while this process is small.
  const processes = new ProcessHost();
  processes.clearAtEnd(options.directory);
  return (agentChart: AgentVersion): ClusterProvider => ({
    createCluster: (spec) => {
      // Clusters in different accounts or regions may have the same name.
      const directory = join(options.directory, `${spec.name}-${randomBytes(4).toString('hex')}`);
      return embeddedCluster(spec, { ...options, agentChart, directory, starts, processes });
    },
  });
}

/** A file system in memory; only on Linux. */
const MEMORY = '/dev/shm';

/** Creates the pods' directory, in memory like a kubelet's tokens, or else in the report folder. Removed on close. */
async function clustersDirectory({ directory, run }: EmbeddedHostOptions, resources: Resources): Promise<string> {
  const make = async (path: string, recursive: boolean): Promise<string> => {
    await resources.make({
      name: `folder ${path}`,
      lives: 'machine',
      entry: { kind: 'path', path },
      make: () => mkdir(path, { mode: 0o755, recursive }),
      isNotMade: () => true,
      remove: () => rm(path, { recursive: true, force: true }),
    });
    return path;
  };
  const inMemory = join(MEMORY, `eks-pod-identity-conformance-${run}`);
  return make(inMemory, false).catch(() => make(resolve(directory, `clusters-${run}`), true));
}
