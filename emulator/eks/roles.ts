import type { Role, World } from '../core/world.ts';
import { parseRoleArn } from '../sts/arns.ts';
import { isJsonObject, type JsonObject } from './rest-json.ts';

/** The role of an ARN, path included; undefined when there is none. */
export function findRole(world: World, arn: string): Role | undefined {
  const named = parseRoleArn(arn);
  if (named === undefined) return undefined;
  const role = world.account(named.accountId)?.roles.get(named.name);
  return role?.arn === arn ? role : undefined;
}

/**
 * Whether a statement of the role's trust policy lets the service assume the role. Conditions are not looked at: what
 * they ask about is known only when the role is assumed.
 */
export function trustsService(role: Role, service: string): boolean {
  const document: unknown = JSON.parse(role.trustPolicyText);
  if (!isJsonObject(document)) return false;
  return list(document.Statement)
    .filter(isJsonObject)
    .some((statement) => statement.Effect === 'Allow' && names(statement, service) && allowsAssume(statement));
}

function names(statement: JsonObject, service: string): boolean {
  const principal = statement.Principal;
  if (principal === '*') return true;
  return isJsonObject(principal) && list(principal.Service).some((name) => name === service || name === '*');
}

function allowsAssume(statement: JsonObject): boolean {
  return list(statement.Action)
    .filter((action) => typeof action === 'string')
    .some((action) => wildcard(action).test('sts:AssumeRole'));
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i');
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
