import { associationOf } from '../scenario/parts.ts';
import type { WorkloadSpec } from '../scenario/spec.ts';

/** Returns the pods that a workload's association or annotation is for. */
export const subjectOf = ({ cluster = 'c1', namespace = 'app', serviceAccount = 'app' }: WorkloadSpec) => ({
  ...{ cluster, namespace, serviceAccount },
});

export const audienceOf = ({ serviceAccountAnnotations }: WorkloadSpec): string | undefined =>
  serviceAccountAnnotations?.['audience'];

/** Returns the members of a workload that decide which role its pods get, and with which context; undefined without a role. */
export function grantOf(workload: WorkloadSpec): WorkloadSpec | undefined {
  const { cluster, namespace, serviceAccount, role, irsa, context } = workload;
  if (role === undefined && typeof irsa !== 'string') return undefined;
  const audience = audienceOf(workload);
  return {
    ...(cluster === 'c2' && { cluster }),
    ...(namespace !== undefined && { namespace }),
    ...(serviceAccount !== undefined && { serviceAccount }),
    ...(role === undefined ? { irsa: irsa as string } : { role }),
    ...(audience !== undefined && { serviceAccountAnnotations: { audience } }),
    ...(context !== undefined && { context }),
  };
}

/** Returns the role whose session pods of the workload get. */
export function roleOf(workload: WorkloadSpec): string | undefined {
  const { targetRole, role = workload.irsa } = associationOf(workload) ?? {};
  return targetRole ?? (typeof role === 'string' ? role : undefined);
}

const textOf = (...values: readonly unknown[]): string => JSON.stringify(values);

export const isSameSubject = (one: WorkloadSpec, other: WorkloadSpec): boolean =>
  textOf(subjectOf(one)) === textOf(subjectOf(other));

/** Whether pods of both workloads have the same identity. */
export const hasSameRole = (one: WorkloadSpec, other: WorkloadSpec): boolean =>
  isSameSubject(one, other) &&
  textOf(associationOf(one), one.irsa, audienceOf(one)) === textOf(associationOf(other), other.irsa, audienceOf(other));

/** Whether pods of both workloads get the same answers. */
export const isSame = (one: WorkloadSpec, other: WorkloadSpec): boolean =>
  hasSameRole(one, other) && textOf(one.context) === textOf(other.context);
