import type { ApiContext } from './context.ts';
import { removeOrMark } from './finalizers.ts';
import { timestamp } from '../model/types.ts';
import type { KubeObject } from '../model/types.ts';

/** Seconds; the maximum of a timer. */
const MAX_GRACE = 2_147_483;

/** Marks a pod on a node for deletion by the kubelet. Without a node or grace period, removes it. Returns its last state. */
export function deletePod(
  context: Pick<ApiContext, 'store' | 'clock'>,
  pod: KubeObject,
  graceSeconds?: number,
): KubeObject {
  const { store, clock } = context;
  const { name, namespace } = pod.metadata;
  const spec = pod['spec'] as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const { phase } = (pod['status'] ?? {}) as { phase?: string };
  const ended = phase === 'Succeeded' || phase === 'Failed';
  const requestedSeconds = graceSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  const grace = spec.nodeName && !ended ? Math.min(requestedSeconds, MAX_GRACE) : 0;
  if (grace === 0) return removeOrMark(context, 'pods', store.get('pods', namespace, name) ?? pod);
  const running = pod.metadata.deletionGracePeriodSeconds;
  // A repeated deletion can only shorten the grace period.
  if (running !== undefined && running <= grace) return pod;
  const { resourceVersion: _version, deletionTimestamp: end, ...metadata } = pod.metadata;
  // Starts at the first deletion, but does not end in the past (kubernetes/kubernetes, pull request 122646).
  const now = clock.now();
  const ends = end === undefined ? now + grace * 1000 : Date.parse(end) + (grace - (running ?? 0)) * 1000;
  const deletionTimestamp = timestamp(Math.max(now, ends));
  return store.update('pods', {
    ...pod,
    metadata: { ...metadata, name, deletionTimestamp, deletionGracePeriodSeconds: grace },
  });
}
