import { AGENT_ADDON, AGENT_LABELS } from '../common/agent-addon.ts';
import { daemonSetsOf } from './daemon-sets.ts';
import { agentDaemonSet, type AgentSpec } from './agent-manifest.ts';
import { demandOurs, put, removeObjects, type ObjectName } from './objects.ts';
import { NAMESPACE, type InClusterOptions } from './options.ts';
import { awaitRollout } from './rollout.ts';

interface AgentOptions extends InClusterOptions, AgentSpec {
  /** Advice for a missing image. Default: advice for clusters in Docker. */
  readonly imageRemedy?: string;
}

export interface InstalledAgent {
  /** Removes the agent and waits until its pods are gone. */
  remove(): Promise<void>;
}

const WHAT = 'The Pod Identity agent';
/** Milliseconds; includes the grace period of 30 s. */
const REMOVAL = 60_000;

export const AGENT_OBJECTS: readonly ObjectName[] = [
  { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: AGENT_ADDON, namespace: NAMESPACE } },
];

/**
 * Installs or updates the agent and waits until it is ready on all nodes. After a failure it stays for inspection until
 * `removeFromCluster`. Throws `ClusterError` NOT_OURS (without changes), IMAGE_MISSING, IMAGE_BROKEN or AGENT_NOT_READY,
 * or an Error.
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

/** Throws NOT_OURS if any namespace has another agent, found by name or label: two cannot share a node's port 80. */
export async function refuseOtherAgents({
  connection,
  run,
  signal,
}: Pick<AgentOptions, 'connection' | 'run' | 'signal'>): Promise<void> {
  for (const { metadata } of await daemonSetsOf(connection, signal))
    if (metadata.name === AGENT_ADDON || metadata.labels?.['app.kubernetes.io/name'] === AGENT_ADDON)
      demandOurs({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata }, run, 'a Pod Identity agent');
}
