/** Rules of roles, and the question who asks. */
export const GROUP = 'rbac.authorization.k8s.io';

/** Of the core group, unless it says otherwise. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export const ofCore = (rule: Rule) => ({ apiGroups: [''], ...rule });

const AUTHENTICATION = 'authentication.k8s.io/v1';
/** Whoever asks is told as whom. */
export const SELF_REVIEW = {
  path: `/apis/${AUTHENTICATION}/selfsubjectreviews`,
  body: { apiVersion: AUTHENTICATION, kind: 'SelfSubjectReview' },
} as const;
