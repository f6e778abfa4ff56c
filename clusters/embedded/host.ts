import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AgentVersion } from '../../components/agent/options.ts';
import type { OpenRequest } from '../cluster-type.ts';
import type { ClusterHost } from '../driver.ts';
import type { Journal } from '../../foundation/node/journal.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { embeddedCapabilities } from './capabilities.ts';
import type { ClusterProvider } from '../../emulator/index.ts';
import { StartLimiter } from '../../foundation/node/start-limiter.ts';
import { ProcessHost } from '../kubernetes/index.ts';
import { TRANSLATION } from './node/addresses.ts';
import { EmbeddedCluster, type ClusterResources } from './node/cluster.ts';

export interface EmbeddedHostOptions extends Pick<OpenRequest, 'run' | 'directory' | 'workload'> {
  /** Default 0.1. */
  readonly agentChart?: AgentVersion;
  /** Where the directory is written down. Default: nowhere. */
  readonly journal?: Journal;
  /** Further images that pods may name. */
  readonly images?: ClusterResources['images'];
  /** Is told what the clusters' API servers were asked for. */
  readonly audit?: ClusterResources['audit'];
}

/** Embedded clusters, which live in this process and on loopback. */
export async function embeddedHost(options: EmbeddedHostOptions): Promise<ClusterHost> {
  const resources = new Resources(options.journal);
  const directory = await clustersDirectory(options, resources);
  const { image, command } = options.workload;
  const { agentChart = '0.1' } = options;
  return {
    name: 'embedded',
    provider: embeddedClusterProvider({
      images: new Map([[image, { entrypoint: command }], ...(options.images ?? [])]),
      directory,
      agentChart,
      ...(options.audit && { audit: options.audit }),
    }),
    bindAddress: '127.0.0.1',
    reachable: (url) => url,
    capabilities: embeddedCapabilities(agentChart),
    workloadImage: image,
    onThisMachine: true,
    eventual: false,
    facts: () => ({ agentChart }),
    translations: () => TRANSLATION.map(({ inPod, here }) => `${inPod}: ${here}`),
    failure: () => undefined,
    close: () => resources.dispose(),
  };
}

/** Makes embedded clusters for an emulated EKS: API server, kubelet, webhook, and the agent once its add-on is installed. */
export function embeddedClusterProvider(options: Omit<ClusterResources, 'starts' | 'processes'>): ClusterProvider {
  const starts = new StartLimiter(3, 1000);
  // Forked while this process is small: the pods' processes are forked by it.
  const processes = new ProcessHost();
  return {
    createCluster: (spec) => {
      // Two clusters of one name can be there in different accounts or regions.
      const directory = join(options.directory, `${spec.name}-${randomBytes(4).toString('hex')}`);
      return EmbeddedCluster.create(spec, { ...options, directory, starts, processes });
    },
  };
}

/** A file system in memory, where Linux has one. */
const MEMORY = '/dev/shm';

/**
 * Where pods have their directories while the run lasts: in memory where that can be had, as kubelets keep tokens (and
 * since it is many small files), else in the report folder. Removed with the clusters, also when the run is killed.
 */
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
