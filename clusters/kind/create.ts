import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterSpec } from '../../emulator/index.ts';
import { ClusterError } from '../errors.ts';
import { installWebhook } from '../in-cluster/index.ts';
import { connect, type Connection } from '../kubernetes/connection.ts';
import { startAuthenticator } from './authenticator.ts';
import { AUTHENTICATOR_FILE, clusterConfig } from './cluster-config.ts';
import { inClusterOptions, KindCluster, reachable } from './cluster.ts';
import type { HostContext } from './context.ts';
import { collectDiagnostics, explained } from './diagnostics.ts';
import { factsOf } from './facts.ts';
import { CLUSTER_LABEL, createCluster, nameTaken } from './kind.ts';
import { apiAnswers, nodesReady } from './kube.ts';
import { noteLinkLocal } from './link-local.ts';
import { addressIn, checkReach, containerRuns, loadImages, prepareLinkLocal } from './node.ts';

/** Port of the API server in its node. */
const API_PORT = '6443/tcp';

/**
 * Makes a kind cluster of one node with the webhook in it. What does not need Kubernetes is done while kubeadm runs.
 * Throws `ClusterError`; what was made is gone then, and what the nodes had to tell is in the diagnostics folder.
 */
export async function createKindCluster(
  spec: ClusterSpec,
  context: HostContext,
  program: string,
): Promise<KindCluster> {
  const { options, docker, run, network, reach, engine } = context;
  const making = { kind: 'kind-cluster', name: spec.name } as const;
  if ((await docker.containers(`label=${CLUSTER_LABEL}=${spec.name}`)).length > 0) throw nameTaken(spec.name);
  options.ledger.willMake(making);

  const folder = join(context.folder, spec.name);
  const nodeFolder = join(folder, 'node');
  await mkdir(nodeFolder, { recursive: true, mode: 0o700 });
  const authenticator = await startAuthenticator({
    bindAddress: reach.bindAddress,
    host: reach.host,
    authenticate: spec.authenticate,
  });
  const configFile = join(folder, 'kind.yaml');
  const kubeconfigFile = join(folder, 'kubeconfig');
  await Promise.all([
    writeFile(join(nodeFolder, AUTHENTICATOR_FILE), authenticator.kubeconfig, { mode: 0o600 }),
    writeFile(
      configFile,
      clusterConfig({ folder: nodeFolder, issuer: spec.issuer, cgroupVersion: engine.CgroupVersion ?? '2' }),
      { mode: 0o600 },
    ),
  ]);

  let connection: Connection | undefined;
  const dispose = async (): Promise<void> => {
    await docker.removeContainers(await docker.containers(`label=${CLUSTER_LABEL}=${spec.name}`));
    await authenticator.close();
    await rm(folder, { recursive: true, force: true });
    options.ledger.removed(making);
  };
  const diagnose = (): Promise<string | undefined> =>
    collectDiagnostics({ run, program, cluster: spec.name, directory: options.diagnosticsDirectory });
  const late = AbortSignal.timeout(options.readyMilliseconds);
  const tasks = new Tasks(AbortSignal.any([options.signal, late]));
  const { signal } = tasks;
  const node = `${spec.name}-control-plane`;
  try {
    const created = tasks.add(() =>
      createCluster(
        { run, program, network },
        {
          name: spec.name,
          ...(options.images.node !== undefined && { image: options.images.node }),
          configFile,
          kubeconfigFile,
          signal,
        },
      ),
    );
    const running = tasks.add(() => containerRuns(docker, node, signal));
    const loaded = tasks.add(async () => {
      const [archive] = await Promise.all([context.archive, running]);
      await loadImages(docker, node, archive, signal);
    });
    const prepared = tasks.add(async () => {
      await running;
      await checkReach(docker, node, reachable(spec.awsEndpoint, reach.host), signal);
      return prepareLinkLocal(docker, node);
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
      const [{ connection }] = await Promise.all([administered, created]);
      return nodesReady(connection, signal);
    });
    await tasks.done();
    const { config, connection: administration } = await administered;
    const cluster = config.getCurrentCluster();
    const linkLocal = [await prepared];
    noteLinkLocal(context, linkLocal);
    context.journal.setFacts(spec.name, await factsOf(context, administration));
    return new KindCluster({
      context,
      spec,
      connection: administration,
      endpoint: cluster?.server ?? '',
      certificateAuthorityData: cluster?.caData ?? '',
      nodes: [{ name: node, address: await addressIn(docker, node, network) }],
      linkLocal,
      webhook: await installed,
      dispose,
      diagnose,
    });
  } catch (error) {
    connection?.close();
    const kept = options.signal.aborted ? undefined : await diagnose();
    await dispose();
    options.signal.throwIfAborted();
    throw explained(late.aborted ? notReady(spec.name, options.readyMilliseconds) : (error as Error), kept);
  }
}

/** An administrator's kubeconfig as soon as kubeadm wrote it, with the address by which this machine reaches the API server. */
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
    'environment',
    `Cluster ${name} was not ready within ${milliseconds / 1000} s: give it more time with --ready-timeout, or see why.`,
  );

/** Things done at once: the first that fails ends the others. */
class Tasks {
  readonly #stop = new AbortController();
  readonly #under: Promise<unknown>[] = [];
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  add<T>(task: () => Promise<T>): Promise<T> {
    const promise = task();
    promise.catch((error: unknown) => this.#stop.abort(error));
    this.#under.push(promise);
    return promise;
  }

  /** Resolves when all are done. Rejects with what failed first, once none is under way any more. */
  async done(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#under);
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
