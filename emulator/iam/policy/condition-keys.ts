import groups from './condition-keys.json' with { type: 'json' };
import type { ContextKey } from './context-key.ts';

const SERVICES = /^(?:eks|eks-auth|iam|s3|sts):|^aws:(?:requesttag\/|resourcetag\/|tagkeys$)/;

/**
 * The keys that requests of an action may have, where this key is none of them, though it is of a service of which all are
 * known (Service Authorization Reference; keys of tags end with a slash). Undefined for one that they may have.
 */
export function keysInPlaceOf({ lowerCase }: ContextKey, action: string): readonly string[] | undefined {
  if (!SERVICES.test(lowerCase)) return undefined;
  const group = groups.find(({ actions }) => ` ${actions} `.toLowerCase().includes(` ${action.toLowerCase()} `));
  const keys = group?.keys.split(' ') ?? [lowerCase];
  const isOne = keys.some((key) => key.toLowerCase() === lowerCase.replace(/\/.*/, '/'));
  return isOne ? undefined : keys;
}
