import { randomBytes } from 'node:crypto';
import { timestamp, type Clock, type KubeObject, type ObjectStore } from '../model/types.ts';

interface Happening {
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
  readonly component: string;
  readonly host?: string;
  readonly instance?: string;
  readonly fieldPath?: string;
}

/** Stores an event about an object (Kubernetes API reference, "Event v1 core"). */
export function recordEvent(store: ObjectStore, clock: Clock, object: KubeObject, happening: Happening): void {
  const { reason, message, type, component, host, instance = '', fieldPath } = happening;
  const { apiVersion, kind } = object;
  const { name, namespace = 'default', uid } = object.metadata;
  const time = timestamp(clock.now());
  store.create('events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject: { apiVersion, kind, namespace, name, uid, ...(fieldPath !== undefined && { fieldPath }) },
    reason,
    message,
    type,
    source: { component, ...(host !== undefined && { host }) },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: instance,
  });
}
