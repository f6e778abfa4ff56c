import type { Role } from '../iam/model.ts';
import { matchesTokens, tokenize, type ResolvedToken } from '../../identity/policy/pattern.ts';
import { isJsonObject, listOf, type JsonObject } from '../../foundation/node/json.ts';
import { demandOf, demandOnRole, type EksCall } from './call.ts';

/** Whether the trust policy lets the service assume the role. Ignores conditions, which can only be evaluated later. */
export function trustsService(role: Role, service: string): boolean {
  const document: unknown = JSON.parse(role.trustPolicyText);
  if (!isJsonObject(document)) return false;
  return listOf(document.Statement)
    .filter(isJsonObject)
    .some((statement) => statement.Effect === 'Allow' && names(statement, service) && allowsAssume(statement));
}

function names(statement: JsonObject, service: string): boolean {
  const principal = statement.Principal;
  if (principal === '*') return true;
  return isJsonObject(principal) && listOf(principal.Service).some((name) => name === service || name === '*');
}

function allowsAssume(statement: JsonObject): boolean {
  return listOf(statement.Action)
    .filter((action) => typeof action === 'string')
    .map((action) => tokenize(action.toLowerCase(), { wildcards: true, variables: false }) as ResolvedToken[])
    .some((pattern) => matchesTokens(pattern, 'sts:assumerole'));
}

const NAMES = {
  'eks.amazonaws.com': 'AWSServiceRoleForAmazonEKS',
  'eks-nodegroup.amazonaws.com': 'AWSServiceRoleForAmazonEKSNodegroup',
} as const;

/**
 * Finds or creates the service-linked role, with the caller's permissions (EKS User Guide, "Using roles for Amazon EKS
 * clusters" and "… node groups"). IAM does not list it. Throws `AccessDeniedException` (403).
 */
export function serviceLinkedRole(call: EksCall, service: keyof typeof NAMES): void {
  const { account, world } = call;
  const arn = `arn:${world.partition}:iam::${account.id}:role/aws-service-role/${service}/${NAMES[service]}`;
  demandOnRole(call, 'iam:GetRole', arn);
  if (account.serviceLinkedRoles.has(arn)) return;
  demandOf(call, 'iam:CreateServiceLinkedRole', arn, account.id, { 'iam:AWSServiceName': service });
  account.serviceLinkedRoles.add(arn);
}
