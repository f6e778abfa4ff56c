import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterSpec } from '../../emulator/index.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { ACCESS_POLICY_OBJECTS } from '../common/access-policies.ts';
import { installWebhook, put } from '../in-cluster/index.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { KIND_CLUSTER_LABEL } from '../../foundation/protocols/labels.ts';
import { startAuthenticator, type Authenticator } from './authenticator.ts';
import { AUTHENTICATOR_FILE, clusterConfig, IMAGES_FOLDER } from './cluster-config.ts';
import { inClusterOptions, KindCluster, reachable } from './cluster.ts';
import type { HostContext } from './context.ts';
import type { Docker } from './docker/docker.ts';
import { IMAGES } from './images.ts';
import { collectDiagnostics, explained } from './diagnostics.ts';
import { factsOf, noteLinkLocal } from './facts.ts';
import { createCluster, nameTaken, type NewKindCluster } from './kind.ts';
import { apiAnswers, nodesReady } from './kube.ts';
import { enforceOnceUsed } from './network-policies.ts';
import { addressIn, checkReach, containerExists, containerRuns, loadMountedImages, prepareLinkLocal } from './node.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { Tasks } from './tasks.ts';

const API_PORT = '6443/tcp';

/**
 * Creates a kind cluster and installs the webhook, partly in parallel with kubeadm. On failure, collects diagnostics,
 * cleans up and throws `ClusterError`.
 */
