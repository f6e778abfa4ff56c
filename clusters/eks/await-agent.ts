import type { V1DaemonSet, V1Node, V1Pod } from '@kubernetes/client-node';
import { AGENT_ADDON, AGENT_LABELS } from '../common/agent-addon.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { find } from '../in-cluster/objects.ts';
import { podProblem } from '../in-cluster/pod-problem.ts';
import { isReady, podsOf } from '../in-cluster/rollout.ts';
import { isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { poll } from '../../foundation/node/poll.ts';
import type { EksContext } from './context.ts';

const DAEMON_SET = `/apis/apps/v1/namespaces/kube-system/daemonsets/${AGENT_ADDON}`;

/**
 * Waits until the add-on's agent is ready on all ready nodes. Returns false if no node accepts it in Auto Mode, whose nodes
 * have their own agent. Throws `ClusterError` AGENT_NOT_READY.
 */
export async function awaitAgent(connection: Connection, context: EksContext, autoMode: boolean): Promise<boolean> {
  const { name, timing, deadline, readyMilliseconds, signal } = context;
  let pods: readonly V1Pod[] = [];
  let unwantedSince: number | undefined;
  return poll<boolean>(
    async (attempt) => {
      const [daemonSet, listed] = await Promise.all([
        find<V1DaemonSet>(connection, DAEMON_SET, attempt),
        podsOf(connection, AGENT_LABELS, attempt),
      ]);
      pods = listed;
      if (isWantedNowhere(daemonSet)) {
        if (autoMode) return false;
        unwantedSince ??= Date.now();
        // New nodes get their labels late.
        if (Date.now() - unwantedSince >= timing.degraded) throw wantedNowhere(name);
        return undefined;
      }
      unwantedSince = undefined;
      const wanted = daemonSet?.status?.desiredNumberScheduled ?? 1;
      if (daemonSet === undefined || pods.length < Math.max(wanted, 1) || !pods.some(isReady)) return undefined;
      const others = pods.filter((pod) => !isReady(pod));
      return others.length === 0 || (await areOnLostNodes(connection, others, attempt)) ? true : undefined;
    },
    {
      every: timing.firstPause,
      within: deadline - Date.now(),
      signal,
      tolerates: isTransient,
      late: () =>
        new ClusterError(
          'AGENT_NOT_READY',
          `The Pod Identity agent of cluster ${name} was not ready within ${readyMilliseconds / 1000} s (--ready-timeout): ${pods.map(standing).join('; ') || 'it has no pods, because no node accepts it'}.`,
        ),
    },
  );
}

/** Returns true only if the controller has observed the current DaemonSet. */
const isWantedNowhere = ({ metadata, status }: V1DaemonSet = {}): boolean =>
  status?.desiredNumberScheduled === 0 && (status.observedGeneration ?? 0) >= (metadata?.generation ?? 1);

const wantedNowhere = (name: string): ClusterError =>
  new ClusterError(
    'AGENT_NOT_READY',
    `Add-on ${AGENT_ADDON} of cluster ${name} has no node to run on. Add nodes, such as a node group, or check affinity and nodeSelector of DaemonSet ${AGENT_ADDON} in kube-system.`,
  );

/** Returns whether all these pods run on unready nodes. Large clusters always have some, which get no workload. */
async function areOnLostNodes(connection: Connection, pods: readonly V1Pod[], signal: AbortSignal): Promise<boolean> {
  const { items } = await connection.json<{ items: readonly V1Node[] }>('GET', '/api/v1/nodes', undefined, signal);
  const ready = new Set(items.filter(isReady).map(({ metadata }) => metadata?.name));
  return pods.every(({ spec }) => spec?.nodeName !== undefined && !ready.has(spec.nodeName));
}

const standing = (pod: V1Pod): string =>
  `pod ${pod.metadata?.name} on node ${pod.spec?.nodeName ?? 'none'} is ${pod.status?.phase ?? 'Unknown'}${isReady(pod) ? ' and ready' : `, ${podProblem(pod)?.message ?? 'not ready'}`}`;
