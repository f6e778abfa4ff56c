import type { Role } from '../iam/model.ts';
import { matchesTokens, tokenize, type ResolvedToken } from '../iam/policy/pattern.ts';
import { isJsonObject, listOf, type JsonObject } from '../core/json.ts';

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
