import { AGENT_ADDON, AGENT_LABELS } from '../agent-addon.ts';
import { daemonSetsOf } from '../daemon-sets.ts';
import { agentDaemonSet, type AgentSpec } from './agent-manifest.ts';
import { demandOurs, put, removeObjects, type ObjectName } from './objects.ts';
import { NAMESPACE, type InClusterOptions } from './options.ts';
import { awaitRollout } from './rollout.ts';

export interface AgentOptions extends InClusterOptions, AgentSpec {
  /** What to see to when a node lacks the image. Default: of clusters in Docker. */
  readonly imageRemedy?: string;
}

export interface InstalledAgent {
  /** Deletes it; resolves when its pods are gone. */
  remove(): Promise<void>;
}

const WHAT = 'The Pod Identity agent';
/** Milliseconds until a deleted agent must be gone: it may take its grace period of 30 s. */
const REMOVAL = 60_000;

export const AGENT_OBJECTS: readonly ObjectName[] = [
  { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: AGENT_ADDON, namespace: NAMESPACE } },
];

/** Secret with the node role's credentials, where nodes have no instance metadata: the agent's environment. */
export const AGENT_CREDENTIALS: ObjectName = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: `${AGENT_ADDON}-credentials`, namespace: NAMESPACE },
};

/**
 * Installs the agent on every node, or changes the one that this run installed before; resolves when it is ready on all
 * of them. When that fails it is left as it is, to be looked at, until `removeFromCluster`.
 *
 * Throws `ClusterError` NOT_OURS (nothing was changed), IMAGE_MISSING, IMAGE_BROKEN or AGENT_NOT_READY, and an Error
 * when the configuration values are neither JSON nor YAML.
 */
export async function installAgent(options: AgentOptions): Promise<InstalledAgent> {
  const { connection, run, image, readyMilliseconds, signal, progress, imageRemedy } = options;
  const daemonSet = agentDaemonSet(options);
  await refuseOtherAgents(options);
  await put(connection, daemonSet, signal);
  progress(`agent: ${image} on every node`);
  await awaitRollout({
    connection,
    controller: daemonSet,
    what: WHAT,
    labels: AGENT_LABELS,
    image,
    ...(imageRemedy !== undefined && { imageRemedy }),
    flag: '--agent-image',
    notReady: 'AGENT_NOT_READY',
    deadline: Date.now() + readyMilliseconds,
    readyMilliseconds,
    signal,
  });
  return {
    remove: () =>
      removeObjects(connection, AGENT_OBJECTS, { run, within: REMOVAL, signal: new AbortController().signal }),
  };
}

/**
 * Throws `ClusterError` NOT_OURS when there is an agent that this run did not make. It is known by its name or by its label,
 * in whatever namespace: two cannot share a node's port 80.
 */
export async function refuseOtherAgents({
  connection,
  run,
  signal,
}: Pick<AgentOptions, 'connection' | 'run' | 'signal'>): Promise<void> {
  for (const { metadata } of await daemonSetsOf(connection, signal))
    if (metadata.name === AGENT_ADDON || metadata.labels?.['app.kubernetes.io/name'] === AGENT_ADDON)
      demandOurs({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata }, run, 'a Pod Identity agent');
}
