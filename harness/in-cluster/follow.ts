import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { podProblem, type PodProblem } from '../../clusters/in-cluster/pod-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { hasStatus, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';

interface FollowOptions {
  readonly connection: Connection;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Receives each line of the log; repeatedly if the log is read again. */
  readonly onLine: (line: string) => void;
  /** Receives a sentence about each problem with the log's stream. */
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
  readonly times?: Partial<typeof TIMES>;
}

/** The exit code of a pod's only container; `gone`: the reason why it is unknown. */
export type Ending = { readonly exitCode: number } | { readonly gone: string };

const TIMES = {
  /** Interval between checks of the pod. */
  every: 1000,
  /** Maximum time without an answer of the API server. */
  silence: 600_000,
  /** Time after the grace period until the pod's node counts as lost. */
  overdue: 30_000,
};

/**
 * Follows the log of a Job's pod until the pod ends, even if the stream breaks. Throws `ClusterError` IMAGE_MISSING,
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
      const runnerPod = await podOf(options);
      answered = Date.now();
      if (runnerPod === undefined && pod !== undefined) return { gone: 'its pod was deleted' };
      pod = runnerPod;
      const exitCode = pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
      if (exitCode !== undefined) {
        await readLog(options, pod, false);
        return { exitCode };
      }
      // The pod was evicted before it ran, or its kubelet lost it.
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
          `The API server has not answered for ${times.silence / 1000} s (${(error as Error).message}): the runner is still running in namespace ${options.namespace}; delete the namespace to end it.`,
          { blame: 'environment', cause: error },
        );
      options.note(`The stream of the runner's log broke (${(error as Error).message}): reading the log again.`);
    }
    await sleep(times.every, undefined, { signal: options.signal });
  }
}

/** Whether an error may be temporary. Logs of a container that is starting or being deleted return 400 or 404. */
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

/** `deletionTimestamp` is the end of the grace period in the API server's time (Kubernetes API, ObjectMeta). */
const isOverdue = (pod: V1Pod | undefined, overdue: number): boolean =>
  pod?.metadata?.deletionTimestamp !== undefined &&
  Date.now() - new Date(pod.metadata.deletionTimestamp).getTime() > overdue;

function cannotStart(pod: V1Pod | undefined, { kind, message }: PodProblem): ClusterError {
  const image = pod?.spec?.containers[0]?.image ?? 'unknown';
  return new ClusterError(
    kind === 'image' ? 'IMAGE_MISSING' : 'IMAGE_BROKEN',
    `The runner cannot start from image ${image} (--runner-image) on node ${pod?.spec?.nodeName}: ${message.slice(0, 300)}.`,
  );
}
