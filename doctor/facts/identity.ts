import { isIP } from 'node:net';
import type { Role } from '../snapshot/aws.ts';
import type { Container, Pod } from '../snapshot/kubernetes.ts';
import { needsAgentPod } from './agent.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { unsupportedNode } from './compute.ts';
import { podIdentitySupport } from './image-versions.ts';
import { credentialsOf, STATIC_KEYS, TOKEN_FILES, tokenFileOf, variable, volumeOf } from './injection.ts';
import { parseRoleArn } from './irsa.ts';
import { POD_IDENTITY_SERVICE, type PodSubject } from '../../identity/pod-identity.ts';
import type { OidcProvider } from '../../identity/web-identity.ts';
import { associationPath, decidePath, lastOf, webIdentityTrust, type TrustDecision } from './trust.ts';
import { accountOf } from '../../identity/role.ts';

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

export const subjectOf = ({ metadata, serviceAccountName }: Pod): PodSubject => ({
  namespace: metadata.namespace ?? 'default',
  serviceAccount: serviceAccountName,
  pod: { name: metadata.name, ...(metadata.uid !== undefined && { uid: metadata.uid }) },
});

/** Predicts the identity of a pod's container (AWS SDKs and Tools Reference Guide, "Standardized credential providers"). */
export function identityOf(facts: ClusterFacts, pod: Pod, container = pod.containers[0]): PredictedIdentity {
  const source = credentialSource(facts, pod, container);
  if (source.mechanism === 'web-identity')
    return byWebIdentity(facts, source.roleArn ?? '', audienceOf(pod, container), subjectOf(pod));
  return source.mechanism === 'pod-identity' ? byPodIdentity(facts, subjectOf(pod)) : source;
}

const none = (reason: string): PredictedIdentity => ({ mechanism: 'none', reason });
const unknown = (reason: string): PredictedIdentity => ({ mechanism: 'unknown', reason });

/**
 * Returns the first provider in a container that the SDK's chain finds, or why it fails before the trust policy matters. SDKs do not
 * ask the next one if the agent or a token file is missing.
 */
export function credentialSource(facts: ClusterFacts, pod: Pod, container = pod.containers[0]): PredictedIdentity {
  if (container === undefined) return unknown('the pod has no container');
  const { preferred, webIdentityRole, podIdentity } = credentialsOf(container);
  if (STATIC_KEYS.every((name) => preferred.includes(name)))
    return { mechanism: 'static-keys', reason: 'the container sets AWS_ACCESS_KEY_ID' };
  if (preferred.length > 0)
    return unknown(`the container sets ${preferred.join(', ')}, and what it leads to is not read`);
  if (webIdentityRole !== undefined)
    return tokenProblem(pod, container, 'web-identity') ?? { mechanism: 'web-identity', roleArn: webIdentityRole };
  if (variable(container, RELATIVE)) return none(`the container sets ${RELATIVE}, whose address only Amazon ECS has`);
  const address = variable(container, URI);
  if (address === undefined) return fromNode(facts, pod, container);
  if (!podIdentity)
    return isRefusedAddress(address.value)
      ? none(`SDKs send no token to ${address.value} in ${URI}`)
      : unknown(`the container sets ${URI} to another address than the agent's`);
  return (
    imageProblem(container) ??
    tokenProblem(pod, container, 'pod-identity') ??
    agentProblem(facts, pod) ?? { mechanism: 'pod-identity' }
  );
}

const URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const RELATIVE = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';

/**
 * Whether SDKs refuse an address: plain HTTP to an IP address that is neither loopback nor that of Amazon ECS or EKS (AWS SDKs and Tools
 * Reference Guide, "Container credential provider").
 */
function isRefusedAddress(value = ''): boolean {
  const { protocol, hostname } = URL.canParse(value) ? new URL(value) : { protocol: '', hostname: '' };
  const address = hostname.replace(/^\[|\]$/g, '');
  const isAccepted = /^(127\.|169\.254\.170\.(2|23)$|::1$|fd00:ec2::23$)/.test(address);
  return protocol === 'http:' && isIP(address) !== 0 && !isAccepted;
}

function imageProblem({ image }: Container): PredictedIdentity | undefined {
  const { state, source } = podIdentitySupport(image);
  return state === 'too-old'
    ? none(`the AWS SDK of image ${image} rejects the agent's address (${source})`)
    : undefined;
}

/** The folders in which the webhook mounts tokens. */
const WEBHOOK_FOLDER = /^\/var\/run\/secrets\/(pods\.)?eks\.amazonaws\.com\/serviceaccount\//;

function tokenProblem(
  { tokenVolumes }: Pod,
  container: Container,
  mechanism: keyof typeof TOKEN_FILES,
): PredictedIdentity | undefined {
  const name = TOKEN_FILES[mechanism];
  const file = tokenFileOf(container, mechanism);
  if (!variable(container, name))
    return variable(container, 'AWS_CONTAINER_AUTHORIZATION_TOKEN')
      ? unknown('AWS_CONTAINER_AUTHORIZATION_TOKEN has a token of its own')
      : none(`the container does not set ${name}, so the agent gets no token`);
  if (file === undefined) return unknown(`${name} has no readable value`);
  const volume = volumeOf(container, file);
  if (volume === undefined && WEBHOOK_FOLDER.test(file))
    return none(`the container does not mount the volume of ${name}`);
  const tokens = tokenVolumes.filter((one) => one.volume === volume);
  if (tokens.length === 0) return unknown(`${name} is not a token volume of the pod`);
  if (mechanism === 'web-identity' || tokens.some(({ audience }) => audience === POD_IDENTITY_SERVICE))
    return undefined;
  return none(`the token of volume ${volume} does not have the audience ${POD_IDENTITY_SERVICE}`);
}

