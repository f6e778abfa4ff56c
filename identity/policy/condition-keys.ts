import { conditionKeysOf } from './actions.ts';
import type { ContextKey } from './context-key.ts';

const SERVICES = /^(?:eks|eks-auth|iam|s3|sts):|^aws:(?:requesttag\/|resourcetag\/|tagkeys$)/;
/** Services whose actions are fully known. */
const ACTIONS = /^(?:eks|eks-auth|iam|s3|sts):/i;

/**
 * Returns the keys that an action's requests can have (Service Authorization Reference; tag keys end with a slash).
 * Returns undefined if `key` is one of them, or if the service of the key or of the action is not fully known.
 */
export function keysInPlaceOf({ lowerCase }: ContextKey, action: string): readonly string[] | undefined {
  if (!SERVICES.test(lowerCase)) return undefined;
  const keys = ACTIONS.test(action) ? conditionKeysOf(action) : undefined;
  if (keys === undefined) return undefined;
  const isOne = keys.some((key) => key.toLowerCase() === lowerCase.replace(/\/.*/, '/'));
  return isOne ? undefined : keys;
}
