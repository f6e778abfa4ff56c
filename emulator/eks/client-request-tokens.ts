import { createHash } from 'node:crypto';
import { invalidParameter } from './errors.ts';
import type { JsonObject } from '../../foundation/node/json.ts';

export type ClientRequestTokens = ReturnType<typeof clientRequestTokens>;

/** Remembers requests by client token, so that a repeated request returns its first result. Forgets the oldest ones. */
export function clientRequestTokens(remembered = 10_000) {
  const made = new Map<string, { readonly fingerprint: string; readonly id: string }>();
  return {
    /** Returns the earlier result, if any. Throws `InvalidParameterException` for the token of another request. */
    find(scope: string, body: JsonObject): string | undefined {
      const key = tokenKey(scope, body);
      const first = key === undefined ? undefined : made.get(key);
      if (first === undefined) return undefined;
      if (first.fingerprint !== fingerprint(body))
        throw invalidParameter('clientRequestToken was used before with other parameters.');
      return first.id;
    },
    remember(scope: string, body: JsonObject, id: string): void {
      const key = tokenKey(scope, body);
      if (key === undefined) return;
      made.set(key, { fingerprint: fingerprint(body), id });
      const oldest = made.size > remembered ? made.keys().next().value : undefined;
      if (oldest !== undefined) made.delete(oldest);
    },
  };
}

function tokenKey(scope: string, body: JsonObject): string | undefined {
  const token = body.clientRequestToken;
  return typeof token === 'string' && token !== '' ? `${scope} ${token}` : undefined;
}

function fingerprint(body: JsonObject): string {
  return createHash('sha256').update(canonical(body)).digest('base64');
}

/** Returns JSON text that does not depend on the order of members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}
