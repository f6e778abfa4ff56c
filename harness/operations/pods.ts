/** Steps that start and end workloads' pods. */
import type { StepOf } from '../scenario/spec.ts';
import { defineStep } from './registry.ts';

interface OfPod extends StepOf<string> {
  readonly workload: string;
}

export const startPod = (workload: string): OfPod => ({ kind: 'action', do: 'StartPod', workload });
export const restartPod = (workload: string): OfPod => ({ kind: 'action', do: 'RestartPod', workload });
export const deletePod = (workload: string): OfPod => ({ kind: 'action', do: 'DeletePod', workload });

const common = {
  refersTo: ({ workload }: OfPod) => ({ workloads: [workload] }),
  keepsCredentials: true,
} as const;
const endsPodOf = ({ workload }: OfPod): string => workload;
/** What a pod takes to start, in seconds or so. */
const waitSeconds = (): number => 1;

defineStep<OfPod>({
  ...common,
  name: 'StartPod',
  waitSeconds,
  perform: ({ pods }, { workload }) => pods.start(workload),
});

defineStep<OfPod>({
  ...common,
  name: 'RestartPod',
  waitSeconds,
  endsPodOf,
  perform: ({ pods }, { workload }) => pods.restart(workload),
});

defineStep<OfPod>({
  ...common,
  name: 'DeletePod',
  endsPodOf,
  perform: ({ pods }, { workload }) => pods.remove(workload),
});
