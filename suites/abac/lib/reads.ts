/** Objects that a policy keeps apart. */
import { allow, denied, getObject, granted, podIdentityRole, type Conditions } from '../../../harness/index.ts';
import { NOT_ALLOWED } from '../../lib/outcomes.ts';

type Refusal = Parameters<typeof denied>[2];
/** A role that reads objects of the bucket `data`, by their path. */
export const reader = (path: string, conditions?: Conditions) =>
  podIdentityRole(allow('s3:GetObject', `data/${path}`, conditions));
/** Of two objects, the workload may read the first and not the second. */
export const readsFirst = (workload: string, first: string, second: string, refusal: Refusal = NOT_ALLOWED) => ({
  objects: [first, second],
  probes: [granted(workload, getObject(first)), denied(workload, getObject(second), refusal)],
});
