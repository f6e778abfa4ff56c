import type { Role } from '../snapshot/aws.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { credentialsOf, hasOwnToken } from './injection.ts';
import { parseRoleArn } from './irsa.ts';
import { podIdentityTrust, targetTrust, webIdentityTrust, type Subject, type TrustDecision } from './trust.ts';

/** Where a container's credentials come from, in the order of the SDKs' default chains. */
export const MECHANISMS = ['static-keys', 'web-identity', 'pod-identity', 'node-role', 'none', 'unknown'] as const;
export type Mechanism = (typeof MECHANISMS)[number];

/** The identity that the AWS SDK in a container gets, as far as it can be seen from outside. */
export interface PredictedIdentity {
  readonly mechanism: Mechanism;
  /** The role, if credentials are issued. */
  readonly roleArn?: string;
  /** Why there are no credentials, or why the identity is unknown. */
  readonly reason?: string;
}

export const subjectOf = ({ metadata, serviceAccountName }: Pod): Subject => ({
  namespace: metadata.namespace ?? 'default',
  serviceAccount: serviceAccountName,
  podName: metadata.name,
  ...(metadata.uid !== undefined && { podUid: metadata.uid }),
});

/** Predicts the identity of a pod's container (AWS SDKs and Tools Reference Guide, "Standardized credential providers"). */
export function identityOf(facts: ClusterFacts, pod: Pod, container = pod.containers[0]): PredictedIdentity {
  const source = credentialSource(facts, pod, container);
  if (source.mechanism === 'web-identity')
    return byWebIdentity(facts, source.roleArn ?? '', audienceOf(pod), subjectOf(pod));
  return source.mechanism === 'pod-identity' ? byPodIdentity(facts, subjectOf(pod)) : source;
}

/** Returns the first provider in a container that the SDK's chain finds. Trust policies are not evaluated. */
export function credentialSource(facts: ClusterFacts, pod: Pod, container = pod.containers[0]): PredictedIdentity {
  if (container === undefined) return { mechanism: 'unknown', reason: 'the pod has no container' };
  const { preferred, webIdentityRole, podIdentity } = credentialsOf(container);
  if (preferred.includes('AWS_ACCESS_KEY_ID'))
    return { mechanism: 'static-keys', reason: 'the container sets AWS_ACCESS_KEY_ID' };
  if (preferred.length > 0)
    return { mechanism: 'unknown', reason: `the container sets ${preferred.join(', ')}, whose files are not read` };
  if (webIdentityRole !== undefined) return { mechanism: 'web-identity', roleArn: webIdentityRole };
  if (podIdentity && !hasOwnToken(pod, container))
    return { mechanism: 'unknown', reason: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is not a token volume of the pod' };
  return podIdentity ? { mechanism: 'pod-identity' } : fromNode(facts, pod, container);
}

/** The audience of the volume that the webhook adds for STS. */
export const audienceOf = ({ tokenVolumes }: Pod): string =>
  tokenVolumes.find(({ volume }) => volume === 'aws-iam-token')?.audience ?? 'sts.amazonaws.com';

const judged = (mechanism: Mechanism, roleArn: string, { value, reason }: TrustDecision): PredictedIdentity =>
  value === 'allowed'
    ? { mechanism, roleArn }
    : { mechanism: value === 'denied' ? 'none' : 'unknown', reason: reason ?? 'the trust policy denies it' };

/** A role that was read, or the answer without it. */
export function known(facts: ClusterFacts, arn: string): Role | PredictedIdentity {
  const role = facts.role(arn);
  if (role) return role;
  if (parseRoleArn(arn) === undefined) return { mechanism: 'none', reason: `${arn} is not the ARN of a role` };
  return role === null
    ? { mechanism: 'none', reason: `role ${arn} does not exist` }
    : { mechanism: 'unknown', reason: `role ${arn} could not be read` };
}

export const isRole = (value: Role | PredictedIdentity): value is Role => 'trustPolicy' in value;

export function byWebIdentity(
  facts: ClusterFacts,
  roleArn: string,
  audience: string,
  subject: Subject,
): PredictedIdentity {
  if (roleArn === '') return { mechanism: 'unknown', reason: 'AWS_ROLE_ARN has no readable value' };
  const role = known(facts, roleArn);
  if (!isRole(role)) return role;
  const { issuer, provider } = facts;
  if (issuer === undefined || facts.snapshot.aws?.oidcProviders === undefined)
    return { mechanism: 'unknown', reason: "the cluster's issuer or the IAM OIDC providers could not be read" };
  if (provider === undefined)
    return { mechanism: 'none', reason: `the account has no IAM OIDC provider for ${issuer}` };
  if (!provider.clientIds.includes(audience))
    return { mechanism: 'none', reason: `the IAM OIDC provider does not have the audience ${audience}` };
  return judged('web-identity', roleArn, webIdentityTrust(role, { arn: provider.arn, issuer }, audience, subject));
}

function byPodIdentity(facts: ClusterFacts, subject: Subject): PredictedIdentity {
  const cluster = facts.snapshot.aws?.cluster;
  if (cluster === undefined || facts.snapshot.aws?.associations === undefined)
    return { mechanism: 'unknown', reason: 'the associations of the cluster could not be read' };
  const association = facts.association(subject.namespace, subject.serviceAccount);
  if (association === undefined)
    return { mechanism: 'none', reason: 'the service account has no association, so the agent refuses its token' };
  const role = known(facts, association.roleArn);
  if (!isRole(role)) return role;
  const trust = podIdentityTrust(role, cluster, association, subject);
  if (trust.value !== 'allowed' || association.targetRoleArn === undefined)
    return judged('pod-identity', role.arn, trust);
  const target = known(facts, association.targetRoleArn);
  if (!isRole(target)) return target;
  return judged('pod-identity', target.arn, targetTrust(role, target, cluster, association, subject));
}

/** Without variables the SDK asks the instance metadata service, if it can reach it. */
function fromNode(facts: ClusterFacts, pod: Pod, { env }: Pod['containers'][number]): PredictedIdentity {
  if (env.some(({ name, value }) => name === 'AWS_EC2_METADATA_DISABLED' && value?.toLowerCase() === 'true'))
    return { mechanism: 'none', reason: 'AWS_EC2_METADATA_DISABLED is true' };
  const node = facts.node(pod.nodeName);
  if (node === undefined) return { mechanism: 'unknown', reason: 'the node of the pod could not be read' };
  const compute = facts.computeOf(node);
  if (compute === 'fargate' || compute === 'hybrid')
    return { mechanism: 'none', reason: `${compute} nodes have no instance metadata` };
  const instance = facts.instanceOf(node);
  if (instance === undefined) return { mechanism: 'unknown', reason: 'the instance of the node could not be read' };
  if (instance.httpEndpoint === 'disabled')
    return { mechanism: 'none', reason: 'the instance metadata service is disabled' };
  if (!pod.hostNetwork && (instance.hopLimit ?? 1) < 2 && instance.httpTokens === 'required')
    return { mechanism: 'none', reason: 'the hop limit of the instance metadata service is 1' };
  const profile = instance.instanceProfileArn;
  if (profile === undefined) return { mechanism: 'none', reason: 'the node has no instance profile' };
  const roleArn = facts.snapshot.aws?.instanceProfiles[profile];
  return roleArn === undefined
    ? { mechanism: 'unknown', reason: `the role of instance profile ${profile} could not be read` }
    : { mechanism: 'node-role', roleArn };
}
