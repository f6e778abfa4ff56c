/** Roles and probes for reads that a policy allows or denies. */
import { allow, denied, getObject, granted, podIdentityRole, type Conditions } from '../../../harness/index.ts';
import { NOT_ALLOWED } from '../../lib/outcomes.ts';

type Refusal = Parameters<typeof denied>[2];
/** Returns a role that may read objects with this path in bucket `data`. */
export const reader = (path: string, conditions?: Conditions) =>
  podIdentityRole(allow('s3:GetObject', `data/${path}`, conditions));
/** The workload may read the first object but not the second. */
export const readsFirst = (workload: string, first: string, second: string, refusal: Refusal = NOT_ALLOWED) => ({
  objects: [first, second],
  probes: [granted(workload, getObject(first)), denied(workload, getObject(second), refusal)],
});
