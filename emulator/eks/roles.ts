import type { Role } from '../iam/model.ts';
import { matchesTokens, tokenize, type ResolvedToken } from '../iam/policy/pattern.ts';
import { isJsonObject, listOf, type JsonObject } from '../core/json.ts';
import { demandOf, demandOnRole, type EksCall } from './call.ts';

/**
 * Whether a statement of the role's trust policy lets the service assume the role. Conditions are not looked at: what
 * they ask about is known only when the role is assumed.
 */
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
 * Looks for the role that the service has in the account, and makes it where there is none yet, both with the caller's rights
 * (EKS User Guide, "Using roles for Amazon EKS clusters" and "Using roles for Amazon EKS node groups"). IAM does not list it.
 *
 * @throws AwsError `AccessDeniedException` 403.
 */
export function serviceLinkedRole(call: EksCall, service: keyof typeof NAMES): void {
  const { account, world } = call;
  const arn = `arn:${world.partition}:iam::${account.id}:role/aws-service-role/${service}/${NAMES[service]}`;
  demandOnRole(call, 'iam:GetRole', arn);
  if (account.serviceLinkedRoles.has(arn)) return;
  demandOf(call, 'iam:CreateServiceLinkedRole', arn, account.id, { 'iam:AWSServiceName': service });
  account.serviceLinkedRoles.add(arn);
}
