import { requestTagContext, resourceTagKeys } from '../core/tag-context.ts';
import type { ServiceContext } from '../world/context.ts';
import type { Account, World } from '../world/world.ts';
import type { Role } from '../iam/model.ts';
import type { ConditionContext } from '../iam/policy/index.ts';
import { parseRoleArn } from '../sts/arns.ts';
import { findRole } from '../sts/assume-role.ts';
import type { AssociationPropagation } from './associations/propagation.ts';
import type { Background } from './background.ts';
import type { ClientRequestTokens } from './client-request-tokens.ts';
import { accessDenied, invalidParameter, invalidRequest, resourceNotFound } from './errors.ts';
import { eksArn } from './ids.ts';
import type { Cluster, ClusterProvider } from '../world/eks-model.ts';
import type { JsonObject } from '../core/json.ts';
import type { RestJsonCall } from './rest-json.ts';
import { resourceTagContext } from './input.ts';

/** What the EKS operations share. */
export interface EksState {
  readonly context: ServiceContext;
  readonly clusterProvider: () => ClusterProvider | undefined;
  readonly background: Background;
  readonly propagation: AssociationPropagation;
  readonly requestTokens: ClientRequestTokens;
}

/** One call of an EKS operation by a caller whose signature has been verified. */
export interface EksCall extends RestJsonCall {
  readonly state: EksState;
  readonly world: World;
  readonly account: Account;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
}

/** Answers the body of the response. */
export type EksOperation = (call: EksCall) => Promise<object> | object;

/** A parameter of the operation's path. */
export function parameter(call: EksCall, name: string): string {
  const value = call.parameters[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/**
 * Asks whether the caller may do `action` (`eks:…`) on the resource.
 *
 * @throws AwsError `AccessDeniedException` 403.
 */
export function demand(call: EksCall, action: string, resource: string, context: ConditionContext = {}): void {
  demandOf(call, action, resource, call.account.id, context);
}

/** As `demand`, on the cluster of the path, whether or not there is such a cluster. */
export function demandOnCluster(call: EksCall, action: string, context: ConditionContext = {}): void {
  const name = parameter(call, 'clusterName');
  const arn = eksArn(call.world, call.account.id, `cluster/${name}`);
  demand(call, action, arn, { ...resourceTagContext(call.account.clusters.get(name)?.tags), ...context });
}

/**
 * Asks whether the caller may tag what is made, an ARN or a pattern of one whose id is still to come: tags that come with it
 * need `eks:TagResource` besides (EKS User Guide, "Organize Amazon EKS resources with tags").
 *
 * @throws AwsError `AccessDeniedException` 403.
 */
export function demandTags(call: EksCall, resource: string, tags: ReadonlyMap<string, string>): void {
  if (tags.size > 0)
    demand(call, 'eks:TagResource', eksArn(call.world, call.account.id, resource), requestTagContext(tags));
}

/**
 * The cluster of the path.
 *
 * @throws AwsError `ResourceNotFoundException` 404.
 */
export function theCluster(call: EksCall): Cluster {
  const name = parameter(call, 'clusterName');
  const cluster = call.account.clusters.get(name);
  if (cluster === undefined) throw resourceNotFound(`No cluster found for name: ${name}.`, { clusterName: name });
  return cluster;
}

/**
 * Refuses to change what belongs to a cluster that is being made or deleted, or that has failed.
 *
 * @throws AwsError `InvalidRequestException` 400.
 */
export function demandActive(cluster: Cluster, fields: Readonly<Record<string, string>> = {}): void {
  if (cluster.status !== 'ACTIVE')
    throw invalidRequest(`Cluster '${cluster.name}' is not in ACTIVE status`, { clusterName: cluster.name, ...fields });
}

/**
 * The role that the caller hands to a service, after the checks which EKS makes of any role: its account, the caller's
 * right to pass it (IAM User Guide, "Grant a user permissions to pass a role to an AWS service") and to read it, since EKS
 * looks at it as the caller, that it exists.
 *
 * @throws AwsError `InvalidParameterException` 400 or `AccessDeniedException` 403.
 */
export function passedRole(call: EksCall, name: string, arn: string, service: string, associated: string): Role {
  const parsed = parseRoleArn(arn);
  if (parsed === undefined) throw invalidParameter(`${name} is not the ARN of an IAM role.`);
  if (parsed.accountId !== call.account.id)
    throw invalidParameter(`${name} names a role of account ${parsed.accountId}; it must be of the cluster's account.`);
  demandOf(call, 'iam:PassRole', arn, parsed.accountId, {
    'iam:PassedToService': service,
    'iam:AssociatedResourceArn': associated,
  });
  const role = findRole(call.world, arn);
  demandOnRole(call, 'iam:GetRole', arn, role);
  if (role === undefined) throw invalidParameter('Role provided in the request does not exist.');
  return role;
}

/**
 * Asks whether the caller may read a role of the account, at which EKS looks with the caller's rights.
 *
 * @throws AwsError `AccessDeniedException` 403.
 */
export function demandOnRole(call: EksCall, action: string, arn: string, role?: Role): void {
  demandOf(call, action, arn, call.account.id, resourceTagKeys(role?.tags));
}

/** A fact that explains the answer, for the record of the call. */
export function note(call: EksCall, fact: string): void {
  call.state.context.trace(call.request).notes.push(fact);
}

/** Does something on the Kubernetes side. When that fails, the record of the call says that it `could not`, and why. */
export async function failureOf(call: EksCall, couldNot: string, act: () => Promise<void>): Promise<Error | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    note(call, `${couldNot}: ${failure.message}`);
    return failure;
  }
}

/** As `demand`, of any service's resource. */
export function demandOf(
  call: EksCall,
  action: string,
  resource: string,
  accountId: string,
  context: ConditionContext = {},
): void {
  call.state.context.demand(call.request, { action, resource, resourceAccount: accountId, context }, accessDenied);
}
