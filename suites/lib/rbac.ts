/** RBAC rules, and the request for the caller's own identity. */
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
