import { orNull, record, text } from '../scenario/form.ts';
import {
  annotateServiceAccount as annotate,
  recreateServiceAccount as recreate,
} from '../world/fixtures/service-accounts.ts';
import { workload } from '../scenario/scenario-context.ts';
import { defineStep } from '../scenario/operation-registry.ts';

const refersTo = (step: { readonly workload: string }) => ({ workloads: [step.workload] });

export const annotateServiceAccount = defineStep(
  'AnnotateServiceAccount',
  (workload: string, annotations: Readonly<Record<string, string | null>>) => ({ workload, annotations }),
  {
    form: { workload: text, annotations: record(orNull(text), 'an object') },
    refersTo,
    perform: ({ context }, step) => annotate(context, workload(context, step.workload), step.annotations),
  },
);

export const recreateServiceAccount = defineStep('RecreateServiceAccount', (workload: string) => ({ workload }), {
  form: { workload: text },
  refersTo,
  perform: ({ context }, step) => recreate(context, workload(context, step.workload)),
});
