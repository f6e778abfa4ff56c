/** RBAC rules, and the request for the caller's own identity. */
import type { CheckContext } from '../../harness/index.ts';
import { withoutOverload } from './errors.ts';

export const GROUP = 'rbac.authorization.k8s.io';

/** A rule for the core group, unless it names other groups. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export const ofCore = (rule: Rule) => ({ apiGroups: [''], ...rule });

const AUTHENTICATION = 'authentication.k8s.io/v1';
/** Returns the identity of the caller. */
export const SELF_REVIEW = {
  path: `/apis/${AUTHENTICATION}/selfsubjectreviews`,
  body: { apiVersion: AUTHENTICATION, kind: 'SelfSubjectReview' },
} as const;

/** Returns `allowed` or `denied` for a SubjectAccessReview, or the HTTP status if the review is rejected. */
export async function reviewed({ kubernetes }: Pick<CheckContext, 'kubernetes'>, spec: object): Promise<string> {
  const apiVersion = 'authorization.k8s.io/v1';
  const body = { apiVersion, kind: 'SubjectAccessReview', spec };
  const answer = await kubernetes({ method: 'POST', path: `/apis/${apiVersion}/subjectaccessreviews`, body });
  if (withoutOverload('The API server', answer.status) !== 201) return String(answer.status);
  return (JSON.parse(answer.body) as { status: { allowed: boolean } }).status.allowed ? 'allowed' : 'denied';
}
