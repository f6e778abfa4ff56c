import { recordEvent } from '../api-server/store/event.ts';
import type { Clock, ObjectStore } from '../api-server/model/types.ts';
import type { Pod } from './spec.ts';

const WARNINGS: readonly string[] = ['BackOff', 'Failed', 'FailedMount', 'RunAsUserIgnored'];

export type EventRecorder = (pod: Pod, reason: string, message: string, container?: string) => void;

export const eventRecorder =
  (store: ObjectStore, clock: Clock, node: string): EventRecorder =>
  (pod, reason, message, container) =>
    recordEvent(store, clock, pod, {
      reason,
      message,
      type: WARNINGS.includes(reason) ? 'Warning' : 'Normal',
      instance: node,
      // The scheduler of this project does not write this event.
      ...(reason === 'Scheduled' ? { component: 'default-scheduler' } : { component: 'kubelet', host: node }),
      ...(container !== undefined && { fieldPath: `spec.containers{${container}}` }),
    });
