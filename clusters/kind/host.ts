import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterHost } from '../interface/driver.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { StartLimiter } from '../../foundation/node/start-limiter.ts';
import { existingCluster } from './attach.ts';
import { checkDiskSpace, checkEngine } from './checks.ts';
import { kindCapabilities } from './capabilities.ts';
import { reachable } from './cluster.ts';
import { ClusterNotes, type ClusterSource, type HostContext } from './context.ts';
import { createKindCluster } from './create.ts';
import { Docker } from './docker/docker.ts';
import { prepareImages, saveImages, tagImages } from './images.ts';
import { createNetwork, reachOf } from './network.ts';
import { kindProgram, kindVersion } from './kind.ts';
import type { KindOptions } from './options.ts';
import { runProgram, type Runner } from './docker/runner.ts';

/** Checks requirements and creates the clusters' shared resources. Throws `ClusterError` after cleanup. */
export async function kindHost(options: KindOptions, run: Runner = runProgram): Promise<ClusterHost> {
  const { progress, signal } = options;
  const docker = new Docker(run);
  const engine = await checkEngine(docker);
  await checkDiskSpace(engine);
  const resources = new Resources(options.journal);
  try {
    const source = await (options.attach === undefined
      ? newClusters(options, docker, run, resources)
      : existingCluster(options.attach, options.agentChart, docker, resources));
    const reach = await reachOf(docker, source.network);
    progress(`Docker ${engine.ServerVersion}; nodes reach this machine at ${reach.host}`);
    const prepared = await prepareImages(docker, engine, options);
    const { images, imageInfo } = await tagImages(docker, prepared, options.run, resources);
    signal.throwIfAborted();
    const folder = join(tmpdir(), `eks-pod-identity-conformance-${options.run}`);
    await resources.make({
      name: `folder ${folder}`,
      lives: 'machine',
      entry: { kind: 'path', path: folder },
      make: () => mkdir(folder, { mode: 0o700 }),
      isNotMade: () => true,
      remove: async () => {
        await archive.catch(() => undefined);
        await rm(folder, { recursive: true, force: true });
      },
    });
    const archive = saveImages(docker, images, folder, signal);
    // Clusters that wait for the archive report its error; without any, it would be unhandled.
    archive.catch(() => undefined);
    const notes = new ClusterNotes();
    const context: HostContext = {
      options,
      run,
      docker,
      engine,
      network: source.network,
      reach,
      images,
      imageInfo,
      archive,
      folder,
      notes,
      facts: source.facts,
    };
    const { kubeConfig } = source;
    return {
      name: 'kind',
      provider: { createCluster: (spec) => notes.attempt(() => source.createCluster(spec, context)) },
      bindAddress: reach.bindAddress,
      reachable: (url) => reachable(url, reach.host),
      get capabilities() {
        return notes.available(source.capabilities);
      },
      workloadImage: images.workload,
      podStarts: new StartLimiter(STARTS_PER_CORE, SETTLED_AFTER_MILLISECONDS),
      facts: (name) => notes.facts(name),
      translations: () => [...DIFFERENCES, ...notes.differences()],
      failure: () => notes.failure(),
      ...(kubeConfig !== undefined && { kubeConfig }),
      close: () => resources.dispose(),
    };
  } catch (error) {
    await resources.dispose().catch(() => undefined);
    throw error;
  }
}

async function newClusters(
  options: KindOptions,
  docker: Docker,
  run: Runner,
  resources: Resources,
): Promise<ClusterSource> {
  const program = await kindProgram();
  const kind = await kindVersion(run, program);
  const network = await createNetwork(docker, options.run, resources);
  return {
    network,
    capabilities: kindCapabilities(false, options.agentChart),
    facts: { kind },
    createCluster: (spec, context) => createKindCluster(spec, context, program),
  };
}

/** A starting pod keeps a core busy most of the time. */
const STARTS_PER_CORE = 2.5;
/** After this time, a waiting pod no longer blocks other starts. */
const SETTLED_AFTER_MILLISECONDS = 5000;

const DIFFERENCES = [
  'Nodes are Docker containers of kind. The harness serves their instance metadata at 169.254.169.254, with the role of the node group. No hop limit keeps pods from it; pods that must not use it have AWS_EC2_METADATA_DISABLED set.',
  "Key ids of service account tokens are SHA-256 hashes instead of EKS's 40 hexadecimal digits, so agent 0.2 does not check tokens itself.",
  'The webhook runs in namespace kube-system of the cluster, not in a hidden control plane.',
];
