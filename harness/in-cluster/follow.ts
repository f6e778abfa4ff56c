import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { podProblem, type PodProblem } from '../../clusters/in-cluster/pod-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { hasStatus, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

export interface FollowOptions {
  readonly connection: Connection;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Receives each line of the log, again if the log is read again. */
  readonly onLine: (line: string) => void;
  /** Receives what happened to the log's stream, in a sentence. */
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
  readonly times?: Partial<typeof TIMES>;
}

/** How a pod's only container ended; `gone`: the reason why this is unknown. */
export type Ending = { readonly exitCode: number } | { readonly gone: string };

const TIMES = {
  /** Between two checks of the pod. */
  every: 1000,
  /** Longest silence of the API server. */
  silence: 600_000,
  /** After the grace period of a pod whose node does not answer. */
  overdue: 30_000,
};

/**
 * Follows the log of a Job's pod until the pod ends, also when the stream breaks. Throws `ClusterError` IMAGE_MISSING,
 * IMAGE_BROKEN or CLUSTER_UNREACHABLE.
 */
export async function followPod(options: FollowOptions): Promise<Ending> {
  const times = { ...TIMES, ...options.times };
  let pod: V1Pod | undefined;
  let answered = Date.now();
  let stuck: number | undefined;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      const found = await podOf(options);
      answered = Date.now();
      if (found === undefined && pod !== undefined) return { gone: 'its pod was deleted' };
      pod = found;
      const exitCode = pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
      if (exitCode !== undefined) {
        await readLog(options, pod, false);
        return { exitCode };
      }
      // Evicted before it ran, or lost by its kubelet.
      if (pod?.status?.phase === 'Failed') return { gone: `its pod failed (${pod.status.reason ?? 'unknown reason'})` };
      if (isOverdue(pod, times.overdue)) return { gone: `its node ${pod?.spec?.nodeName} does not answer` };
      const problem = pod && podProblem(pod);
      stuck = problem && (stuck ?? Date.now());
      if (problem !== undefined && Date.now() - (stuck ?? 0) >= problem.patience) throw cannotStart(pod, problem);
      if (pod?.status?.containerStatuses?.[0]?.state?.running !== undefined) await readLog(options, pod, true);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof ClusterError || !isPassing(error)) throw error;
      if (Date.now() - answered > times.silence)
        throw new ClusterError(
          'CLUSTER_UNREACHABLE',
          `The API server has not answered for ${times.silence / 1000} s (${(error as Error).message}): the runner goes on in namespace ${options.namespace}; delete that to end it.`,
          { blame: 'environment', cause: error },
        );
      options.note(`The runner's log broke off (${(error as Error).message}): it is read again.`);
    }
    await sleep(times.every, undefined, { signal: options.signal });
  }
}

/** Whether the error may pass: the log of a container that is being started or deleted answers 400 or 404. */
const isPassing = (error: unknown): boolean => isTransient(error) || hasStatus(error, 400, 404);

async function podOf({ connection, namespace, labels, signal }: FollowOptions): Promise<V1Pod | undefined> {
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const query = new URLSearchParams({ labelSelector: selector.join() }).toString();
  const path = `/api/v1/namespaces/${namespace}/pods?${query}`;
  return (await connection.json<{ items: readonly V1Pod[] }>('GET', path, undefined, signal)).items[0];
}

async function readLog(options: FollowOptions, pod: V1Pod | undefined, follow: boolean): Promise<void> {
  const { connection, namespace, onLine, signal } = options;
  const path = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata?.name}/log?follow=${follow}`;
  for await (const line of createInterface({ input: await connection.open(path, signal) })) onLine(line);
}

/** `deletionTimestamp` is the end of the grace period (Kubernetes API, ObjectMeta), in the API server's time. */
const isOverdue = (pod: V1Pod | undefined, overdue: number): boolean =>
  pod?.metadata?.deletionTimestamp !== undefined &&
  Date.now() - new Date(pod.metadata.deletionTimestamp).getTime() > overdue;

function cannotStart(pod: V1Pod | undefined, { kind, message }: PodProblem): ClusterError {
  const image = pod?.spec?.containers[0]?.image ?? 'unknown';
  return new ClusterError(
    kind === 'image' ? 'IMAGE_MISSING' : 'IMAGE_BROKEN',
    `The runner cannot be started from image ${image} (--runner-image) on node ${pod?.spec?.nodeName}: ${message.slice(0, 300)}.`,
  );
}
