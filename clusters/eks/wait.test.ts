import { expect } from 'chai';
import { TIMING } from './timing.ts';
import { FAST } from '../../test/support/eks-cluster.ts';
import { together } from './context.ts';
import { awaitDone, type Seen, type Wait } from './wait.ts';

const networkError = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

function waiting(looks: readonly (Seen<string> | Error)[], over: Partial<Wait<string>> = {}) {
  const lines: string[] = [];
  let next = 0;
  const wait: Wait<string> = {
    what: 'cluster a',
    look: async () => {
      const seen = looks[Math.min(next++, looks.length - 1)] ?? new Error('nothing to see');
      if (seen instanceof Error) throw seen;
      return seen;
    },
    deadline: Date.now() + 5000,
    late: (status, why) => new Error(`late: ${status}, ${why ?? 'no reason'}`),
    timing: FAST,
    signal: new AbortController().signal,
    progress: (line) => lines.push(line),
    ...over,
  };
  return { lines, looks: () => next, done: awaitDone(wait) };
}

const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it was not rejected'),
    (error: unknown) => error,
  );

describe('waiting for a status of EKS', () => {
  it('never looks when the answer was that it is done', async () => {
    const { done, looks, lines } = waiting([], { before: { done: 'it' } });
    expect(await done).to.equal('it');
    expect(looks()).to.equal(0);
    expect(lines).to.deep.equal([]);
  });

  it('tells each status once', async () => {
    const { done, lines } = waiting([
      { status: 'CREATING' },
      { status: 'CREATING' },
      { status: 'ACTIVE?' },
      { done: 'it' },
    ]);
    expect(await done).to.equal('it');
    expect(lines).to.deep.equal(['cluster a: CREATING', 'cluster a: ACTIVE?']);
  });

  it('outlasts a network that is cut', async () => {
    const { done } = waiting([{ status: 'CREATING' }, networkError(), networkError(), { done: 'it' }]);
    expect(await done).to.equal('it');
  });

  it('throws what a look throws else', async () => {
    expect(await rejection(waiting([new Error('no right')]).done)).to.have.property('message', 'no right');
  });

  it('ends at its deadline, with the last status and why', async () => {
    const { done } = waiting([{ status: 'CREATING', why: 'no addresses' }], { deadline: Date.now() + 30 });
    expect(await rejection(done)).to.have.property('message', 'late: CREATING, no addresses');
  });

  it('ends with an interrupt, also in a pause', async () => {
    const stop = new AbortController();
    const { done } = waiting([{ status: 'CREATING' }], {
      signal: stop.signal,
      timing: { ...FAST, firstPause: 60_000 },
      deadline: Date.now() + 120_000,
      progress: () => stop.abort(new Error('interrupted')),
    });
    expect(await rejection(done)).to.have.property('message', 'interrupted');
  });

  it('looks at AWS once a second at most', () => {
    expect(TIMING.firstPause).to.be.at.least(1000);
    expect(TIMING.longestPause).to.be.at.least(TIMING.firstPause);
  });
});

describe('works side by side', () => {
  const never = new AbortController().signal;

  it('come to all their results', async () => {
    expect(
      await together(
        never,
        async () => 1,
        async () => 'two',
      ),
    ).to.deep.equal([1, 'two']);
  });

  it('are all over when one has failed, and the others were told', async () => {
    const events: string[] = [];
    const slow = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      events.push('told');
      await new Promise((resolve) => setTimeout(resolve, 10));
      events.push('over');
      throw signal.reason;
    };
    const error = await rejection(together(never, slow, () => Promise.reject(new Error('first'))));
    expect(error).to.have.property('message', 'first');
    expect(events).to.deep.equal(['told', 'over']);
  });
});
