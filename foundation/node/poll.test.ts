import { expect } from 'chai';
import { poll, retry, type Clock } from './poll.ts';

/** Returns a clock on which only pauses take time. */
function clock(): Clock & { readonly pauses: number[] } {
  let now = 0;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => now,
    sleep: async (milliseconds) => {
      pauses.push(milliseconds);
      now += milliseconds;
    },
  };
}

const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const isReset = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ECONNRESET';
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => expect.fail(`no error, but ${String(value)}`),
    (error: unknown) => error,
  );

describe('poll', () => {
  it('repeats until it gets a value, despite tolerated errors', async () => {
    const looks = [() => undefined, () => Promise.reject(reset()), () => 'seen'];
    const seen = poll<string>(async () => looks.shift()?.(), { what: 'it', every: 1, tolerates: isReset });
    expect(await seen).to.equal('seen');
  });

  it('throws other errors immediately', async () => {
    const denied = new Error('denied');
    let looks = 0;
    const look = (): never => {
      looks += 1;
      throw denied;
    };
    expect(await failure(poll(look, { what: 'it', every: 1, tolerates: isReset }))).to.equal(denied);
    expect(looks).to.equal(1);
  });

  it('starts no attempt after the timeout, and reports what it waited for and how long', async () => {
    const time = clock();
    const options = { what: 'namespace red to be gone', every: 400, within: 1000, clock: time };
    const error = await failure(poll(() => undefined, options));
    expect(error).to.have.property('message', 'Timed out after 1 s waiting for namespace red to be gone.');
    expect(time.pauses).to.deep.equal([400, 400]);
  });

  it('makes one attempt with a timeout of 0', async () => {
    let looks = 0;
    const look = (): undefined => void (looks += 1);
    await failure(poll(look, { what: 'it', every: 10, within: 0 }));
    expect(looks).to.equal(1);
  });

  it('lengthens its pauses by half, up to the longest', async () => {
    const time = clock();
    await failure(poll(() => undefined, { what: 'it', every: 100, longest: 200, within: 700, clock: time }));
    expect(time.pauses).to.deep.equal([100, 150, 200, 200]);
  });

  it("returns or throws the caller's result on timeout", async () => {
    expect(await poll<boolean>(() => undefined, { every: 1, within: 5, late: () => false })).to.equal(false);
    const own = new Error('the cluster was not ready');
    expect(await failure(poll(() => undefined, { every: 1, within: 5, late: () => own }))).to.equal(own);
  });

  it('gives up after too long a period of tolerated errors', async () => {
    const time = clock();
    const broken = reset();
    let looks = 0;
    const look = (): undefined => {
      looks += 1;
      if (looks > 3) throw broken;
    };
    const options = { what: 'it', every: 100, within: 60_000, tolerates: isReset, toleratedFor: 250, clock: time };
    expect(await failure(poll(look, options))).to.equal(broken);
    expect(looks).to.equal(5);
  });

  it('aborts a hanging attempt on timeout', async () => {
    const hanging = (attempt: AbortSignal): Promise<undefined> =>
      new Promise((_, reject) => attempt.addEventListener('abort', () => reject(new Error('aborted'))));
    expect(await poll<string>(hanging, { every: 1, within: 10, late: () => 'late' })).to.equal('late');
  });

  it("throws its signal's reason immediately, even during a pause", async () => {
    const controller = new AbortController();
    const waiting = poll(() => undefined, { what: 'it', every: 60_000, within: 120_000, signal: controller.signal });
    controller.abort(new Error('interrupted'));
    expect(await failure(waiting)).to.have.property('message', 'interrupted');
  });
});

describe('retry', () => {
  it("returns the work's result, even undefined", async () => {
    const answers = [() => Promise.reject(reset()), () => Promise.resolve(undefined)];
    expect(await retry(() => answers.shift()!(), { every: 1, tolerates: isReset })).to.equal(undefined);
  });

  it("throws the last tolerated error on timeout, not the attempt's abort", async () => {
    const broken = reset();
    let tries = 0;
    const work = async (attempt: AbortSignal): Promise<void> => {
      if ((tries += 1) === 1) throw broken;
      await new Promise((_, reject) => attempt.addEventListener('abort', () => reject(new Error('aborted'))));
    };
    expect(await failure(retry(work, { every: 1, within: 20, tolerates: isReset }))).to.equal(broken);
  });
});
