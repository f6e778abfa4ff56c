import { randomBytes } from 'node:crypto';
import { timestamp, type Clock, type ObjectStore } from '../api-server/types.ts';
import type { Pod } from './spec.ts';

export type EventReason =
  | 'Scheduled'
  | 'Pulled'
  | 'Created'
  | 'Started'
  | 'Killing'
  | 'BackOff'
  | 'Failed'
  | 'FailedMount'
  | 'RunAsUserIgnored';

const WARNINGS: ReadonlySet<EventReason> = new Set(['BackOff', 'Failed', 'FailedMount', 'RunAsUserIgnored']);

/** Writes the kubelet's events about pods. */
export class EventRecorder {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #node: string;

  constructor(store: ObjectStore, clock: Clock, node: string) {
    this.#store = store;
    this.#clock = clock;
    this.#node = node;
  }

  record(pod: Pod, reason: EventReason, message: string, container?: string): void {
    // The one event that is not the kubelet's own: no scheduler runs here that would write it.
    const component = reason === 'Scheduled' ? 'default-scheduler' : 'kubelet';
    const now = timestamp(this.#clock.now());
    const namespace = pod.metadata.namespace ?? 'default';
    this.#store.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${pod.metadata.name}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace,
        name: pod.metadata.name,
        uid: pod.metadata.uid,
        ...(container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }),
      },
      reason,
      message,
      type: WARNINGS.has(reason) ? 'Warning' : 'Normal',
      source: component === 'kubelet' ? { component, host: this.#node } : { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: this.#node,
    });
  }
}
