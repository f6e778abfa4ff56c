import groups from './condition-keys.json' with { type: 'json' };
import type { ContextKey } from './context-key.ts';

const SERVICES = /^(?:eks|eks-auth|iam|s3|sts):|^aws:(?:requesttag\/|resourcetag\/|tagkeys$)/;

/**
 * Returns the keys that an action's requests can have (Service Authorization Reference; tag keys end with a slash).
 * Returns undefined if `key` is one of them or the key's service is not fully known.
 */
export function keysInPlaceOf({ lowerCase }: ContextKey, action: string): readonly string[] | undefined {
  if (!SERVICES.test(lowerCase)) return undefined;
  const group = groups.find(({ actions }) => ` ${actions} `.toLowerCase().includes(` ${action.toLowerCase()} `));
  const keys = group?.keys.split(' ') ?? [lowerCase];
  const isOne = keys.some((key) => key.toLowerCase() === lowerCase.replace(/\/.*/, '/'));
  return isOne ? undefined : keys;
}
