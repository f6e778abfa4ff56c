import type { IAMClientConfig } from '@aws-sdk/client-iam';
import { awsStatus } from '../foundation/aws/missing.ts';

/** A retry strategy as AWS' SDK takes it. */
export type RetryStrategy = Extract<
  NonNullable<IAMClientConfig['retryStrategy']>,
  { refreshRetryTokenForRetry: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

export interface RetryBounds {
  /** Longest time from a call's first attempt until it is given up, in milliseconds, while the service says "too often". */
  readonly throttledMilliseconds: number;
  /** The same for failures of network and service. */
  readonly transientMilliseconds: number;
}

/** Rides out a minute of throttling, and a network that is away for ten seconds. */
export const PATIENT: RetryBounds = { throttledMilliseconds: 120_000, transientMilliseconds: 30_000 };

/** Before anything is made: a network that is away for ten seconds is waited for, and not longer. */
export const FIRST: RetryBounds = { throttledMilliseconds: 60_000, transientMilliseconds: 12_000 };

/** For a first look, at what may not be there at all. */
export const BRIEF: RetryBounds = { throttledMilliseconds: 10_000, transientMilliseconds: 1500 };

/** Longest pause between attempts, milliseconds. */
const LONGEST_PAUSE = 8000;
const FIRST_PAUSE_THROTTLED = 500;
const FIRST_PAUSE = 200;

interface Token extends RetryToken {
  readonly since: number;
}

/**
 * Tries calls again that were throttled or met a failure of network or service, with pauses that double, spread at random,
 * until a bound in time. The SDK's own strategies share 500 tokens among all calls of a client, five for each retry: what
 * a hundred calls at once use up in seconds of throttling. Where nothing answers, all calls together wait for the bound once:
 * later ones fail at their first attempt until something answers.
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
  /** Since when nothing has answered, and when that was last found: what has been tried need not be tried by each call again. */
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
    acquireInitialRetryToken: async () => token(now(), 0, 0),
    refreshRetryTokenForRetry: async (previous, { error, errorType, retryAfterHint }) => {
      const cause = kindOf(error, errorType);
      const isAnswer = errorType !== 'TRANSIENT' || awsStatus(error ?? {}) !== undefined;
      const since = startOf((previous as Token).since, isAnswer);
      if (cause === undefined) throw new Error('this is no error that passes');
      const count = previous.getRetryCount();
      const first = cause === 'throttled' ? FIRST_PAUSE_THROTTLED : FIRST_PAUSE;
      const pause = Math.min(LONGEST_PAUSE, first * 2 ** count) * (0.5 + random() / 2);
      const delay = Math.min(LONGEST_PAUSE, Math.max(pause, retryAfterHint ? retryAfterHint.getTime() - now() : 0));
      const bound = cause === 'throttled' ? bounds.throttledMilliseconds : bounds.transientMilliseconds;
      if (now() + delay - since > bound) throw new Error('it has been tried long enough');
      return token((previous as Token).since, count + 1, delay);
    },
    recordSuccess: () => {
      away = undefined;
    },
  };
}

/** What makes a call worth another attempt; undefined where it would fail in the same way. */
function kindOf(error: { readonly name?: string } = {}, errorType: string): 'throttled' | 'transient' | undefined {
  // Another change of the same object is under way, in IAM or S3 ("Error responses" of the Amazon S3 API Reference).
  if (error.name === 'ConcurrentModificationException' || error.name === 'OperationAborted') return 'transient';
  // The SDK takes IAM's LimitExceeded, which is a quota that is used up, for throttling.
  if (error.name === 'LimitExceededException' && awsStatus(error) === 409) return undefined;
  if (errorType === 'THROTTLING') return 'throttled';
  return errorType === 'TRANSIENT' || errorType === 'SERVER_ERROR' ? 'transient' : undefined;
}
