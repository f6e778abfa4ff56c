/** Declarations shared by scenarios of several suites. */
import { allow, podIdentityRole, type PermissionStatement } from '../../harness/index.ts';

/** A workload with an association. Without a running pod, probes use only the association. */
export const APP = { app: { role: 'app' } } as const;
/** Returns one workload with an association, whose role has these permissions. */
export const appWith = (...permissions: readonly PermissionStatement[]) => ({
  roles: { app: podIdentityRole(...permissions) },
  workloads: APP,
});
/** One workload with an association, whose role needs no permissions. */
export const ASSOCIATED = { roles: { app: podIdentityRole() }, workloads: { app: { role: 'app' } } } as const;
export const readData = allow('s3:GetObject', 'data/*');
/** A web identity session with its own token. */
export const WEB = { role: 'app', token: 'web' } as const;
export const WEB_TOKEN = { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } } as const;
/** No pod runs; probes use a token of its service account. */
export const BY_TOKEN = { workloads: { app: {} }, tokens: WEB_TOKEN } as const;
/** Condition: the object's tags with these keys equal the session's. */
export const sameTag = (...keys: readonly string[]) => ({
  StringEquals: Object.fromEntries(keys.map((key) => [`s3:ExistingObjectTag/${key}`, `\${aws:PrincipalTag/${key}}`])),
});
/** Tags that EKS Auth sets on a session. */
export const SESSION_TAGS = [
  'eks-cluster-arn',
  'eks-cluster-name',
  'kubernetes-namespace',
  'kubernetes-service-account',
  'kubernetes-pod-name',
  'kubernetes-pod-uid',
];
/** The audience of Pod Identity tokens, and the service principal. */
export const POD_IDENTITY = 'pods.eks.amazonaws.com';
/** The directory of these tokens in pods. */
export const TOKEN_DIRECTORY = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
export const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];
export const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
/** The image of pods that are admitted but never run. */
export const IMAGE = 'example.com/app:1';
