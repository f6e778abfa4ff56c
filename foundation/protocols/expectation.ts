import type { DenialCause } from './denial-cause.ts';
import type { ExpectedResult, FactMatcher, ProbeResult } from './probe-protocol.ts';

interface Observed {
  readonly result: ProbeResult;
  /** The denying policy, if known. */
  readonly cause: DenialCause | undefined;
  /** Whether the identity is as expected; undefined if none is expected or known. */
  readonly isExpectedIdentity: boolean | undefined;
}

export type Mismatch =
  | { readonly member: 'outcome' | 'identity' | 'layer' | 'code' | 'status' | 'message' | 'policy' | 'explicit' }
  | { readonly member: 'fact'; readonly name: string; readonly matcher: FactMatcher };

/** Returns the first difference from the expectation, undefined for a match. Omitted members match anything. */
export function firstMismatch(expected: ExpectedResult, observed: Observed): Mismatch | undefined {
  const { result, cause, isExpectedIdentity } = observed;
  if (result.outcome !== expected.outcome) return { member: 'outcome' };
  if (isExpectedIdentity === false) return { member: 'identity' };
  if (!isOneOf(result.layer, expected.by)) return { member: 'layer' };
  if (!isOneOf(result.code, expected.code)) return { member: 'code' };
  if (expected.status !== undefined && result.status !== expected.status) return { member: 'status' };
  if (expected.message !== undefined && result.message?.includes(expected.message) !== true)
    return { member: 'message' };
  if (cause !== undefined) {
    if (expected.policy !== undefined && cause.policy !== expected.policy) return { member: 'policy' };
    if (expected.explicit !== undefined && cause.explicit !== expected.explicit) return { member: 'explicit' };
  }
  for (const [name, matcher] of Object.entries(expected.facts ?? {}))
    if (!factMatches(result.facts?.[name], matcher)) return { member: 'fact', name, matcher };
  return undefined;
}

/** Returns the alternatives as a list; an empty list if any value is allowed. */
export const alternatives = <T extends string>(expected: T | readonly T[] | undefined): readonly T[] =>
  expected === undefined ? [] : typeof expected === 'string' ? [expected] : expected;

function isOneOf<T extends string>(actual: T | undefined, expected: T | readonly T[] | undefined): boolean {
  const wanted = alternatives(expected);
  return wanted.length === 0 || wanted.some((one) => one === actual);
}

export function factMatches(actual: string | number | boolean | undefined, matcher: FactMatcher): boolean {
  if (typeof matcher !== 'object') return actual === matcher;
  if ('absent' in matcher) return actual === undefined;
  if ('between' in matcher)
    return typeof actual === 'number' && actual >= matcher.between[0] && actual <= matcher.between[1];
  return actual !== undefined && new RegExp(matcher.matches).test(String(actual));
}
