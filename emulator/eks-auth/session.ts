import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { contextOf } from '../../identity/policy/request-context.ts';
import { podKey } from '../core/pod-key.ts';
import type { ServiceRequest } from '../core/service.ts';
import { newUuid } from '../eks/ids.ts';
import type { Association, Cluster } from '../world/eks-model.ts';
import { assumeRole, type AssumedRole, type AssumeRoleInput } from '../sts/assume-role.ts';
import { POD_IDENTITY_AUDIENCE, type PodIdentity } from './token.ts';

/** Six hours, as observed on AWS (undocumented). The role's maximum does not limit AWS services. */
const SESSION_SECONDS = 6 * 3600;
/** EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles". */
const TARGET_SESSION_SECONDS = 59 * 60;
const NAME_PART_LENGTH = 10;

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
  const { cluster, context, identity } = call;
  const { namespace, pod } = identity;
  const requestContext = context.world.podContexts.get(
    podKey({ clusterName: cluster.name, namespace, name: pod.name }),
  );
  const sessionName = newSessionName(call);
  const { targetRoleArn, policy } = association;
  const sessionPolicies = policy === undefined ? [] : [policy];
  const base = assume(call, {
    principal: { kind: 'service', service: POD_IDENTITY_AUDIENCE, accountId: cluster.accountId },
    roleArn: association.roleArn,
    sessionName,
    durationSeconds: longest,
    ...sessionTags(call, association),
    context: {
      ...contextOf(requestContext, 'service', 'resource'),
      ...{ 'aws:SourceAccount': cluster.accountId, 'aws:SourceArn': cluster.arn },
    },
    requestContext,
    sessionPolicies: targetRoleArn === undefined ? sessionPolicies : [],
  });
  if (targetRoleArn === undefined) return base;
  return assume(call, {
    // EKS Auth sends this request, so it does not come from the pod's network.
    principal: { ...base.session, requestContext: contextOf(requestContext, 'principal', 'resource') },
    roleArn: targetRoleArn,
    sessionName,
    durationSeconds: Math.min(longest, TARGET_SESSION_SECONDS),
    // The external id is only sent without the transitive tags.
    externalId: association.disableSessionTags ? association.externalId : undefined,
    sessionPolicies,
    requestContext,
  });
}

/** EKS User Guide, "Grant Pods access to AWS resources based on tags": six tags, all transitive. */
function sessionTags(
  { cluster, identity }: PodCall,
  association: Association,
): Pick<AssumeRoleInput, 'tags' | 'transitiveTagKeys'> {
  const { namespace, serviceAccount, pod } = identity;
  if (association.disableSessionTags) return {};
  const tags = [
    { key: 'eks-cluster-arn', value: cluster.arn },
    { key: 'eks-cluster-name', value: cluster.name },
    { key: 'kubernetes-namespace', value: namespace },
    { key: 'kubernetes-service-account', value: serviceAccount },
    { key: 'kubernetes-pod-name', value: pod.name },
    { key: 'kubernetes-pod-uid', value: pod.uid },
  ];
  return { tags, transitiveTagKeys: tags.map(({ key }) => key) };
}

/** Returns `eks-<cluster>-<pod>-<UUID>`, truncated to the length of a session name. */
function newSessionName({ context, cluster, identity }: PodCall): string {
  const names = [cluster.name, identity.pod.name].map((name) => name.slice(0, NAME_PART_LENGTH));
  return `eks-${names.join('-')}-${newUuid(context.world)}`;
}

function assume({ context, request }: PodCall, input: AssumeRoleInput): AssumedRole {
  try {
    return assumeRole(context, request, input);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    context.trace(request).notes.push(`${input.roleArn} cannot be assumed: ${error.message}`);
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
