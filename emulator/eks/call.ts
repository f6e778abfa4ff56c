import { requestTagContext, resourceTagKeys } from '../../identity/policy/tag-context.ts';
import type { ServiceContext } from '../world/context.ts';
import type { Account, World } from '../world/world.ts';
import type { Role } from '../iam/model.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';
import { parseRoleArn } from '../sts/arns.ts';
import { findRole } from '../sts/assume-role.ts';
import type { AssociationPropagation } from './associations/propagation.ts';
import type { Background } from './background.ts';
import type { ClientRequestTokens } from './client-request-tokens.ts';
import { accessDenied, invalidParameter, invalidRequest, resourceNotFound } from './errors.ts';
import { eksArn } from './ids.ts';
import type { Cluster, ClusterProvider } from '../world/eks-model.ts';
import type { JsonObject } from '../../foundation/node/json.ts';
import type { RestJsonCall } from './rest-json.ts';
import { resourceTagContext } from './input.ts';

export interface EksState {
  readonly context: ServiceContext;
  readonly clusterProvider: () => ClusterProvider | undefined;
  readonly background: Background;
  readonly propagation: AssociationPropagation;
  readonly requestTokens: ClientRequestTokens;
}

export interface EksCall extends RestJsonCall {
  readonly state: EksState;
  readonly world: World;
  readonly account: Account;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
}

/** Returns the response body. */
export type EksOperation = (call: EksCall) => Promise<object> | object;

export function parameter(call: EksCall, name: string): string {
  const value = call.parameters[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/** Throws `AccessDeniedException` (403) unless the caller may call `action` (`eks:…`) on the resource. */
export function demand(call: EksCall, action: string, resource: string, context: ConditionContext = {}): void {
  demandOf(call, action, resource, call.account.id, context);
}

/** Like `demand`, for the cluster in the path, whether or not it exists. */
export function demandOnCluster(call: EksCall, action: string, context: ConditionContext = {}): void {
  const name = parameter(call, 'clusterName');
  const arn = eksArn(call.world, call.account.id, `cluster/${name}`);
  demand(call, action, arn, { ...resourceTagContext(call.account.clusters.get(name)?.tags), ...context });
}

/** Demands `eks:TagResource` for the tags of a new resource, given as an ARN or a pattern (EKS User Guide, "Organize Amazon EKS resources with tags"). */
export function demandTags(call: EksCall, resource: string, tags: ReadonlyMap<string, string>): void {
  if (tags.size > 0)
    demand(call, 'eks:TagResource', eksArn(call.world, call.account.id, resource), requestTagContext(tags));
}

/** Throws `ResourceNotFoundException` (404) if the cluster does not exist. */
export function theCluster(call: EksCall): Cluster {
  const name = parameter(call, 'clusterName');
  const cluster = call.account.clusters.get(name);
  if (cluster === undefined) throw resourceNotFound(`No cluster found for name: ${name}.`, { clusterName: name });
  return cluster;
}

/** Throws `InvalidRequestException` unless the cluster is active. */
export function demandActive(cluster: Cluster, fields: Readonly<Record<string, string>> = {}): void {
  if (cluster.status !== 'ACTIVE')
    throw invalidRequest(`Cluster '${cluster.name}' is not in ACTIVE status`, { clusterName: cluster.name, ...fields });
}

/**
 * Returns the role that the caller passes to a service, after checking its account, `iam:PassRole`, the permission to
 * read it, and its existence. Throws `InvalidParameterException` or `AccessDeniedException`.
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

/** Throws `AccessDeniedException` unless the caller may read the role. EKS reads it with the caller's permissions. */
export function demandOnRole(call: EksCall, action: string, arn: string, role?: Role): void {
  demandOf(call, action, arn, call.account.id, resourceTagKeys(role?.tags));
}

/** Adds a fact to the call's record. */
export function note(call: EksCall, fact: string): void {
  call.state.context.trace(call.request).notes.push(fact);
}

/** Returns the error of an action in Kubernetes, and records the action as `could not …`. */
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

/** Like `demand`, for the resource of any service. */
export function demandOf(
  call: EksCall,
  action: string,
  resource: string,
  accountId: string,
  context: ConditionContext = {},
): void {
  call.state.context.demand(call.request, { action, resource, resourceAccount: accountId, context }, accessDenied);
}
