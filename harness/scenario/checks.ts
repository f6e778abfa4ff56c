/** A clause about a wrong value in a scenario, or undefined. */
export type Problem = string | undefined;

/** Timers count milliseconds in 31 bits. */
export const LONGEST_SECONDS = 2_147_483;
/** User and group ids of a pod's security context (Kubernetes API reference, validation of IDs). */
export const GREATEST_ID = 2_147_483_647;
export const PROJECTED_TOKENS = ['pod-identity', 'irsa', 'kubernetes-api'] as const;

/** Formats a value as in a suite; JSON has no NaN. */
export const shown = (value: unknown): string =>
  value === null ? 'missing' : typeof value === 'number' ? `${value}` : JSON.stringify(value);
