import type { IAMClientConfig } from '@aws-sdk/client-iam';
import { awsStatus } from '../foundation/aws/missing.ts';

export type RetryStrategy = Extract<
  NonNullable<IAMClientConfig['retryStrategy']>,
  { refreshRetryTokenForRetry: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

export interface RetryBounds {
  /** How long to retry a throttled call, in milliseconds from its first failure. */
  readonly throttledMilliseconds: number;
  /** The same for network and service failures. */
  readonly transientMilliseconds: number;
}

/** Outlasts a minute of throttling, or ten seconds without a network. */
export const PATIENT: RetryBounds = { throttledMilliseconds: 120_000, transientMilliseconds: 30_000 };
/** Outlasts ten seconds without a network. For calls before the run creates anything. */
export const FIRST: RetryBounds = { throttledMilliseconds: 60_000, transientMilliseconds: 12_000 };
/** Bounds for a service that may not exist. */
export const BRIEF: RetryBounds = { throttledMilliseconds: 10_000, transientMilliseconds: 1500 };
/** The longest pause between attempts, in milliseconds. */
const LONGEST_PAUSE = 8000;
const FIRST_PAUSE_THROTTLED = 500;
const FIRST_PAUSE = 200;

interface Token extends RetryToken {
  /** When the call first failed; infinity before. A slow attempt thus leaves time for retries. */
  readonly since: number;
}

/**
 * Retries throttled and failed calls with doubling, random pauses, within time limits. The SDK's strategies share 500
 * tokens among all calls of a client, too few for a hundred concurrent calls. During an outage all calls share one time
 * limit: once it is over, new calls fail at their first attempt.
 */
export function retriesWithin(
  bounds: RetryBounds,
  { now = Date.now, random = Math.random }: { readonly now?: () => number; readonly random?: () => number } = {},
): RetryStrategy {
  const token = (since: number, count: number, delay: number): Token => ({
    since,
    getRetryCount: () => count,
    getRetryDelay: () => delay,
  });
  let away: { readonly since: number; readonly until: number } | undefined;
  const startOf = (call: number, isAnswer: boolean): number => {
    if (isAnswer) {
      away = undefined;
      return call;
    }
    const isStill = away !== undefined && now() - away.until <= bounds.transientMilliseconds;
    away = { since: isStill && away !== undefined ? away.since : now(), until: now() };
    return Math.min(call, away.since);
  };
  return {
    acquireInitialRetryToken: async () => token(Infinity, 0, 0),
    refreshRetryTokenForRetry: async (previous, { error, errorType, retryAfterHint }) => {
      const cause = kindOf(error, errorType);
      const isAnswer = errorType !== 'TRANSIENT' || awsStatus(error ?? {}) !== undefined;
      const firstFailure = Math.min((previous as Token).since, now());
      const since = startOf(firstFailure, isAnswer);
      if (cause === undefined) throw new Error('a retry would fail with the same error');
      const count = previous.getRetryCount();
      const first = cause === 'throttled' ? FIRST_PAUSE_THROTTLED : FIRST_PAUSE;
      const pause = Math.min(LONGEST_PAUSE, first * 2 ** count) * (0.5 + random() / 2);
      const delay = Math.min(LONGEST_PAUSE, Math.max(pause, retryAfterHint ? retryAfterHint.getTime() - now() : 0));
      const bound = cause === 'throttled' ? bounds.throttledMilliseconds : bounds.transientMilliseconds;
      if (now() + delay - since > bound) throw new Error('the time for retries is over');
      return token(firstFailure, count + 1, delay);
    },
    recordSuccess: () => {
      away = undefined;
    },
  };
}

/** Returns the reason for a retry; undefined for a permanent error. */
function kindOf(error: { readonly name?: string } = {}, errorType: string): 'throttled' | 'transient' | undefined {
  // A concurrent change of the same IAM or S3 resource ("Error responses" of the Amazon S3 API Reference).
  if (error.name === 'ConcurrentModificationException' || error.name === 'OperationAborted') return 'transient';
  // The SDK mistakes IAM's LimitExceeded, an exhausted quota, for throttling.
  if (error.name === 'LimitExceededException' && awsStatus(error) === 409) return undefined;
  if (errorType === 'THROTTLING') return 'throttled';
  return errorType === 'TRANSIENT' || errorType === 'SERVER_ERROR' ? 'transient' : undefined;
}
