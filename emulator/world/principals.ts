import { nearest } from '../../foundation/node/nearest.ts';
import { isJsonObject, listOf, objectOf } from '../../foundation/node/json.ts';
import type { World } from './world.ts';
import { compilePolicy } from '../../identity/policy/index.ts';
import known from './service-principals.json' with { type: 'json' };

/** For example `AWS` and `arn:aws:iam::111122223333:role/app`. */
export interface NamedPrincipal {
  readonly type: string;
  readonly value: string;
}

/** Returns the principals of a document, except a bare `"*"`. */
export function principalsOf(text: string): readonly NamedPrincipal[] {
  return listOf(objectOf(JSON.parse(text)).Statement)
    .flatMap((statement) => [objectOf(statement).Principal, objectOf(statement).NotPrincipal])
    .flatMap(namedIn);
}

function namedIn(element: unknown): NamedPrincipal[] {
  return Object.entries(objectOf(element)).flatMap(([type, values]) =>
    listOf(values).map((value) => ({ type, value: String(value) })),
  );
}

/** Looks up roles and users as services outside IAM see them. Does not check accounts and sessions. */
export function principalExists(world: World, { type, value }: NamedPrincipal): boolean {
  if (type !== 'AWS') return true;
  if (/^A(ROA|IDA)[A-Z0-9]+$/.test(value)) {
    return [...world.accounts.values()].some(({ roles, users }) =>
      [...roles.values(), ...users.values()].some(({ id }) => id === value),
    );
  }
  if (value.startsWith('arn:') && !value.startsWith(`arn:${world.partition}:`)) return false;
  return !ROLE_OR_USER.test(value) || principalId(world, value) !== undefined;
}

const ROLE_OR_USER = /^arn:[^:]+:iam::(\d{12}):(role|user)\/(?:.*\/)?([^/]+)$/;

/** Returns the unique id of an existing role or user, as services outside IAM see it. */
export function principalId(world: World, arn: string): string | undefined {
  const [, accountId = '', kind, name = ''] = ROLE_OR_USER.exec(arn) ?? [];
  const { roles, users } = world.account(accountId) ?? {};
  const entity = (kind === 'role' ? roles : users)?.elsewhere(name);
  return entity?.arn === arn ? entity.id : undefined;
}

/** Returns undefined if nothing changes. */
export function withPrincipals(
  text: string,
  replace: (principal: NamedPrincipal) => NamedPrincipal,
): string | undefined {
  if (principalsOf(text).every((principal) => replace(principal) === principal)) return undefined;
  const replaced = (element: unknown): unknown => {
    if (!isJsonObject(element)) return element;
    const values = new Map<string, string[]>();
    for (const { type, value } of namedIn(element).map(replace)) values.set(type, [...(values.get(type) ?? []), value]);
    return Object.fromEntries([...values].map(([type, all]) => [type, all.length === 1 ? all[0] : all]));
  };
  const document = objectOf(JSON.parse(text));
  const statements = listOf(document.Statement).map((statement) =>
    Object.fromEntries(
      Object.entries(objectOf(statement)).map(([name, element]) => [
        name,
        /^(Not)?Principal$/.test(name) ? replaced(element) : element,
      ]),
    ),
  );
  return JSON.stringify({ ...document, Statement: Array.isArray(document.Statement) ? statements : statements[0] });
}

/**
 * Replaces a deleted principal's ARN with its unique id, so that a recreated principal is not trusted (IAM User Guide,
 * "AWS JSON policy elements: Principal").
 */
export function unbindDeleted(world: World, { arn, id }: { readonly arn: string; readonly id: string }): void {
  const unbound = (text: string): string | undefined =>
    withPrincipals(text, (principal) =>
      principal.type === 'AWS' && principal.value === arn ? { ...principal, value: id } : principal,
    );
  for (const account of world.accounts.values()) {
    for (const role of [...account.roles.values()]) {
      const text = unbound(role.trustPolicyText);
      if (text === undefined) continue;
      const trustPolicy = compilePolicy(text, { kind: 'trust', name: role.trustPolicy.name });
      account.roles.set(role.name, { ...role, trustPolicyText: text, trustPolicy });
    }
  }
  for (const bucket of world.buckets.values()) {
    const text = bucket.policy && unbound(bucket.policy.text);
    if (bucket.policy === undefined || text === undefined) continue;
    const { kind, name } = bucket.policy.compiled;
    bucket.policy = { text, compiled: compilePolicy(text, { kind, name }) };
  }
}

/** @param more additional service principals */
export const servicePrincipals = (more: readonly string[] = []): ReadonlySet<string> =>
  new Set([...known.principals, ...known.documented, ...more]);

/** In some regions, service names contain the region (IAM User Guide, "AWS service principals"). */
const REGION = /\.[a-z]{2,3}(-[a-z]+)+-\d{1,2}(?=\.amazonaws\.com$)/;

/** Returns a sentence for an unknown service. */
export function unknownService(world: World, name: string): string | undefined {
  if (name === '*' || world.servicePrincipals.has(name) || world.servicePrincipals.has(name.replace(REGION, '')))
    return undefined;
  const near = nearest(name, [...world.servicePrincipals]);
  const instead = near === undefined ? '' : `; the nearest is ${near}`;
  return `"${name}" is not a known service principal (add it with --service-principal)${instead}`;
}
