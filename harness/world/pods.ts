import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { patienceWith } from '../../clusters/in-cluster/index.ts';
import { RUN_LABEL } from '../../foundation/labels.ts';
import { HarnessError } from '../../foundation/errors.ts';
import type { KubernetesClient } from '../kubernetes-client/client.ts';

/** Follows all pods of a run on one cluster with a single watch. */
export interface PodWatcher {
  /**
   * Resolves when the container runs or has run. Throws `HarnessError` POD_FAILED when it cannot or the pod is deleted before,
   * and the signal's reason when that fires.
   */
  started(namespace: string, name: string, container: string, signal: AbortSignal): Promise<V1Pod>;
  /** The pod as far as it is known, when the container has ended. */
  ended(namespace: string, name: string, container: string): V1Pod | undefined;
  gone(namespace: string, name: string, signal: AbortSignal): Promise<void>;
  /** Names of the nodes that have had pods of a scenario. */
  nodesOf(scenario: string): ReadonlySet<string>;
  stop(): void;
}

interface Waiter {
  readonly check: (pod: V1Pod | undefined) => boolean;
}

/** Labels of every pod that a run makes, beside the run's own. */
export const SCENARIO_LABEL = 'conformance.eks-pod-identity/scenario';
export const WORKLOAD_LABEL = 'conformance.eks-pod-identity/workload';

export async function watchRunPods(kubernetes: KubernetesClient, run: string): Promise<PodWatcher> {
  const pods = new Map<string, V1Pod>();
  const waiters = new Map<string, Set<Waiter>>();
  const watch = await kubernetes.watchPods(`${RUN_LABEL}=${run}`, (pod, deleted) => {
    const key = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
    if (deleted) pods.delete(key);
    else pods.set(key, pod);
    for (const waiter of waiters.get(key) ?? []) if (waiter.check(pods.get(key))) waiters.get(key)?.delete(waiter);
  });

  const until = <T>(key: string, signal: AbortSignal, decide: (pod: V1Pod | undefined) => T | undefined): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const set = waiters.get(key) ?? new Set<Waiter>();
      waiters.set(key, set);
      const end = (): void => {
        set.delete(waiter);
        clearInterval(timer);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const check = (pod: V1Pod | undefined): boolean => {
        try {
          const value = decide(pod);
          if (value === undefined) return false;
          end();
          resolve(value);
        } catch (error) {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        return true;
      };
      const waiter: Waiter = { check };
      // How long a pod has waited changes nothing that a watch would tell.
      const timer = setInterval(() => check(pods.get(key)), RECHECK_MILLISECONDS);
      timer.unref();
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      if (!check(pods.get(key))) set.add(waiter);
    });

  return {
    started: (namespace, name, container, signal) => {
      let since: number | undefined;
      let seen = false;
      return until(`${namespace}/${name}`, signal, (pod) => {
        if (pod === undefined) {
          if (!seen) return undefined;
          throw new HarnessError(
            'POD_FAILED',
            `Pod ${namespace}/${name} was deleted before it had started: see who did.`,
          );
        }
        seen = true;
        if (hasEnded(pod, container)) return pod;
        const statuses = statusesOf(pod);
        const stuck = stuckWaiting(statuses);
        since = stuck === undefined ? undefined : (since ?? performance.now());
        if (stuck !== undefined && performance.now() - (since ?? 0) >= stuck.patience)
          throw new HarnessError('POD_FAILED', `Pod ${namespace}/${name} cannot start: ${stuck.words}.`);
        const running = statuses.find((status) => status.name === container)?.state?.running;
        return running === undefined ? undefined : pod;
      });
    },
    ended: (namespace, name, container) => {
      const pod = pods.get(`${namespace}/${name}`);
      return pod !== undefined && hasEnded(pod, container) ? pod : undefined;
    },
    gone: (namespace, name, signal) =>
      until(`${namespace}/${name}`, signal, (pod) => (pod === undefined ? true : undefined)).then(() => undefined),
    nodesOf: (scenario) =>
      new Set(
        [...pods.values()]
          .filter((pod) => pod.metadata?.labels?.[SCENARIO_LABEL] === scenario)
          .map((pod) => pod.spec?.nodeName ?? ''),
      ),
    stop: () => watch.stop(),
  };
}

const statusesOf = (pod: V1Pod): V1ContainerStatus[] => [
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.containerStatuses ?? []),
];

const hasEnded = (pod: V1Pod, container: string): boolean =>
  pod.status?.phase === 'Succeeded' ||
  pod.status?.phase === 'Failed' ||
  statusesOf(pod).find((status) => status.name === container)?.state?.terminated !== undefined;

const RECHECK_MILLISECONDS = 1000;

/** A container that waits for what may not come, and how long it may. */
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
