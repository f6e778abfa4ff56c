import type { V1Node } from '@kubernetes/client-node';
import type { ClusterSpec } from '../../emulator/index.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { installWebhook, removeFromCluster, removeNamespaces } from '../in-cluster/index.ts';
import { connect, KubernetesError, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { Attachment } from '../../foundation/node/journal.ts';
import { kindCapabilities } from './capabilities.ts';
import { inClusterOptions, KindCluster, reachable } from './cluster.ts';
import type { ClusterSource, HostContext } from './context.ts';
import { Docker } from './docker/docker.ts';
import { explained } from './diagnostics.ts';
import { factsOf, noteLinkLocal } from './facts.ts';
import { KIND_CLUSTER_LABEL } from '../../foundation/protocols/labels.ts';
import { issuerOf, nodesOf } from './kube.ts';
import { readContext, type NamedContext } from '../../foundation/node/named-context.ts';
import { enforceNow } from './network-policies.ts';
import { addressIn, checkReach, loadImages, prepareLinkLocal, rememberImages, undoChanges } from './node.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import type { KindOptions } from './options.ts';
import { runProgram, type Runner } from './docker/runner.ts';

/** Response timeout of an API server in milliseconds. */
const ANSWER = 10_000;

/** Provides an existing kind cluster, which is restored at the end. Throws `ClusterError`. */
export async function existingCluster(
  attach: NonNullable<KindOptions['attach']>,
  chart: KindOptions['agentChart'],
  docker: Docker,
  resources: Resources,
): Promise<ClusterSource> {
  const named = readContext(attach);
  const connection = connect(named.config);
  resources.add({ name: 'the connection', lives: 'machine', remove: async () => connection.close() });
  const nodes = (await reached(connection, named)).map((node) => containerOf(node, named));
  const [network = ''] = await Promise.all(nodes.map((node) => networkOf(docker, node, named)));
  let taken = false;
  return {
    network,
    capabilities: kindCapabilities(true, chart),
    facts: { context: named.context },
    createCluster: async (spec, context) => {
      if (taken)
        throw new ClusterError(
          'CLUSTER_FAILED',
          `Context ${named.context} provides one cluster, but ${spec.name} would be a second one. Leave out --kubeconfig and --context to create two.`,
          { blame: 'usage' },
        );
      taken = true;
      return useCluster(spec, context, { named, connection, nodes });
    },
    kubeConfig: () => named.config,
  };
}

interface Existing {
  readonly named: NamedContext;
  readonly connection: Connection;
  /** Names of the nodes; their containers have the same names. */
  readonly nodes: readonly string[];
}

async function useCluster(
  spec: ClusterSpec,
  context: HostContext,
  { named, connection, nodes }: Existing,
): Promise<KindCluster> {
  const { options, docker, network, reach, images, imageInfo } = context;
  const { run, signal } = options;
  const resources = new Resources(options.journal);
  resources.add({
    name: `changes to the cluster of context ${named.context}`,
    lives: 'machine',
    isChange: true,
    entry: { kind: 'attachment', kubeconfig: named.files, context: named.context, nodes },
    remove: () => restore(connection, docker, nodes, run),
  });
  try {
    await enforceNow(connection, signal);
    const archive = await context.archive;
    const linkLocal = await Promise.all(
      nodes.map(async (node) => {
        if (images.runner === undefined)
          await checkReach(docker, node, reachable(spec.awsEndpoint, reach.host), signal);
        await rememberImages(docker, node, run, imageInfo, Object.values(images) as string[]);
        await loadImages(docker, node, archive, signal);
        return prepareLinkLocal(docker, node, run);
      }),
    );
    noteLinkLocal(context, linkLocal);
    const webhook = await installWebhook({ ...inClusterOptions({ context, spec }), connection, image: images.webhook });
    context.notes.setFacts(spec.name, await factsOf(context, connection, nodes[0] ?? ''));
    const cluster = named.config.getCurrentCluster();
    return new KindCluster({
      context,
      spec,
      connection,
      linkLocal,
      webhook,
      resources,
      endpoint: cluster?.server ?? '',
      certificateAuthorityData: cluster?.caData ?? '',
      issuer: await issuerOf(connection),
      nodes: await Promise.all(nodes.map(async (name) => ({ name, address: await addressIn(docker, name, network) }))),
      diagnose: () => Promise.resolve(undefined),
    });
  } catch (error) {
    // The journal keeps what could not be undone: throw the original error.
    await resources.dispose().catch(() => undefined);
    throw explained(error as Error, undefined);
  }
}

async function restore(connection: Connection, docker: Docker, nodes: readonly string[], run: string): Promise<void> {
  await Promise.all([removeFromCluster(connection, run), removeNamespaces(connection, run)]);
  // Last, since the agent uses the link.
  await Promise.all(nodes.map((node) => undoChanges(docker, node, run)));
}

/** Undoes a killed run's changes to a cluster, if it still exists. Throws `ClusterError` if that fails. */
export async function detach(
  { kubeconfig, context, nodes }: Attachment,
  run: string,
  runner: Runner = runProgram,
): Promise<void> {
  const docker = new Docker(runner);
  const existingContainers = (await Promise.all(nodes.map((node) => docker.containers(`name=^${node}$`)))).flat();
  if (existingContainers.length === 0) return;
  // KUBECONFIG may list several files.
  const named = readContext({ context }, { KUBECONFIG: kubeconfig });
  const connection = connect(named.config);
  try {
    await reached(connection, named);
    await restore(connection, docker, existingContainers, run);
  } finally {
    connection.close();
  }
}

/** Returns the cluster's nodes. Throws `ClusterError` CLUSTER_UNREACHABLE. */
async function reached(connection: Connection, { context, config }: NamedContext): Promise<readonly V1Node[]> {
  try {
    return await nodesOf(connection, AbortSignal.timeout(ANSWER));
  } catch (error) {
    const server = config.getCurrentCluster()?.server ?? 'its server';
    const refused = error instanceof KubernetesError;
    const { message, code } = error as NodeJS.ErrnoException;
    throw new ClusterError(
      'CLUSTER_UNREACHABLE',
      refused
        ? `The cluster of context ${context} does not let you list its nodes (${error.status}: ${message}). Name a context with administrator rights.`
        : `The cluster of context ${context} does not answer at ${server} (${code ?? message}). Start it, or name another with --context.`,
      { cause: error },
    );
  }
}

/** Returns the name of the node's container. Throws `ClusterError` unless the node is kind's. */
function containerOf({ metadata, spec }: V1Node, { context }: NamedContext): string {
  const container = /^kind:\/\/docker\/[^/]+\/([^/]+)$/.exec(spec?.providerID ?? '')?.[1];
  if (container !== undefined) return container;
  throw new ClusterError(
    'BAD_KUBECONFIG',
    `Node ${metadata?.name} of context ${context} is not a Docker container of kind (its providerID is ${spec?.providerID ?? 'empty'}). Name a context of a kind cluster.`,
  );
}

/** Returns a network of the node's container. Throws unless kind created the container, since the name is the cluster's. */
async function networkOf(docker: Docker, node: string, { context }: NamedContext): Promise<string> {
  const format = `{{index .Config.Labels "${KIND_CLUSTER_LABEL}"}}\n{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}\n{{end}}`;
  const answer = await docker.call(['container', 'inspect', '--format', format, node]).catch(() => '');
  const [cluster, network] = answer.split('\n');
  if (cluster && network) return network;
  throw new ClusterError(
    'BAD_KUBECONFIG',
    `Node ${node} of context ${context} is not a kind container in this Docker. Name a context of a kind cluster that runs here.`,
  );
}
