import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsClient } from './call-counter.ts';
import type { AwsService } from './service-names.ts';

/**
 * Calls a second that the harness makes at most, retries included, of each service and account. AWS publishes no rates for
 * IAM and EKS (both throttle an account's calls well below a hundred a second, and other users of the account need their
 * share); STS and EKS Auth take hundreds; S3 takes 3,500 writes a second for each prefix, but few of buckets (Amazon S3
 * User Guide, "Best practices design patterns"). So a run waits here for its turn rather than there for a refusal.
 */
export const CALLS_PER_SECOND: Readonly<Record<AwsService, number>> = {
  iam: 15,
  eks: 15,
  sts: 50,
  'eks-auth': 50,
  s3: 200,
};

/** Hands out turns that lie evenly apart: no burst, so that in no second there are more than the rate. */
export class RateLimiter {
  readonly #interval: number;
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<unknown>;
  #next = 0;

  constructor(
    perSecond: number,
    now: () => number = () => performance.now(),
    wait: (milliseconds: number) => Promise<unknown> = sleep,
  ) {
    this.#interval = 1000 / perSecond;
    this.#now = now;
    this.#sleep = wait;
  }

  /** Resolves when it is the caller's turn; first come, first served. */
  async turn(): Promise<void> {
    const now = this.#now();
    const at = Math.max(now, this.#next);
    this.#next = at + this.#interval;
    if (at > now) await this.#sleep(at - now);
  }
}

/** Lets each attempt of a client's calls wait for its turn: inside of the retries, and before the request is signed. */
export function limit(client: AwsClient, limiter: RateLimiter): void {
  client.middlewareStack.addRelativeTo(
    <Args, Output>(next: (args: Args) => Promise<Output>) =>
      async (args: Args) => {
        await limiter.turn();
        return next(args);
      },
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'waitForTurn' },
  );
}
