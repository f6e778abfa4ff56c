import { EventEmitter } from 'node:events';
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { patienceWith } from '../../clusters/in-cluster/index.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { KubernetesClient } from './client.ts';

/** Follows all pods of a run in one cluster with a single watch. */
export type PodWatcher = Awaited<ReturnType<typeof watchRunPods>>;

/** Labels of every pod of a run, in addition to the run's label. */
export const SCENARIO_LABEL = 'conformance.eks-pod-identity/scenario';
export const WORKLOAD_LABEL = 'conformance.eks-pod-identity/workload';

export async function watchRunPods(kubernetes: KubernetesClient, run: string) {
  const pods = new Map<string, V1Pod>();
  const changes = new EventEmitter();
  const watch = await kubernetes.watchPods(`${RUN_LABEL}=${run}`, (pod, deleted) => {
    const key = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
    if (deleted) pods.delete(key);
    else pods.set(key, pod);
    changes.emit(key);
  });
  return {
    /**
     * Resolves when the container runs or has run. Throws `HarnessError` POD_FAILED if it cannot start or the pod is deleted,
     * or the reason of the signal.
     */
    started: (namespace: string, name: string, container: string, signal: AbortSignal): Promise<V1Pod> => {
      const key = `${namespace}/${name}`;
      const decide = whetherStarted(key, container);
      return untilDecided(changes, key, signal, () => decide(pods.get(key)));
    },
    /** Returns the pod's last known state if the container has ended. */
    ended: (namespace: string, name: string, container: string): V1Pod | undefined => {
      const pod = pods.get(`${namespace}/${name}`);
      return pod !== undefined && hasEnded(pod, container) ? pod : undefined;
    },
    gone: async (namespace: string, name: string, signal: AbortSignal): Promise<void> => {
      const key = `${namespace}/${name}`;
      await untilDecided(changes, key, signal, () => !pods.has(key) || undefined);
    },
    nodesOf: (scenario: string): ReadonlySet<string> => {
      const scenarioPods = [...pods.values()].filter((pod) => pod.metadata?.labels?.[SCENARIO_LABEL] === scenario);
      return new Set(scenarioPods.map((pod) => pod.spec?.nodeName ?? ''));
    },
    stop: (): void => watch.stop(),
  };
}

const RECHECK_MILLISECONDS = 1000;

/** Resolves with the first result of `decide`, which is called at every event and once a second. */
const untilDecided = <T>(
  changes: EventEmitter,
  event: string,
  signal: AbortSignal,
  decide: () => T | undefined,
): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const end = (): void => {
      changes.off(event, check);
      clearInterval(timer);
      signal.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const check = (): void => {
      try {
        const value = decide();
        if (value === undefined) return;
        resolve(value);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      end();
    };
    // A pod that waits too long causes no event.
    const timer = setInterval(check, RECHECK_MILLISECONDS);
    timer.unref();
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    changes.on(event, check);
    check();
  });

/** Returns the pod once its container runs or has run, and throws if that is impossible. */
function whetherStarted(key: string, container: string): (pod: V1Pod | undefined) => V1Pod | undefined {
  let since: number | undefined;
  let seen = false;
  return (pod) => {
    if (pod === undefined) {
      if (!seen) return undefined;
      throw new HarnessError('POD_FAILED', `Pod ${key} was deleted before it started: find out who deleted it.`);
    }
    seen = true;
    if (hasEnded(pod, container)) return pod;
    const statuses = statusesOf(pod);
    const stuck = stuckWaiting(statuses);
    since = stuck === undefined ? undefined : (since ?? performance.now());
    if (stuck !== undefined && performance.now() - (since ?? 0) >= stuck.patience)
      throw new HarnessError('POD_FAILED', `Pod ${key} cannot start: ${stuck.words}.`);
    const running = statuses.find((status) => status.name === container)?.state?.running;
    return running === undefined ? undefined : pod;
  };
}

export const statusesOf = (pod: V1Pod): V1ContainerStatus[] => [
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.containerStatuses ?? []),
];

const hasEnded = (pod: V1Pod, container: string): boolean =>
  pod.status?.phase === 'Succeeded' ||
  pod.status?.phase === 'Failed' ||
  statusesOf(pod).find((status) => status.name === container)?.state?.terminated !== undefined;

function stuckWaiting(
  statuses: readonly V1ContainerStatus[],
): { readonly patience: number; readonly words: string } | undefined {
  for (const { state } of statuses) {
    const patience = state?.waiting && patienceWith(state.waiting);
    if (patience === undefined) continue;
    const { reason = '', message } = state?.waiting ?? {};
    return { patience, words: message ? `${reason}, ${message}` : reason };
  }
  return undefined;
}
