/** A clause about a wrong value in a scenario, or undefined. */
export type Problem = string | undefined;

/** Timers count milliseconds in 31 bits. */
export const LONGEST_SECONDS = 2_147_483;
/** User and group ids of a pod's security context (Kubernetes API reference, validation of IDs). */
export const GREATEST_ID = 2_147_483_647;
export const PROJECTED_TOKENS = ['pod-identity', 'irsa', 'kubernetes-api'] as const;

export function oneOf(what: string, value: unknown, words: readonly (string | boolean)[]): Problem {
  if (value === undefined || words.includes(value as string)) return undefined;
  return `${what} is ${shown(value)}, but must be ${words.map(shown).join(' or ')}`;
}

export function number(what: string, value: unknown, least: number, most: number): Problem {
  if (value === undefined || (typeof value === 'number' && value >= least && value <= most)) return undefined;
  return `${what} is ${shown(value)}, but must be a number from ${least} to ${most}`;
}

export function whole(what: string, value: unknown, least: number, most: number): Problem {
  if (value === undefined || Number.isInteger(value)) return number(what, value, least, most);
  return `${what} is ${shown(value)}, but must be a whole number from ${least} to ${most}`;
}

/** Formats a value as in a suite; JSON has no NaN. */
export const shown = (value: unknown): string =>
  value === null ? 'missing' : typeof value === 'number' ? `${value}` : JSON.stringify(value);
