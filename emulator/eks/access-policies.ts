import { ACCESS_ENTRY } from './access-entries.ts';
import { demandActive, parameter, type EksCall } from './call.ts';
import { demanded } from './cluster-resources.ts';
import { epochSeconds } from './cluster-view.ts';
import { invalidParameter, invalidRequest, resourceNotFound } from './errors.ts';
import { optionalObject, optionalStrings, requiredString } from './input.ts';
import type { ConditionContext } from '../../identity/policy/index.ts';
import type { AccessEntry, AccessScope, AssociatedPolicy } from '../world/eks-model.ts';
import { page } from './input.ts';
import type { JsonObject } from '../../foundation/node/json.ts';

const PREFIX = 'arn:aws:eks::aws:cluster-access-policy/';
/** Access policies and groups with the same cluster-wide rights (EKS User Guide, "Review access policy permissions"). */
const POLICIES: ReadonlyMap<string, string> = new Map([
  ['AmazonEKSClusterAdminPolicy', 'system:masters'],
  ['AmazonEKSAdminPolicy', 'eks:admin'],
  ['AmazonEKSAdminViewPolicy', 'eks:admin-view'],
  ['AmazonEKSEditPolicy', 'eks:edit'],
  ['AmazonEKSViewPolicy', 'eks:view'],
]);

/** The policy that a cluster's creator gets. */
export const CLUSTER_ADMINISTRATOR = `${PREFIX}AmazonEKSClusterAdminPolicy`;

/** Returns the groups of an entry's cluster-wide policies. Policies with a namespace scope have no effect here. */
export const groupsOfPolicies = ({ policies }: AccessEntry): readonly string[] =>
  [...POLICIES].flatMap(([name, group]) =>
    policies.get(`${PREFIX}${name}`)?.accessScope.type === 'cluster' ? [group] : [],
  );

/** Associates an access policy, or changes its scope. */
export function associateAccessPolicy(call: EksCall): object {
  const { body, world } = call;
  const policyArn = requiredString(body, 'policyArn');
  const accessScope = readScope(body);
  const { cluster, item: entry } = demanded(ACCESS_ENTRY, call, 'eks:AssociateAccessPolicy', {
    'eks:policyArn': policyArn,
    ...scopeKeys(accessScope),
  });
  demandActive(cluster);
  if (!policyArn.startsWith(PREFIX) || !POLICIES.has(policyArn.slice(PREFIX.length)))
    throw invalidParameter('The specified policyArn is invalid: it is not the ARN of a cluster access policy.');
  if (entry.type !== 'STANDARD')
    throw invalidRequest(`An access entry of type ${entry.type} can have no access policy.`);
  const now = world.clock.now();
  const associatedAt = entry.policies.get(policyArn)?.associatedAt ?? now;
  const associated: AssociatedPolicy = { policyArn, accessScope, associatedAt, modifiedAt: now };
  entry.policies.set(policyArn, associated);
  return { clusterName: cluster.name, principalArn: entry.principalArn, associatedAccessPolicy: view(associated) };
}

export function listAssociatedAccessPolicies(call: EksCall): object {
  const { cluster, item: entry } = demanded(ACCESS_ENTRY, call, 'eks:ListAssociatedAccessPolicies');
  const { items, nextToken } = page(entry.policies.values(), ({ policyArn }) => policyArn, call.query);
  return {
    clusterName: cluster.name,
    principalArn: entry.principalArn,
    associatedAccessPolicies: items.map(view),
    nextToken,
  };
}

export function disassociateAccessPolicy(call: EksCall): object {
  const policyArn = parameter(call, 'policyArn');
  const { clusters } = call.account;
  const present = clusters.get(parameter(call, 'clusterName'))?.accessEntries?.get(parameter(call, 'principalArn'));
  const { cluster, item: entry } = demanded(ACCESS_ENTRY, call, 'eks:DisassociateAccessPolicy', {
    'eks:policyArn': policyArn,
    ...scopeKeys(present?.policies.get(policyArn)?.accessScope),
  });
  demandActive(cluster);
  if (!entry.policies.delete(policyArn))
    throw resourceNotFound('The specified access policy is not associated with the access entry.', {
      clusterName: cluster.name,
    });
  return {};
}

function readScope(body: JsonObject): AccessScope {
  const scope = optionalObject(body, 'accessScope') ?? {};
  const type = requiredString(scope, 'type');
  const namespaces = optionalStrings(scope, 'namespaces') ?? [];
  if ((type === 'namespace') !== namespaces.length > 0)
    throw invalidParameter('accessScope names namespaces if and only if its type is namespace.');
  return { type: type === 'cluster' ? 'cluster' : 'namespace', namespaces };
}

function scopeKeys(scope: AccessScope | undefined): ConditionContext {
  if (scope === undefined) return {};
  const { type, namespaces } = scope;
  return { 'eks:accessScope': type, ...(namespaces.length > 0 && { 'eks:namespaces': namespaces }) };
}

function view({ policyArn, accessScope, associatedAt, modifiedAt }: AssociatedPolicy): object {
  return {
    policyArn,
    accessScope,
    associatedAt: epochSeconds(associatedAt),
    modifiedAt: epochSeconds(modifiedAt),
  };
}
