import { expect } from 'chai';
import type { Coverage, Covered } from './coverage.ts';
import { detect, type Attempt, type Defect } from './detect.ts';
import type { JobEnd } from './workers.ts';

const DEFECT: Defect = { name: 'd', id: 'd', area: 'a', text: '' };
const run = (key: string, reached: readonly string[], milliseconds = 1): Covered => ({
  ...{ key, id: key, flags: [], digest: '', milliseconds, reached },
});
const coverage = (...scenarios: Covered[]): Coverage => ({ scenarios, unusable: [], always: [] });
const end = (over: Partial<JobEnd>): JobEnd => ({ scenarios: [], always: [], timedOut: false, ...over });

describe('detect', () => {
  let tried: string[][];
  beforeEach(() => (tried = []));

  /** Scenarios that fail: by themselves, or in company alone. */
  const failing =
    (byThemselves: readonly string[], inCompany: readonly string[] = []): Attempt =>
    async (_, runs, { stopAtFirst }) => {
      tried.push(runs.map(({ key }) => key));
      const fails = ({ id }: Covered): boolean =>
        byThemselves.includes(id) || (runs.length > 1 && inCompany.includes(id));
      const stop = stopAtFirst ? runs.findIndex(fails) : -1;
      const over = stop === -1 ? runs : runs.slice(0, stop + 1);
      return end({
        scenarios: over.map((one) => ({
          ...{ id: one.id, milliseconds: 1, reached: [] },
          verdict: fails(one) ? 'failed' : 'passed',
        })),
      });
    };
  const of = (
    attempt: Attempt,
    covered: Coverage,
    how: { all?: boolean; hint?: string; beside?: readonly ReadonlySet<string>[] } = {},
  ) => detect(DEFECT, covered, attempt, { all: false, ...how });

  it('tries those that reach it, the likeliest first, and the one that failed once more alone', async () => {
    const covered = coverage(
      run('wide', ['d', 'e', 'f']),
      run('not', ['e']),
      run('slow', ['d'], 9),
      run('quick', ['d']),
    );
    const { state, noticedBy, reachedBy } = await of(failing(['slow']), covered);
    expect({ state, noticedBy, reachedBy }).to.deep.equal({ state: 'noticed', noticedBy: ['slow'], reachedBy: 3 });
    expect(tried).to.deep.equal([['quick', 'slow', 'wide'], ['slow']]);
  });

  it('tries in turn one that reaches the fewest places and one that reaches what few others do beside it', async () => {
    const covered = coverage(
      run('one', ['d']),
      run('two', ['d', 'x']),
      run('file', ['d', 'x', 'e', 'f']),
      run('wide', ['d', 'x', 'y', 'z', 'e']),
    );
    await of(failing([]), covered, { beside: [new Set(['d', 'e', 'f'])] });
    expect(tried).to.deep.equal([['one', 'file', 'two', 'wide']]);
    // Many places of the file that all reach are worth less than one that no other does.
    tried.length = 0;
    const common = coverage(
      ...['a', 'b', 'c'].map((id) => run(id, ['d', 'e', 'f', 'g'])),
      run('rare', ['d', 'h', 'x', 'y', 'z']),
    );
    await of(failing([]), common, { beside: [new Set(['d', 'e', 'f', 'g', 'h'])] });
    expect(tried[0]?.slice(0, 2)).to.deep.equal(['a', 'rare']);
  });

  it('tries all others after those that reach it, where the start of the environment does so too', async () => {
    const covered = { ...coverage(run('a', ['e']), run('b', ['d', 'e', 'f'])), always: ['d'] };
    expect(await of(failing(['a']), covered)).to.deep.include({ noticedBy: ['a'], reachedBy: 2 });
    expect(tried[0]).to.deep.equal(['b', 'a']);
  });

  it('gives up after the likeliest, unless all are asked for', async () => {
    const covered = coverage(...Array.from({ length: 200 }, (_, index) => run(`r${index}`, ['d'], index)));
    expect(await of(failing(['r199']), covered)).to.include({ state: 'survived', reachedBy: 200 });
    expect(tried.map(({ length }) => length)).to.deep.equal([24, 96]);
    expect((await of(failing(['r199']), covered, { all: true })).noticedBy).to.deep.equal(['r199']);
  });

  it('tries the one that noticed it the last time ahead, alone', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d', 'e']));
    expect((await of(failing(['a', 'b']), covered, { hint: 'b' })).noticedBy).to.deep.equal(['b']);
    expect(tried).to.deep.equal([['b']]);
  });

  it('does not count what fails beside others alone, and tries the rest', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d', 'e']), run('c', ['d', 'e', 'f']));
    expect(await of(failing(['c'], ['a']), covered)).to.include({ state: 'noticed' });
    expect(tried).to.deep.equal([['a', 'b', 'c'], ['a'], ['b', 'c'], ['c']]);
    expect(await of(failing([], ['a']), covered)).to.include({ state: 'survived' });
  });

  it('names every scenario that notices it, when all are asked for', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d']), run('c', ['d']));
    expect((await of(failing(['a', 'c']), covered, { all: true })).noticedBy).to.deep.equal(['a', 'c']);
  });

  it('tells what survived from what no scenario reaches', async () => {
    expect((await of(failing([]), coverage(run('a', ['d'])))).state).to.equal('survived');
    expect((await of(failing([]), coverage(run('a', ['e'])))).state).to.equal('unreached');
    const always = { ...coverage(run('a', ['e'])), always: ['d'] };
    expect((await of(failing(['a']), always)).state).to.equal('noticed');
  });

  it('tells runs that did not end, and tries no more', async () => {
    const covered = coverage(...Array.from({ length: 30 }, (_, index) => run(`r${index}`, ['d'])));
    const attempt: Attempt = async (_, runs) => {
      tried.push(runs.map(({ key }) => key));
      return end({ timedOut: true });
    };
    expect((await of(attempt, covered)).state).to.equal('timed out');
    expect(tried).to.have.length(1);
  });

  /** Scenarios of an error: always, or the first time alone. */
  const breaking =
    (always: readonly string[], once: readonly string[] = [], then: 'passed' | 'failed' = 'passed'): Attempt =>
    async (_, runs) => {
      tried.push(runs.map(({ key }) => key));
      const verdict = ({ id }: Covered) =>
        always.includes(id) || (once.includes(id) && tried.length === 1)
          ? 'error'
          : once.includes(id)
            ? then
            : 'passed';
      const ended = runs.map((one) => ({ id: one.id, milliseconds: 1, reached: [], verdict: verdict(one) }) as const);
      return end({ scenarios: ended });
    };

  it('tries what ended in an error once more, and stops where it does so again', async () => {
    const covered = coverage(...Array.from({ length: 30 }, (_, index) => run(`r${index}`, ['d'])));
    expect(await of(breaking(['r1', 'r2', 'r29']), covered)).to.include({ state: 'error', reason: 'r1 is error' });
    expect(tried.slice(1)).to.deep.equal([['r1']]);
  });

  it('takes what the second try says where the error does not come again', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d', 'e']));
    expect((await of(breaking([], ['a']), covered)).state).to.equal('survived');
    expect(tried).to.deep.equal([['a', 'b'], ['a'], ['b']]);
    tried = [];
    expect((await of(breaking([], ['a'], 'failed'), covered)).noticedBy).to.deep.equal(['a']);
  });

  it('has an error where the run itself fails twice', async () => {
    const covered = coverage(run('a', ['d']));
    expect(await of(async () => end({ error: 'no cluster' }), covered)).to.include({
      state: 'error',
      reason: 'no cluster',
    });
  });
});