/** Returns why no agent answers on the pod's node. A pod without a node has no problem yet. */
function agentProblem(facts: ClusterFacts, pod: Pod): PredictedIdentity | undefined {
  const { nodeName } = pod;
  const { daemonSets, pods } = facts.snapshot.kubernetes;
  if (nodeName === undefined) return undefined;
  const node = facts.node(nodeName);
  if (node === undefined || daemonSets === undefined || pods === undefined)
    return unknown(`the agent of node ${nodeName} could not be read`);
  const unsupported = unsupportedNode(facts, pod);
  if (unsupported !== undefined) return none(`Pod Identity does not work on ${unsupported}`);
  if (!needsAgentPod(facts, node)) return undefined;
  const agent = facts.agentPodOn(nodeName);
  if (agent?.ready === true) return undefined;
  return none(
    agent ? `agent ${agent.metadata.name} is not ready on node ${nodeName}` : `no agent runs on node ${nodeName}`,
  );
}

/** Returns the audience of a container's token for STS; by default, that of the volume that the webhook adds. */
export function audienceOf({ tokenVolumes }: Pod, container?: Container): string {
  const file = container && tokenFileOf(container, 'web-identity');
  const volume = (file !== undefined && volumeOf(container!, file)) || 'aws-iam-token';
  return tokenVolumes.find((one) => one.volume === volume)?.audience ?? 'sts.amazonaws.com';
}

const judged = (mechanism: Mechanism, roleArn: string, { value, reason }: TrustDecision): PredictedIdentity =>
  value === 'allowed'
    ? { mechanism, roleArn }
    : { mechanism: value === 'denied' ? 'none' : 'unknown', reason: reason ?? 'the trust policy denies it' };

/** Returns a role of the snapshot, or the predicted identity if the role is missing or unread. */
function knownRole(facts: ClusterFacts, arn: string): Role | PredictedIdentity {
  const role = facts.role(arn);
  if (role) return role;
  if (parseRoleArn(arn) === undefined) return { mechanism: 'none', reason: `${arn} is not the ARN of a role` };
  return role === null
    ? { mechanism: 'none', reason: `role ${arn} does not exist` }
    : { mechanism: 'unknown', reason: `role ${arn} could not be read` };
}

const isRole = (value: Role | PredictedIdentity): value is Role => 'trustPolicy' in value;

/** Predicts the identity that AWS STS gives to a service account's token. */
export function byWebIdentity(
  facts: ClusterFacts,
  roleArn: string,
  audience: string,
  subject: PodSubject,
): PredictedIdentity {
  if (roleArn === '') return { mechanism: 'unknown', reason: 'AWS_ROLE_ARN has no readable value' };
  const role = knownRole(facts, roleArn);
  if (!isRole(role)) return role;
  const provider = providerFor(facts, roleArn, audience);
  if ('mechanism' in provider) return provider;
  return judged('web-identity', roleArn, webIdentityTrust(facts, role, provider, audience, subject));
}

/** Returns the IAM OIDC provider that STS finds in the role's account for the cluster's tokens, or why it does not. */
export function providerFor(facts: ClusterFacts, roleArn: string, audience: string): OidcProvider | PredictedIdentity {
  const { issuer, provider } = facts;
  const { accountId } = facts.snapshot.aws ?? {};
  if (accountId !== undefined && accountOf(roleArn) !== accountId)
    return { mechanism: 'unknown', reason: `the IAM OIDC providers of account ${accountOf(roleArn)} are not read` };
  if (issuer === undefined || facts.snapshot.aws?.oidcProviders === undefined)
    return { mechanism: 'unknown', reason: "the cluster's issuer or the IAM OIDC providers could not be read" };
  if (provider === undefined)
    return { mechanism: 'none', reason: `the account has no IAM OIDC provider for ${issuer}` };
  return provider.clientIds.includes(audience)
    ? { arn: provider.arn, issuer }
    : { mechanism: 'none', reason: `the IAM OIDC provider does not have the audience ${audience}` };
}

/** Predicts the identity that EKS Pod Identity gives to a service account's token. */
export function byPodIdentity(facts: ClusterFacts, subject: PodSubject): PredictedIdentity {
  const cluster = facts.snapshot.aws?.cluster;
  if (cluster === undefined || facts.snapshot.aws?.associations === undefined)
    return { mechanism: 'unknown', reason: 'the associations of the cluster could not be read' };
  const association = facts.association(subject.namespace, subject.serviceAccount);
  if (association === undefined)
    return { mechanism: 'none', reason: 'the service account has no association, so the agent refuses its token' };
  const { roleArn, targetRoleArn = roleArn } = association;
  const unusable = [roleArn, targetRoleArn].map((arn) => knownRole(facts, arn)).find((role) => !isRole(role));
  const path = associationPath(facts, association, subject);
  const decision: TrustDecision = path ? lastOf(decidePath(facts, path)) : { value: 'unknown' };
  if (decision.value !== 'denied' && unusable) return unusable as PredictedIdentity;
  return judged('pod-identity', targetRoleArn, decision);
}

/** Predicts the identity of a container without variables: the SDK asks the instance metadata service, if it can reach it. */
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
