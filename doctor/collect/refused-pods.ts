import type { CoreV1Event, V1DaemonSet, V1Job, V1ReplicaSet, V1StatefulSet } from '@kubernetes/client-node';
import { isTrue, objectOf, type RawObject, type RefusedPods } from '../snapshot/kubernetes.ts';

/** Returns the pods that a ReplicaSet's controller reports as refused; an empty list if it reports no refusals. */
export function refusedOf(set: V1ReplicaSet): RefusedPods[] {
  const failure = set.status?.conditions?.find(isTrue('ReplicaFailure'));
  return failure ? [{ ...objectOf(set), kind: 'ReplicaSet', message: failure.message ?? '' }] : [];
}

/** An object that has fewer pods than it needs. Its controller reports the reason in an event only. */
type ShortOfPods = Omit<RefusedPods, 'message'>;

const shortOf = (kind: string, object: RawObject, pods = 0, wanted = 0): ShortOfPods[] =>
  pods < wanted ? [{ ...objectOf(object), kind }] : [];

export const shortStatefulSet = (set: V1StatefulSet): ShortOfPods[] =>
  shortOf('StatefulSet', set, set.status?.replicas, set.spec?.replicas ?? 1);

export const shortDaemonSet = (set: V1DaemonSet): ShortOfPods[] =>
  shortOf('DaemonSet', set, set.status?.currentNumberScheduled, set.status?.desiredNumberScheduled);

export function shortJob({ spec, status, ...job }: V1Job): ShortOfPods[] {
  const { active = 0, succeeded = 0, failed = 0 } = status ?? {};
  return shortOf('Job', job, active + succeeded + failed, spec?.suspend === true ? 0 : 1);
}

/** Returns the object of an event FailedCreate. */
export function failedCreateOf({ involvedObject, metadata, ...event }: CoreV1Event) {
  const time = String(event.lastTimestamp ?? event.eventTime ?? metadata.creationTimestamp);
  return { object: involvedObject, message: event.message ?? '', time };
}

/** Joins objects without pods with their last event. */
export function refusedAmong(
  short: readonly ShortOfPods[],
  events: readonly ReturnType<typeof failedCreateOf>[],
): RefusedPods[] {
  const key = (kind = '', namespace = '', name = ''): string => `${kind} ${namespace}/${name}`;
  const last = new Map(
    [...events]
      .sort((a, b) => a.time.localeCompare(b.time))
      .map(({ object, message }) => [key(object.kind, object.namespace, object.name), message]),
  );
  return short.flatMap((one) => {
    const message = last.get(key(one.kind, one.metadata.namespace, one.metadata.name));
    return message === undefined ? [] : [{ ...one, message }];
  });
}
