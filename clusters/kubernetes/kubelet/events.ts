import { recordEvent } from '../api-server/store/event.ts';
import type { Clock, ObjectStore } from '../api-server/model/types.ts';
import type { Pod } from './spec.ts';

const WARNINGS: readonly string[] = ['BackOff', 'Failed', 'FailedMount', 'RunAsUserIgnored'];

export type EventRecorder = (pod: Pod, reason: string, message: string, container?: string) => void;

/** Writes a node's events about its pods. */
export const eventRecorder =
  (store: ObjectStore, clock: Clock, node: string): EventRecorder =>
  (pod, reason, message, container) =>
    recordEvent(store, clock, pod, {
      reason,
      message,
      type: WARNINGS.includes(reason) ? 'Warning' : 'Normal',
      instance: node,
      // The one event that is not the kubelet's own: no scheduler runs here that would write it.
      ...(reason === 'Scheduled' ? { component: 'default-scheduler' } : { component: 'kubelet', host: node }),
      ...(container !== undefined && { fieldPath: `spec.containers{${container}}` }),
    });
