/** Steps that start and end workloads' pods. */
import type { StepOf } from '../scenario/spec.ts';
import { action, defineStep } from './registry.ts';

interface OfPod extends StepOf<string> {
  readonly workload: string;
}

export const startPod = (workload: string): OfPod => action('StartPod', { workload });
export const restartPod = (workload: string): OfPod => action('RestartPod', { workload });
export const deletePod = (workload: string): OfPod => action('DeletePod', { workload });

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
