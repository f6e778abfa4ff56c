import type { ServiceContext } from '../core/context.ts';
import { AwsError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { subjectKey } from '../eks/associations/propagation.ts';
import { accessDenied, resourceNotFound } from '../eks/errors.ts';
import { epochSeconds } from '../eks/cluster-view.ts';
import { eksArn } from '../eks/ids.ts';
import { checkInput, optionalString, requiredString, resourceTagContext } from '../eks/input.ts';
import type { Association, KeptSession } from '../eks/model.ts';
import { parseJsonBody, restJsonService, route, type RestJsonCall } from '../eks/rest-json.ts';
import { openSession, type PodCall } from './session.ts';
import { POD_IDENTITY_AUDIENCE, verifyToken, type PodIdentity } from './token.ts';

const ROUTES = [
  route(
    'POST /clusters/{clusterName}/assume-role-for-pod-identity',
    'AssumeRoleForPodIdentity',
    assumeRoleForPodIdentity,
  ),
];

/**
 * Amazon EKS Auth, API version 2023-11-26 (REST-JSON). Each call verifies its token and assumes the roles anew, unless the
 * setting `eksAuthKeepsSessions` has it give out sessions again, as AWS does.
 */
export const eksAuthService = (context: ServiceContext): Service =>
  restJsonService(context, 'eks-auth', ROUTES, (call, { handle }) => handle(context, call));

/**
 * Credentials for the pod that the token is bound to (EKS Auth API Reference, "AssumeRoleForPodIdentity"). The caller is
 * the agent, with the node's role; its own permission is asked first, and its lack answered with status 403 (a role that
 * cannot be assumed is 400).
 */
async function assumeRoleForPodIdentity(
  context: ServiceContext,
  { request, caller, parameters: { clusterName = '' } }: RestJsonCall,
): Promise<object> {
  const { world } = context;
  const resource = eksArn(world, caller.accountId, `cluster/${clusterName}`);
  const action = 'eks-auth:AssumeRoleForPodIdentity';
  const tags = resourceTagContext(world.account(caller.accountId)?.clusters.get(clusterName)?.tags);
  context.demand(request, { action, resource, resourceAccount: caller.accountId, context: tags }, accessDenied);
  const body = parseJsonBody(request.body);
  checkInput('eks-auth', 'AssumeRoleForPodIdentity', { ...body, clusterName });
  for (const name of ['eksNodeName', 'instanceId', 'zone']) optionalString(body, name);
  const token = requiredString(body, 'token');

  const cluster = world.account(caller.accountId)?.clusters.get(clusterName);
  if (cluster === undefined || cluster.status === 'CREATING' || cluster.status === 'DELETING')
    throw resourceNotFound(`No cluster found for name: ${clusterName}.`);
  const note = (fact: string): void => void context.trace(request).notes.push(fact);
  const identity = await verifyToken(world, cluster, token, note);
  const { namespace } = identity;
  const step = { service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', clusterName, namespace } as const;
  const { credentialsSeconds } = await context.disturb(request, step);
  const call: PodCall = { context, request, cluster, identity };
  const association = findAssociation(call);
  await checkPod(call);
  const { session, credentials } = keptSession(call, association) ?? openSession(call, association, credentialsSeconds);
  if (world.settings.eksAuthKeepsSessions)
    cluster.eksAuthSessions?.set(sessionKey(association, identity), { session, credentials });
  return {
    subject: { namespace: identity.namespace, serviceAccount: identity.serviceAccount },
    audience: POD_IDENTITY_AUDIENCE,
    podIdentityAssociation: { associationArn: association.arn, associationId: association.id },
    // Without the d of "assumed": so the API model spells it.
    assumedRoleUser: { arn: session.arn, assumeRoleId: session.userId },
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
      expiration: epochSeconds(credentials.expiration ?? session.expiresAt),
    },
  };
}

function findAssociation({ context, request, cluster, identity }: PodCall): Association {
  const { notes } = context.trace(request);
  const subject = subjectKey(identity);
  const association = cluster.eksAuthAssociations?.get(subject);
  if (association === undefined) {
    const code = context.world.settings.noAssociationError;
    notes.push(`no association for ${subject} in cluster ${cluster.name} is known to EKS Auth`);
    const message = `No pod identity association found for service account ${subject} in cluster ${cluster.name}.`;
    throw code === 'ResourceNotFoundException' ? resourceNotFound(message) : new AwsError(code, 400, message);
  }
  const target = association.targetRoleArn === undefined ? '' : `, then ${association.targetRoleArn}`;
  notes.push(`association ${association.id} maps ${subject} to ${association.roleArn}${target}`);
  return association;
}

const sessionKey = ({ id }: Association, { pod }: PodIdentity): string => `${pod.uid}/${id}`;

/**
 * What the pod was given before: a change of the association or of its roles does not touch it (EKS User Guide, "Access AWS
 * resources using EKS Pod Identity target IAM roles": recreate the pods to apply a change sooner).
 */
function keptSession(
  { context, request, cluster, identity }: PodCall,
  association: Association,
): KeptSession | undefined {
  const kept = cluster.eksAuthSessions?.get(sessionKey(association, identity));
  if (kept === undefined || kept.session.expiresAt <= context.world.clock.now()) return undefined;
  context.trace(request).notes.push(`the pod is given the session again that it had: ${kept.session.roleArn}`);
  return kept;
}

/** Only by the setting `eksAuthChecksPodExists`: as far as is known AWS goes by the token alone. */
async function checkPod({ context, request, cluster, identity }: PodCall): Promise<void> {
  const { namespace, pod } = identity;
  const { settings } = context.world;
  if (!settings.eksAuthChecksPodExists) return;
  if (await cluster.managed?.podExists(namespace, pod.name, pod.uid)) return;
  context.trace(request).notes.push(`pod ${namespace}/${pod.name} of the token does not exist`);
  throw new AwsError(settings.badTokenError, 400, 'The pod that the token is bound to does not exist.');
}
