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
      const seen = looks[Math.min(next++, looks.length - 1)] ?? new Error('no response left');
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
    () => expect.fail('the wait did not fail'),
    (error: unknown) => error,
  );

describe('waiting for an EKS status', () => {
  it('does not poll if the first response is final', async () => {
    const { done, looks, lines } = waiting([], { before: { done: 'it' } });
    expect(await done).to.equal('it');
    expect(looks()).to.equal(0);
    expect(lines).to.deep.equal([]);
  });

  it('reports each status once', async () => {
    const { done, lines } = waiting([
      { status: 'CREATING' },
      { status: 'CREATING' },
      { status: 'ACTIVE?' },
      { done: 'it' },
    ]);
    expect(await done).to.equal('it');
    expect(lines).to.deep.equal(['cluster a: CREATING', 'cluster a: ACTIVE?']);
  });

  it('survives network errors', async () => {
    const { done } = waiting([{ status: 'CREATING' }, networkError(), networkError(), { done: 'it' }]);
    expect(await done).to.equal('it');
  });

  it('rethrows other errors of a poll', async () => {
    expect(await rejection(waiting([new Error('access denied')]).done)).to.have.property('message', 'access denied');
  });

  it('times out at the deadline, with the last status and its reason', async () => {
    const { done } = waiting([{ status: 'CREATING', why: 'no addresses' }], { deadline: Date.now() + 30 });
    expect(await rejection(done)).to.have.property('message', 'late: CREATING, no addresses');
  });

  it('stops on an interrupt, even in a pause', async () => {
    const stop = new AbortController();
    const { done } = waiting([{ status: 'CREATING' }], {
      signal: stop.signal,
      timing: { ...FAST, firstPause: 60_000 },
      deadline: Date.now() + 120_000,
      progress: () => stop.abort(new Error('interrupted')),
    });
    expect(await rejection(done)).to.have.property('message', 'interrupted');
  });

  it('polls AWS at most once a second', () => {
    expect(TIMING.firstPause).to.be.at.least(1000);
    expect(TIMING.longestPause).to.be.at.least(TIMING.firstPause);
  });
});

describe('parallel tasks', () => {
  const never = new AbortController().signal;

  it('return all their results', async () => {
    expect(
      await together(
        never,
        async () => 1,
        async () => 'two',
      ),
    ).to.deep.equal([1, 'two']);
  });

  it('are aborted and have all ended when one has failed', async () => {
    const events: string[] = [];
    const slow = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      events.push('aborted');
      await new Promise((resolve) => setTimeout(resolve, 10));
      events.push('ended');
      throw signal.reason;
    };
    const error = await rejection(together(never, slow, () => Promise.reject(new Error('first'))));
    expect(error).to.have.property('message', 'first');
    expect(events).to.deep.equal(['aborted', 'ended']);
  });
});
