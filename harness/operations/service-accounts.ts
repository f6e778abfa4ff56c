/** Steps that change the service account of a workload. */
import type { StepOf } from '../scenario/spec.ts';
import {
  annotateServiceAccount as annotate,
  recreateServiceAccount as recreate,
} from '../world/fixtures/service-accounts.ts';
import { workload } from '../world/world.ts';
import { action, defineStep } from './registry.ts';

interface OfAccount extends StepOf<string> {
  readonly workload: string;
}

interface Annotate extends OfAccount {
  readonly annotations: Readonly<Record<string, string | null>>;
}

export const annotateServiceAccount = (
  workload: string,
  annotations: Readonly<Record<string, string | null>>,
): Annotate => action('AnnotateServiceAccount', { workload, annotations });
/** Deletes the workload's service account and makes it again under the same name. */
export const recreateServiceAccount = (workload: string): OfAccount => action('RecreateServiceAccount', { workload });

const refersTo = ({ workload }: OfAccount) => ({ workloads: [workload] });

defineStep<Annotate>({
  name: 'AnnotateServiceAccount',
  refersTo,
  perform: ({ world }, step) => annotate(world, workload(world, step.workload), step.annotations),
});
defineStep<OfAccount>({
  name: 'RecreateServiceAccount',
  refersTo,
  perform: ({ world }, step) => recreate(world, workload(world, step.workload)),
});
