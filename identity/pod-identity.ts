import { assumeRole } from './assume-role.ts';
import { contextOf, type RequestContext } from './policy/global-keys.ts';
import type { Principal, SessionTag } from './policy/principal.ts';
import { keyed } from './policy/tag-context.ts';
import type { Path, Question, Session, UnknownKeys } from './question.ts';
import { accountOf, type Role } from './role.ts';

/** The service principal and the token audience (EKS User Guide, "EKS Pod Identity role"). */
export const POD_IDENTITY_SERVICE = 'pods.eks.amazonaws.com';

export interface EksCluster {
  readonly name: string;
  readonly arn: string;
}

export interface ServiceAccount {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** A pod, or a service account of which no pod is known. */
export interface PodSubject extends ServiceAccount {
  readonly pod?: { readonly name: string; readonly uid?: string } | undefined;
}

/** An association, with its roles as far as they are known. */
export interface PodIdentityBinding {
  readonly cluster: EksCluster;
  readonly subject: PodSubject;
  readonly role: Role;
  readonly targetRole?: Role | undefined;
  /** JSON text of the session policy. */
  readonly policy?: string | undefined;
  readonly disableSessionTags?: boolean | undefined;
  readonly externalId?: string | undefined;
  /** A UUID that distinguishes sessions of the same pod. Default: it is not known. */
  readonly sessionId?: string;
  readonly requestContext?: RequestContext | undefined;
  /** Milliseconds since the epoch. */
  readonly issuedAt?: number;
}

const SESSION_ID = '00000000-0000-4000-8000-000000000000';
const NAME_PART_LENGTH = 10;
/** Stands for the name or UID of a pod that is not known. */
const UNKNOWN_POD = 'unknown-pod';

/** Returns the six tags, all transitive, and which of them are not known (EKS User Guide, "Grant Pods access to AWS resources based on tags"). */
export function podIdentityTags(
  { name, arn }: EksCluster,
  { namespace, serviceAccount, pod }: PodSubject,
): { readonly tags: readonly SessionTag[]; readonly unknown: UnknownKeys } {
  const values = {
    'eks-cluster-arn': arn,
    'eks-cluster-name': name,
    'kubernetes-namespace': namespace,
    'kubernetes-service-account': serviceAccount,
    'kubernetes-pod-name': pod?.name,
    'kubernetes-pod-uid': pod?.uid,
  };
  const all = Object.entries(values);
  return {
    tags: all.map(([key, value]) => ({ key, value: value ?? UNKNOWN_POD, transitive: true })),
    unknown: keyed(
      'aws:RequestTag/',
      all.flatMap(([key, value]) => (value === undefined ? [[key, ''] as const] : [])),
    ),
  };
}

/** Returns the beginning `eks-<cluster>-<pod>-` of a session's name, as far as it is known. */
const sessionNameStart = ({ name }: EksCluster, pod?: string): string =>
  ['eks', name, ...(pod === undefined ? [] : [pod])].map((part) => `${part.slice(0, NAME_PART_LENGTH)}-`).join('');

/** Returns `eks-<cluster>-<pod>-<UUID>` with ten characters of each name, as observed on AWS. */
export const podIdentitySessionName = (cluster: EksCluster, pod: string, id = SESSION_ID): string =>
  sessionNameStart(cluster, pod) + id;

/**
 * Returns `<region>/<account>/<cluster>/<namespace>/<service account>` (EKS User Guide, "Access AWS resources using EKS Pod Identity
 * target IAM roles").
 */
export function externalIdOf({ name, arn }: EksCluster, { namespace, serviceAccount }: ServiceAccount): string {
  return [arn.split(':')[3], accountOf(arn), name, namespace, serviceAccount].join('/');
}

/** Returns the question whether a node may ask EKS Auth for credentials (EKS Auth API Reference, AssumeRoleForPodIdentity). */
export const nodeQuestion = (
  clusterArn: string,
  principal: Principal,
  tags: Iterable<readonly [string, string]> = [],
): Question => ({
  stage: 'node',
  principal,
  action: 'eks-auth:AssumeRoleForPodIdentity',
  ...{ resource: clusterArn, resourceAccount: accountOf(clusterArn) },
  context: keyed('aws:ResourceTag/', tags),
  unknown: {},
});

/**
 * Yields what AWS asks when EKS Auth opens a session of an association's role or, through it, of the target role (EKS User Guide, "Learn
 * how EKS Pod Identity works" and "Access AWS resources using EKS Pod Identity target IAM roles").
 */
export function* podIdentitySession(binding: PodIdentityBinding): Path<Session> {
  const { cluster, subject, targetRole, policy, disableSessionTags, requestContext } = binding;
  const { tags, unknown } = disableSessionTags ? { tags: [], unknown: {} } : podIdentityTags(cluster, subject);
  const sessionName = podIdentitySessionName(cluster, subject.pod?.name ?? UNKNOWN_POD, binding.sessionId);
  const accountId = accountOf(cluster.arn);
  const sessionPolicies = policy === undefined ? [] : [policy];
  const common = {
    sessionName,
    requestContext,
    ...(binding.issuedAt !== undefined && { issuedAt: binding.issuedAt }),
    unknown: {
      ...unknown,
      ...((binding.sessionId === undefined || !subject.pod) && {
        'sts:RoleSessionName': sessionNameStart(cluster, subject.pod?.name),
      }),
    },
  };
  const base = yield* assumeRole('trust', {
    ...common,
    principal: { kind: 'service', service: POD_IDENTITY_SERVICE, accountId },
    role: binding.role,
    tags,
    context: {
      ...contextOf(requestContext, 'service', 'resource'),
      ...{ 'aws:SourceAccount': accountId, 'aws:SourceArn': cluster.arn },
    },
    sessionPolicies: targetRole === undefined ? sessionPolicies : [],
  });
  if (targetRole === undefined) return base;
  return yield* assumeRole('target role', {
    ...common,
    // EKS Auth sends this request, so it does not come from the pod's network.
    principal: { ...base.principal, requestContext: contextOf(requestContext, 'principal', 'resource') },
    role: targetRole,
    // The external id is only sent without the transitive tags.
    externalId: disableSessionTags ? binding.externalId : undefined,
    sessionPolicies,
    unknown: { ...common.unknown, ...base.unknown },
  });
}
