import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterHost } from '../driver.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { StartLimiter } from '../../foundation/node/start-limiter.ts';
import { existingCluster } from './attach.ts';
import { checkDiskSpace, checkEngine } from './checks.ts';
import { kindCapabilities } from './capabilities.ts';
import { reachable } from './cluster.ts';
import { ClusterNotes, type ClusterSource, type HostContext } from './context.ts';
import { createKindCluster } from './create.ts';
import { Docker } from './docker.ts';
import { prepareImages, saveImages, tagImages } from './images.ts';
import { createNetwork, reachOf } from './network.ts';
import { kindProgram, kindVersion } from './kind.ts';
import type { KindOptions } from './options.ts';
import { runProgram, type Runner } from './runner.ts';

/** Checks requirements, and creates what clusters share. Throws `ClusterError` after cleanup. */
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
    // Waiting clusters get the error; there may be none.
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
        return notes.found(source.capabilities);
      },
      workloadImage: images.workload,
      eventual: true,
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

/** A pod start takes most of a core's time. */
const STARTS_PER_CORE = 2.5;
/** After this, a waiting pod no longer blocks other starts. */
const SETTLED_AFTER_MILLISECONDS = 5000;

const DIFFERENCES = [
  'Nodes are Docker containers of kind. Their instance metadata service at 169.254.169.254 is played by the harness, for the role of the node group; pods are not cut off from it by a hop limit, and those that must not use it have AWS_EC2_METADATA_DISABLED set.',
  "Keys of service account tokens are named by their SHA-256, and not by 40 hexadecimal digits as EKS' are: agent 0.2 checks no token itself.",
  'The webhook runs in the cluster, in namespace kube-system, and not in a control plane that nobody sees.',
];
