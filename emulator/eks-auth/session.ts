import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { podKey } from '../core/pod-key.ts';
import type { ServiceRequest } from '../core/service.ts';
import { newUuid } from '../eks/ids.ts';
import { podIdentitySession } from '../../identity/pod-identity.ts';
import type { Association, Cluster } from '../world/eks-model.ts';
import { findRole, grantSession, type AssumedRole } from '../sts/assume-role.ts';
import type { PodIdentity } from './token.ts';

/** Six hours, as observed on AWS (undocumented). The role's maximum does not limit AWS services. */
const SESSION_SECONDS = 6 * 3600;
/** EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles". */
const TARGET_SESSION_SECONDS = 59 * 60;

/** A call whose token was verified. */
export interface PodCall {
  readonly context: ServiceContext;
  readonly request: ServiceRequest;
  readonly cluster: Cluster;
  readonly identity: PodIdentity;
}

/**
 * Opens a session of the association's role or, through it, of the target role, for at most `longest` seconds. Throws
 * `AccessDeniedException`, or `InvalidRequestException` (400) if tags and policy are too large.
 */
export function openSession(call: PodCall, association: Association, longest = SESSION_SECONDS): AssumedRole {
  const { cluster, context, identity, request } = call;
  const { namespace, pod } = identity;
  const { roleArn, targetRoleArn, policy, disableSessionTags, externalId } = association;
  const { notes } = context.trace(request);
  const roleOf = (arn: string) => findRole(context.world, arn) ?? { arn, tags: [] };
  const path = podIdentitySession({
    ...{ cluster, subject: identity, policy, disableSessionTags, externalId, sessionId: newUuid(context.world) },
    issuedAt: Math.floor(context.world.clock.now() / 1000) * 1000,
    role: roleOf(roleArn),
    targetRole: targetRoleArn === undefined ? undefined : roleOf(targetRoleArn),
    requestContext: context.world.podContexts.get(podKey({ clusterName: cluster.name, namespace, name: pod.name })),
  });
  const durationSeconds = targetRoleArn === undefined ? longest : Math.min(longest, TARGET_SESSION_SECONDS);
  try {
    return grantSession(context, request, path, { durationSeconds });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    notes.push(`${targetRoleArn ?? roleArn} cannot be assumed: ${error.message}`);
    // The wording is undocumented. EKS's documentation states the code and the remedy.
    if (error.code === 'PackedPolicyTooLarge')
      throw new AwsError('InvalidRequestException', 400, `PackedPolicyTooLarge: ${error.message}`);
    throw new AwsError(
      'AccessDeniedException',
      400,
      'Unauthorized Exception! EKS does not have permissions to assume the associated role.',
    );
  }
}
