import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsClient } from './call-counter.ts';
import type { AwsService } from './service-names.ts';

/**
 * Maximum calls a second per service and account, including retries. AWS publishes no rates for IAM and EKS, which
 * throttle well below a hundred. STS and EKS Auth allow hundreds. S3 allows 3,500 writes per prefix, but few bucket
 * operations (Amazon S3 User Guide, "Best practices design patterns").
 */
export const CALLS_PER_SECOND: Readonly<Record<AwsService, number>> = {
  iam: 15,
  eks: 15,
  sts: 50,
  'eks-auth': 50,
  s3: 200,
};

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

  /** Resolves when it is the caller's turn, in order of arrival. */
  async turn(): Promise<void> {
    const now = this.#now();
    const at = Math.max(now, this.#next);
    this.#next = at + this.#interval;
    if (at > now) await this.#sleep(at - now);
  }
}

/** Makes each attempt of a client's calls wait for its turn, before it is signed. */
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
