import { expect } from 'chai';
import { PATIENT, retriesWithin, type RetryStrategy } from './retries.ts';

type SdkError = NonNullable<Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1]['error']>;
type ErrorType = 'THROTTLING' | 'TRANSIENT' | 'SERVER_ERROR' | 'CLIENT_ERROR';

/** Milliseconds from the first attempt to each further one, of a call that fails in the same way each time. */
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
    ['a network that is away for ten seconds', 'TRANSIENT', 10_000],
    ['a service that fails for ten seconds', 'SERVER_ERROR', 10_000],
  ] as const)
    it(`ride out ${what}, and end`, async () => {
      for (const random of [0, 1]) {
        const times = await attempts(type, {}, random);
        expect(times.at(-1)).to.be.greaterThan(least).and.at.most(120_000);
      }
    });

  it('come after pauses that double, up to eight seconds', async () => {
    const times = await attempts('THROTTLING', {}, 1);
    expect(times.slice(0, 6)).to.deep.equal([500, 1500, 3500, 7500, 15_500, 23_500]);
  });

  it('are spread at random', async () => {
    expect((await attempts('THROTTLING', {}, 0))[0]).to.equal(250);
    expect((await attempts('THROTTLING', {}, 1))[0]).to.equal(500);
  });

  it('wait as long as the service asks for, within bounds', async () => {
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

  it('wait for a network together: a call that begins when it has been away for long is not tried again', async () => {
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
    // Something answers.
    expect(await fails({ $metadata: { httpStatusCode: 503 } })).to.equal(false);
    expect(await fails()).to.equal(false);
    // Nobody has asked for long.
    now = 120_000;
    expect(await fails()).to.equal(false);
  });

  it('follow an attempt that was not answered for as long as the bound', async () => {
    let now = 0;
    const strategy = retriesWithin(PATIENT, { now: () => now, random: () => 0 });
    const first = await strategy.acquireInitialRetryToken('');
    now = PATIENT.transientMilliseconds;
    const second = await strategy.refreshRetryTokenForRetry(first, { errorType: 'TRANSIENT' });
    expect(second.getRetryCount()).to.equal(1);
    now += PATIENT.transientMilliseconds;
    const third = strategy.refreshRetryTokenForRetry(second, { errorType: 'TRANSIENT' });
    expect(await third.catch(({ message }: Error) => message)).to.equal('it has been tried long enough');
  });

  it('are not made of what would fail in the same way', async () => {
    expect(await attempts('CLIENT_ERROR')).to.deep.equal([]);
    const quota = { name: 'LimitExceededException', $metadata: { httpStatusCode: 409 } };
    expect(await attempts('THROTTLING', quota)).to.deep.equal([]);
  });

  it('are made when another change of the same thing is under way', async () => {
    for (const name of ['ConcurrentModificationException', 'OperationAborted'])
      expect(await attempts('CLIENT_ERROR', { name })).not.to.deep.equal([]);
  });
});
