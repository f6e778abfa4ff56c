/** What scenarios of several suites declare. */
import { allow, podIdentityRole, type PermissionStatement } from '../../harness/index.ts';

/** A pod of a role; one that is not started is asked for by its association alone. */
export const APP = { app: { role: 'app' } } as const;
/** One pod with an association, whose role has these permissions. */
export const appWith = (...permissions: readonly PermissionStatement[]) => ({
  roles: { app: podIdentityRole(...permissions) },
  workloads: APP,
});
/** One pod with an association, where it does not matter what its role may do. */
export const ASSOCIATED = { roles: { app: podIdentityRole() }, workloads: { app: { role: 'app' } } } as const;
export const readData = allow('s3:GetObject', 'data/*');
/** A session by web identity, with a token of its own. */
export const WEB = { role: 'app', token: 'web' } as const;
export const WEB_TOKEN = { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } } as const;
/** No pod runs: such a token of its service account is asked with. */
export const BY_TOKEN = { workloads: { app: {} }, tokens: WEB_TOKEN } as const;
/** The object's tags of these keys have the values of the session's tags. */
export const sameTag = (...keys: readonly string[]) => ({
  StringEquals: Object.fromEntries(keys.map((key) => [`s3:ExistingObjectTag/${key}`, `\${aws:PrincipalTag/${key}}`])),
});
/** The tags of a session that EKS Auth opens. */
export const SESSION_TAGS = [
  'eks-cluster-arn',
  'eks-cluster-name',
  'kubernetes-namespace',
  'kubernetes-service-account',
  'kubernetes-pod-name',
  'kubernetes-pod-uid',
];
/** The audience of tokens of Pod Identity, and its service principal. */
export const POD_IDENTITY = 'pods.eks.amazonaws.com';
/** Where pods have these. */
export const TOKEN_DIRECTORY = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
export const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];
export const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
/** Of pods that are only admitted, not run. */
export const IMAGE = 'example.com/app:1';
