import { text } from '../scenario/form.ts';
import type { StepDescriptor } from '../scenario/descriptor.ts';
import { defineStep } from '../scenario/operation-registry.ts';
import type { ActionStep } from '../scenario/spec.ts';

interface OfPod extends ActionStep {
  readonly workload: string;
}

const ofPod = (name: string, fields: Pick<StepDescriptor<OfPod>, 'perform' | 'waitSeconds' | 'endsPodOf'>) =>
  defineStep(name, (workload: string) => ({ workload }), {
    ...fields,
    form: { workload: text },
    refersTo: ({ workload }) => ({ workloads: [workload] }),
    keepsCredentials: true,
  });

const endsPodOf = ({ workload }: OfPod): string => workload;
/** Approximate seconds that a pod takes to start. */
const waitSeconds = (): number => 1;

export const startPod = ofPod('StartPod', {
  waitSeconds,
  perform: ({ pods }, { workload }) => pods.start(workload),
});
export const restartPod = ofPod('RestartPod', {
  waitSeconds,
  endsPodOf,
  perform: ({ pods }, { workload }) => pods.restart(workload),
});
export const deletePod = ofPod('DeletePod', {
  endsPodOf,
  perform: ({ pods }, { workload }) => pods.remove(workload),
});
