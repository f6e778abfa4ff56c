import { expect } from 'chai';
import { PATIENT, retriesWithin, type RetryStrategy } from './retries.ts';

type SdkError = NonNullable<Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1]['error']>;
type ErrorType = 'THROTTLING' | 'TRANSIENT' | 'SERVER_ERROR' | 'CLIENT_ERROR';

/** Returns the milliseconds from the first attempt to each retry, for a call that always fails with the same error. */
async function attempts(errorType: ErrorType, error: object = {}, random = 0.5): Promise<number[]> {
  let now = 1000;
  const strategy = retriesWithin(PATIENT, { now: () => now, random: () => random });
  const times: number[] = [];
  let token = await strategy.acquireInitialRetryToken('');
  for (;;) {
    try {
      token = await strategy.refreshRetryTokenForRetry(token, { error: error as SdkError, errorType });
    } catch {
      return times;
    }
    now += token.getRetryDelay();
    times.push(now - 1000);
  }
}

describe('retries', () => {
  for (const [what, type, least] of [
    ['a minute of throttling', 'THROTTLING', 60_000],
    ['ten seconds without a network', 'TRANSIENT', 10_000],
    ['ten seconds of service failures', 'SERVER_ERROR', 10_000],
  ] as const)
    it(`outlast ${what}, and end`, async () => {
      for (const random of [0, 1]) {
        const times = await attempts(type, {}, random);
        expect(times.at(-1)).to.be.greaterThan(least).and.at.most(120_000);
      }
    });

  it('double their pauses, up to eight seconds', async () => {
    const times = await attempts('THROTTLING', {}, 1);
    expect(times.slice(0, 6)).to.deep.equal([500, 1500, 3500, 7500, 15_500, 23_500]);
  });

  it('have random pauses', async () => {
    expect((await attempts('THROTTLING', {}, 0))[0]).to.equal(250);
    expect((await attempts('THROTTLING', {}, 1))[0]).to.equal(500);
  });

  it("respect the service's Retry-After, up to the longest pause", async () => {
    const strategy = retriesWithin(PATIENT, { now: () => 0 });
    const token = await strategy.acquireInitialRetryToken('');
    const asked = (milliseconds: number) =>
      strategy.refreshRetryTokenForRetry(token, {
        errorType: 'THROTTLING',
        retryAfterHint: new Date(milliseconds),
      });
    expect((await asked(3000)).getRetryDelay()).to.equal(3000);
    expect((await asked(3_600_000)).getRetryDelay()).to.equal(8000);
  });

  it('share one wait for the network: calls that start after a long outage are not retried', async () => {
    let now = 0;
    const strategy = retriesWithin(PATIENT, { now: () => now, random: () => 0 });
    const fails = async (error: object = {}): Promise<boolean> => {
      const token = await strategy.acquireInitialRetryToken('');
      const again = strategy.refreshRetryTokenForRetry(token, { error: error as SdkError, errorType: 'TRANSIENT' });
      return again.then(
        () => false,
        () => true,
      );
    };
    expect(await fails()).to.equal(false);
    now = 20_000;
    expect(await fails()).to.equal(false);
    now = 31_000;
    expect(await fails()).to.equal(true);
    // The service answers.
    expect(await fails({ $metadata: { httpStatusCode: 503 } })).to.equal(false);
    expect(await fails()).to.equal(false);
    // No call was made for a long time.
    now = 120_000;
    expect(await fails()).to.equal(false);
  });

  it('follow even an attempt that timed out as late as the bound', async () => {
    let now = 0;
    const strategy = retriesWithin(PATIENT, { now: () => now, random: () => 0 });
    const first = await strategy.acquireInitialRetryToken('');
    now = PATIENT.transientMilliseconds;
    const second = await strategy.refreshRetryTokenForRetry(first, { errorType: 'TRANSIENT' });
    expect(second.getRetryCount()).to.equal(1);
    now += PATIENT.transientMilliseconds;
    const third = strategy.refreshRetryTokenForRetry(second, { errorType: 'TRANSIENT' });
    expect(await third.catch(({ message }: Error) => message)).to.equal('the time for retries is over');
  });

  it('are not made for permanent errors', async () => {
    expect(await attempts('CLIENT_ERROR')).to.deep.equal([]);
    const quota = { name: 'LimitExceededException', $metadata: { httpStatusCode: 409 } };
    expect(await attempts('THROTTLING', quota)).to.deep.equal([]);
  });

  it('are made after a conflict with a concurrent change', async () => {
    for (const name of ['ConcurrentModificationException', 'OperationAborted'])
      expect(await attempts('CLIENT_ERROR', { name })).not.to.deep.equal([]);
  });
});