export async function createKindCluster(
  spec: ClusterSpec,
  context: HostContext,
  program: string,
): Promise<KindCluster> {
  const { options, docker, run, network, reach } = context;
  const containers = (): Promise<readonly string[]> => docker.containers(`label=${KIND_CLUSTER_LABEL}=${spec.name}`);
  if ((await containers()).length > 0) throw nameTaken(spec.name);

  const folder = join(context.folder, spec.name);
  const authenticator = await startAuthenticator(reach, spec.authenticate);
  let connection: Connection | undefined;
  const removed = new AbortController();
  const resources = new Resources(options.journal);
  resources.add({
    name: `cluster ${spec.name}`,
    lives: 'machine',
    entry: { kind: 'kind-cluster', name: spec.name },
    remove: async () => {
      removed.abort();
      connection?.close();
      await docker.removeContainers(await containers());
      await authenticator.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
  const diagnose = (error?: unknown): Promise<string | undefined> => {
    const errorOutput = (error as Error | undefined)?.cause;
    return collectDiagnostics({
      run,
      program,
      cluster: spec.name,
      directory: options.diagnosticsDirectory,
      privateFolder: folder,
      ...(typeof errorOutput === 'string' && { errorOutput: errorOutput }),
    });
  };
  const node = `${spec.name}-control-plane`;
  const tasks = new Tasks(options.signal);
  const { signal } = tasks;
  const late = setTimeout(() => tasks.fail(notReady(spec.name, options.readyMilliseconds)), options.readyMilliseconds);
  try {
    const files = await writeFiles(folder, spec, context, authenticator);
    const created = tasks.add(() => {
      const image = options.images.node;
      const cluster = { run, program, network, name: spec.name, ...(image !== undefined && { image }), ...files };
      return endWithContainer(docker, node, signal, (end) => createCluster({ ...cluster, signal: end }));
    });
    const running = tasks.add(() => containerRuns(docker, node, signal));
    const loaded = tasks.add(async () => {
      const [archive] = await Promise.all([context.archive, running]);
      await loadMountedImages(docker, node, `${IMAGES_FOLDER}/${basename(archive)}`, signal);
    });
    const prepared = tasks.add(async () => {
      await running;
      if (context.images.runner === undefined)
        await checkReach(docker, node, reachable(spec.awsEndpoint, reach.host), signal);
      return prepareLinkLocal(docker, node, options.run);
    });
    const administered = tasks.add(async () => {
      await running;
      const config = await administrator(context, node, signal);
      connection = connect(config);
      await apiAnswers(connection, signal);
      return { config, connection };
    });
    const installed = tasks.add(async () => {
      const [{ connection }] = await Promise.all([administered, loaded]);
      return installWebhook({
        ...inClusterOptions({ context, spec }),
        connection,
        image: context.images.webhook,
        signal,
      });
    });
    void tasks.add(async () => {
      const { connection } = await administered;
      await Promise.all(ACCESS_POLICY_OBJECTS.map((object) => put(connection, object, signal)));
    });
    void tasks.add(async () => {
      const [{ connection }] = await Promise.all([administered, created]);
      return nodesReady(connection, signal);
    });
    await tasks.done();
    const { config, connection: administration } = await administered;
    const cluster = config.getCurrentCluster();
    const linkLocal = [await prepared];
    noteLinkLocal(context, linkLocal);
    enforceOnceUsed(administration, removed.signal).catch((error: unknown) => {
      if (!removed.signal.aborted)
        options.progress(
          `kube-router could not be started, so network policies have no effect: ${(error as Error).message}`,
        );
    });
    context.notes.setFacts(spec.name, await factsOf(context, administration, node));
    return new KindCluster({
      context,
      spec,
      connection: administration,
      endpoint: cluster?.server ?? '',
      certificateAuthorityData: cluster?.caData ?? '',
      nodes: [{ name: node, address: await addressIn(docker, node, network) }],
      linkLocal,
      webhook: await installed,
      resources,
      diagnose,
    });
  } catch (error) {
    const logs = options.signal.aborted ? undefined : await diagnose(error);
    // The journal keeps what could not be removed: throw the original error.
    await resources.dispose().catch(() => undefined);
    options.signal.throwIfAborted();
    throw explained(error as Error, logs);
  } finally {
    clearTimeout(late);
  }
}

/** Interrupts a task only once its container exists: Docker would still create the container and leave it behind. */
async function endWithContainer(
  docker: Docker,
  container: string,
  signal: AbortSignal,
  task: (end: AbortSignal) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  const end = new AbortController();
  const over = new AbortController();
  let late: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    late = setTimeout(() => over.abort(), LONGEST_MAKING);
    void containerExists(docker, container, over.signal).finally(() => end.abort(signal.reason));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await task(end.signal);
  } finally {
    over.abort();
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Milliseconds to wait for the container. */
const LONGEST_MAKING = 15_000;

async function writeFiles(
  folder: string,
  { issuer }: ClusterSpec,
  { engine, folder: shared }: HostContext,
  { kubeconfig }: Authenticator,
): Promise<Pick<NewKindCluster, 'configFile' | 'kubeconfigFile'>> {
  const nodeFolder = join(folder, 'node');
  const [configFile, kubeconfigFile] = [join(folder, 'kind.yaml'), join(folder, 'kubeconfig')];
  const config = clusterConfig({
    folder: nodeFolder,
    imagesFolder: join(shared, IMAGES),
    issuer,
    cgroupVersion: engine.CgroupVersion ?? '2',
  });
  await mkdir(nodeFolder, { recursive: true, mode: 0o700 });
  await Promise.all([
    writeFile(join(nodeFolder, AUTHENTICATOR_FILE), kubeconfig, { mode: 0o600 }),
    writeFile(configFile, config, { mode: 0o600 }),
  ]);
  return { configFile, kubeconfigFile };
}

/** Waits for kubeadm's kubeconfig and returns it with the API server's local address. */
async function administrator({ docker }: HostContext, node: string, signal: AbortSignal): Promise<KubeConfig> {
  const script = 'until [ -s "$1" ]; do sleep 0.1; done; cat "$1"';
  const [text, port] = await Promise.all([
    docker.script(node, script, ['/etc/kubernetes/admin.conf'], { signal }),
    docker.call(['port', node, API_PORT]),
  ]);
  const config = new KubeConfig();
  config.loadFromString(text);
  const server = `https://${port.split('\n')[0] ?? ''}`;
  config.clusters = config.clusters.map((cluster) => ({ ...cluster, server }));
  return config;
}

const notReady = (name: string, milliseconds: number): ClusterError =>
  new ClusterError(
    'NODE_NOT_READY',
    `Cluster ${name} was not ready within ${milliseconds / 1000} s. Increase --ready-timeout, or check the nodes' logs.`,
  );
