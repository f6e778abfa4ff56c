import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Service } from '../core/service.ts';
import { subjectKey } from '../eks/associations/propagation.ts';
import { accessDenied, resourceNotFound } from '../eks/errors.ts';
import { epochSeconds } from '../eks/cluster-view.ts';
import { eksArn } from '../eks/ids.ts';
import { checkInput, requiredString } from '../eks/input.ts';
import type { Association, Cluster } from '../world/eks-model.ts';
import { parseJsonBody, restJsonService, route, type RestJsonCall } from '../eks/rest-json.ts';
import { nodeQuestion, POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';
import { keptSession } from './kept-session.ts';
import { openSession, type PodCall } from './session.ts';
import { verifyToken, type TokenIssuer } from './token.ts';

const ROUTES = [
  route(
    'POST /clusters/{clusterName}/assume-role-for-pod-identity',
    'AssumeRoleForPodIdentity',
    assumeRoleForPodIdentity,
  ),
];

/** Returns Amazon EKS Auth, API version 2023-11-26 (REST-JSON). */
export const eksAuthService = (context: ServiceContext): Service =>
  restJsonService(context, 'eks-auth', ROUTES, (call, { handle }) => handle(context, call));

/**
 * Returns credentials for the token's pod (EKS Auth API Reference, "AssumeRoleForPodIdentity"). Checks the agent's own
 * permission first (403); a role that cannot be assumed is 400.
 */
async function assumeRoleForPodIdentity(
  context: ServiceContext,
  { request, caller, parameters }: RestJsonCall,
): Promise<object> {
  const { world } = context;
  const clusterName = parameters['clusterName']!;
  const resource = eksArn(world, caller.accountId, `cluster/${clusterName}`);
  const cluster = world.account(caller.accountId)!.clusters.get(clusterName);
  context.demand(request, nodeQuestion(resource, caller, cluster?.tags), accessDenied);
  const body = parseJsonBody(request.body);
  checkInput('eks-auth', 'AssumeRoleForPodIdentity', { ...body, clusterName });
  const token = requiredString(body, 'token');
  if (!isServed(cluster)) throw resourceNotFound(`No cluster found for name: ${clusterName}.`);
  const note = (fact: string): void => void context.trace(request).notes.push(fact);
  const identity = await verifyToken(world, cluster, token, note);
  const { namespace } = identity;
  const step = { service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', clusterName, namespace, token } as const;
  const { credentialsSeconds } = await context.disturb(request, step);
  const call: PodCall = { context, request, cluster, identity };
  const association = findAssociation(call);
  const { session, credentials } = world.settings.eksAuthKeepsSessions
    ? keptSession(call, association, credentialsSeconds)
    : openSession(call, association, credentialsSeconds);
  return {
    subject: { namespace: identity.namespace, serviceAccount: identity.serviceAccount },
    audience: POD_IDENTITY_SERVICE,
    podIdentityAssociation: { associationArn: association.arn, associationId: association.id },
    // The API model spells it without the d of "assumed".
    assumedRoleUser: { arn: session.arn, assumeRoleId: session.userId },
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
      expiration: epochSeconds(session.expiresAt),
    },
  };
}

const isServed = (cluster: Cluster | undefined): cluster is Cluster & TokenIssuer => cluster?.managed !== undefined;

function findAssociation({ context, request, cluster, identity }: PodCall): Association {
  const { notes } = context.trace(request);
  const subject = subjectKey(identity);
  const association = cluster.eksAuthAssociations.get(subject);
  if (association === undefined) {
    const code = context.world.settings.noAssociationError;
    notes.push(`EKS Auth has no association for ${subject} in cluster ${cluster.name}`);
    const message = `No pod identity association found for service account ${subject} in cluster ${cluster.name}.`;
    throw code === 'ResourceNotFoundException' ? resourceNotFound(message) : new AwsError(code, 400, message);
  }
  const { id, roleArn, targetRoleArn } = association;
  notes.push(`association ${id} maps ${subject} to ${targetRoleArn ? `${roleArn}, then ${targetRoleArn}` : roleArn}`);
  return association;
}
