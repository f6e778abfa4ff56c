import type { V1Pod } from '@kubernetes/client-node';
import { HarnessError } from '../errors.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';

/** What the harness waits for in a pod's life. */
export type PodStage = 'started' | 'ended';

/** Follows all pods of a run on one cluster with a single watch. */
export interface PodWatcher {
  /**
   * Resolves when the pod has reached the stage. Throws `HarnessError` POD_FAILED when it cannot (image, scheduling), and
   * the signal's reason when that fires.
   */
  reached(namespace: string, name: string, stage: PodStage, signal: AbortSignal): Promise<V1Pod>;
  gone(namespace: string, name: string, signal: AbortSignal): Promise<void>;
  stop(): void;
}

interface Waiter {
  readonly check: (pod: V1Pod | undefined) => boolean;
}

/** Label of every pod that a run makes. */
export const RUN_LABEL = 'conformance.eks-pod-identity/run';

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
      const abort = (): void => {
        set.delete(waiter);
        reject(signal.reason as Error);
      };
      const check = (pod: V1Pod | undefined): boolean => {
        try {
          const value = decide(pod);
          if (value === undefined) return false;
          signal.removeEventListener('abort', abort);
          resolve(value);
        } catch (error) {
          signal.removeEventListener('abort', abort);
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        return true;
      };
      const waiter: Waiter = { check };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      if (!check(pods.get(key))) set.add(waiter);
    });

  return {
    reached: (namespace, name, stage, signal) =>
      until(`${namespace}/${name}`, signal, (pod) => {
        if (pod === undefined) return undefined;
        const waiting = pod.status?.containerStatuses
          ?.map((status) => status.state?.waiting)
          .find((state) => FATAL_WAITING.has(state?.reason ?? ''));
        if (waiting)
          throw new HarnessError(
            'POD_FAILED',
            `Pod ${namespace}/${name} cannot start: ${waiting.reason}${waiting.message ? `, ${waiting.message}` : ''}.`,
          );
        const phase = pod.status?.phase;
        const ended = phase === 'Succeeded' || phase === 'Failed';
        return ended || (stage === 'started' && phase === 'Running') ? pod : undefined;
      }),
    gone: (namespace, name, signal) =>
      until(`${namespace}/${name}`, signal, (pod) => (pod === undefined ? true : undefined)).then(() => undefined),
    stop: () => watch.stop(),
  };
}

/** Waiting reasons that time does not mend. */
const FATAL_WAITING: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
]);
