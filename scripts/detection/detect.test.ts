import { expect } from 'chai';
import type { Coverage, Covered } from './coverage.ts';
import { detect, type Attempt, type Defect } from './detect.ts';
import type { JobEnd } from './workers.ts';

const DEFECT: Defect = { name: 'd', id: 'd', area: 'a', text: '' };
const run = (key: string, reached: readonly string[], milliseconds = 1): Covered => ({
  key,
  id: key,
  flags: [],
  digest: '',
  milliseconds,
  reached,
  reachedByProbes: reached,
});
const coverage = (...scenarios: Covered[]): Coverage => ({ scenarios, unusable: [], always: [] });
const end = (over: Partial<JobEnd>): JobEnd => ({
  scenarios: [],
  alone: [],
  always: [],
  timedOut: false,
  hangs: false,
  turn: 0,
  milliseconds: 0,
  ...over,
});

describe('detect', () => {
  let tried: string[][];
  beforeEach(() => (tried = []));

  /** Fails `byThemselves` always, and `inCompany` only if other scenarios run too. */
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
          id: one.id,
          milliseconds: 1,
          reached: [],
          verdict: fails(one) ? 'failed' : 'passed',
        })),
      });
    };
  const detected = (
    attempt: Attempt,
    covered: Coverage,
    how: {
      all?: boolean;
      hint?: string;
      beside?: readonly ReadonlySet<string>[];
      most?: number;
      ofProbes?: boolean;
    } = {},
  ) => detect(DEFECT, covered, attempt, { all: false, ...how });

  it('tries scenarios that reach the defect, likeliest first, and confirms a failure alone', async () => {
    const covered = coverage(
      run('wide', ['d', 'e', 'f']),
      run('not', ['e']),
      run('slow', ['d'], 9),
      run('quick', ['d']),
    );
    const { state, noticedBy, reachedBy } = await detected(failing(['slow']), covered);
    expect({ state, noticedBy, reachedBy }).to.deep.equal({ state: 'noticed', noticedBy: ['slow'], reachedBy: 3 });
    expect(tried).to.deep.equal([['quick', 'slow', 'wide'], ['slow']]);
  });

  it('alternates scenarios with little coverage and scenarios that reach rarely reached code nearby', async () => {
    const covered = coverage(
      run('one', ['d']),
      run('two', ['d', 'x']),
      run('file', ['d', 'x', 'e', 'f']),
      run('wide', ['d', 'x', 'y', 'z', 'e']),
    );
    await detected(failing([]), covered, { beside: [new Set(['d', 'e', 'f'])] });
    expect(tried).to.deep.equal([['one', 'file', 'two', 'wide']]);
    // One place that no other scenario reaches counts more than many places that all reach.
    tried.length = 0;
    const common = coverage(
      ...['a', 'b', 'c'].map((id) => run(id, ['d', 'e', 'f', 'g'])),
      run('rare', ['d', 'h', 'x', 'y', 'z']),
    );
    await detected(failing([]), common, { beside: [new Set(['d', 'e', 'f', 'g', 'h'])] });
    expect(tried[0]?.slice(0, 2)).to.deep.equal(['a', 'rare']);
  });

  it('tries all scenarios, reaching ones first, if the start of the environment reaches the defect too', async () => {
    const covered = { ...coverage(run('a', ['e']), run('b', ['d', 'e', 'f'])), always: ['d'] };
    expect(await detected(failing(['a']), covered)).to.deep.include({ noticedBy: ['a'], reachedBy: 2 });
    expect(tried[0]).to.deep.equal(['b', 'a']);
  });

  it('stops after the given number of scenarios, unless all are requested', async () => {
    const covered = coverage(...Array.from({ length: 200 }, (_, index) => run(`r${index}`, ['d'], index)));
    expect(await detected(failing(['r199']), covered, { most: 120 })).to.include({ state: 'survived', reachedBy: 200 });
    expect(tried.map(({ length }) => length)).to.deep.equal([24, 96]);
    expect((await detected(failing(['r199']), covered)).noticedBy).to.deep.equal(['r199']);
    expect((await detected(failing(['r199']), covered, { all: true, most: 120 })).noticedBy).to.deep.equal(['r199']);
  });

  it('first tries only the scenario that noticed the defect last time', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d', 'e']));
    expect((await detected(failing(['a', 'b']), covered, { hint: 'b' })).noticedBy).to.deep.equal(['b']);
    expect(tried).to.deep.equal([['b']]);
  });

  it('ignores scenarios that only fail in parallel with others, and tries the rest', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d', 'e']), run('c', ['d', 'e', 'f']));
    expect(await detected(failing(['c'], ['a']), covered)).to.include({ state: 'noticed' });
    expect(tried).to.deep.equal([['a', 'b', 'c'], ['a'], ['b', 'c'], ['c']]);
    expect(await detected(failing([], ['a']), covered)).to.include({ state: 'survived' });
  });

  it('reports every scenario that notices the defect if all are requested', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d']), run('c', ['d']));
    expect((await detected(failing(['a', 'c']), covered, { all: true })).noticedBy).to.deep.equal(['a', 'c']);
  });

  it('distinguishes surviving from unreached defects', async () => {
    expect((await detected(failing([]), coverage(run('a', ['d'])))).state).to.equal('survived');
    expect((await detected(failing([]), coverage(run('a', ['e'])))).state).to.equal('unreached');
    const always = { ...coverage(run('a', ['e'])), always: ['d'] };
    expect((await detected(failing(['a']), always)).state).to.equal('noticed');
  });

  it('accepts a confirmation alone from the same process', async () => {
    const covered = coverage(run('a', ['d']), run('b', ['d', 'e']));
    const [passed, failed] = (['passed', 'failed'] as const).map(
      (verdict) => ({ id: 'a', verdict, milliseconds: 1, reached: [], alone: true }) as const,
    );
    for (const [alone, state] of [
      [failed, 'noticed'],
      [passed, 'survived'],
    ] as const) {
      const attempt: Attempt = async (defect, runs, how) => {
        const over = await failing([], ['a'])(defect, runs, how);
        return runs.length > 1 ? { ...over, alone: alone === undefined ? [] : [alone] } : over;
      };
      expect((await detected(attempt, covered)).state).to.equal(state);
    }
    expect(tried).to.deep.equal([['a', 'b'], ['a', 'b'], ['b']]);
  });

  describe('if no scenario fails', () => {
    const thirty = coverage(...Array.from({ length: 30 }, (_, index) => run(`r${index}`, ['d'])));
    let without: string[][];
    beforeEach(() => (without = []));
    type Broken = Readonly<Record<string, number>>;
    /** Ends the given scenarios with `verdict` after the given milliseconds. Others, and all without the defect, pass after 1000. */
    const breaking =
      (ofTry: (number: number) => Broken, verdict: 'error' | 'inconclusive' | 'failed' = 'error'): Attempt =>
      async (defect, runs) => {
        (defect === undefined ? without : tried).push(runs.map(({ key }) => key));
        const broken = defect === undefined ? {} : ofTry(tried.length);
        const over = runs.map(({ id }): JobEnd['scenarios'][number] => {
          const milliseconds = broken[id];
          const found = milliseconds === undefined ? 'passed' : verdict;
          return { id, verdict: found, reached: [], milliseconds: milliseconds ?? 1000, reason: 'Refused.' };
        });
        return end({ scenarios: over });
      };
    const always = (broken: Broken) => breaking(() => broken);

    it('tries the other scenarios, and reports those that fail', async () => {
      const attempt: Attempt = async (defect, runs, how) => {
        const over = await always({ r1: 10 })(defect, runs, how);
        return end({
          scenarios: over.scenarios.map((one) => (one.id === 'r29' ? { ...one, verdict: 'failed' } : one)),
        });
      };
      expect(await detected(attempt, thirty)).to.deep.include({ state: 'noticed', noticedBy: ['r29'] });
    });

    for (const [what, milliseconds] of [
      ['immediately', 10],
      ['after a timeout', 3000],
    ] as const)
      it(`reports "no verdict" if the error recurs ${what}, but not without the defect`, async () => {
        expect(await detected(always({ r1: milliseconds }), thirty)).to.include({
          state: 'no verdict',
          reason: 'r1 is error: Refused.',
        });
        expect(tried.slice(2)).to.deep.equal([['r1']]);
        expect(without).to.deep.equal([['r1']]);
      });
    it('reports "no verdict" if a control probe fails', async () =>
      expect(
        (
          await detected(
            breaking(() => ({ r1: 10 }), 'inconclusive'),
            thirty,
          )
        ).state,
      ).to.equal('no verdict'));

    it('skips the rest if none of the first scenarios has a verdict', async () => {
      const all = Object.fromEntries(thirty.scenarios.map(({ id }) => [id, 10]));
      expect(await detected(always(all), thirty)).to.include({ state: 'no verdict' });
      expect(tried.map(({ length }) => length)).to.deep.equal([24, 1]);
    });

    it('retries scenarios without verdict with the defect on only during probes, if supported', async () => {
      const ofProbes =
        (failed: string): Attempt =>
        async (defect, runs, how) => {
          if (how.ofProbes !== true) return always({ r1: 10, r2: 10 })(defect, runs, how);
          tried.push(runs.map(({ key }) => `probes of ${key}`));
          return end({
            scenarios: runs.map(({ id }) => ({
              id,
              milliseconds: 1,
              reached: [],
              verdict: id === failed ? 'failed' : 'passed',
            })),
          });
        };
      expect(await detected(ofProbes('r2'), thirty)).to.include({ state: 'no verdict' });
      tried = [];
      const over = await detected(ofProbes('r2'), thirty, { ofProbes: true });
      expect(over).to.deep.include({ state: 'noticed', noticedBy: ['r2'] });
      expect(tried.slice(2)).to.deep.equal([['probes of r1', 'probes of r2'], ['probes of r2']]);
      expect(await detected(ofProbes('r3'), thirty, { ofProbes: true })).to.include({ state: 'no verdict' });
      tried = [];
      const first = coverage(
        ...thirty.scenarios.map((one) => (one.id === 'r1' ? { ...one, reachedByProbes: [] } : one)),
      );
      expect(await detected(ofProbes('r2'), first, { ofProbes: true })).to.include({ state: 'noticed' });
      expect(tried.slice(2), 'only those whose probes reach the defect').to.deep.equal([['probes of r2']]);
    });

    it('distinguishes a busy machine from a defect', async () => {
      const slow = coverage(run('r1', ['d']));
      const attempt: Attempt = async (defect, runs, how) => {
        const over = await always({ r1: 30_000 })(defect, runs, how);
        if (defect !== undefined) return over;
        return end({ scenarios: over.scenarios.map((one) => ({ ...one, milliseconds: 11_000 })) });
      };
      expect((await detected(attempt, slow)).state).to.equal('error');
      const broken: Attempt = async () =>
        end({ scenarios: [{ id: 'r1', verdict: 'error', milliseconds: 1, reached: [] }] });
      expect((await detected(broken, slow)).state).to.equal('error');
    });

    it('uses the result of the second attempt if the error does not recur', async () => {
      const covered = coverage(run('a', ['d']), run('b', ['d', 'e']));
      const first = (number: number): Broken => (number === 1 ? { a: 10 } : {});
      expect((await detected(breaking(first), covered)).state).to.equal('survived');
      expect(tried).to.deep.equal([['a', 'b'], ['a']]);
      tried = [];
      const then: Attempt = async (defect, runs, how) =>
        breaking(() => ({ a: 10 }), tried.length === 0 ? 'error' : 'failed')(defect, runs, how);
      expect((await detected(then, covered)).noticedBy).to.deep.equal(['a']);
    });

    it('reports "no verdict" and tries no others if the run itself fails', async () => {
      const attempt: Attempt = async (defect, runs, how) =>
        defect === undefined ? always({})(defect, runs, how) : (tried.push([]), end({ error: 'no cluster' }));
      expect(await detected(attempt, thirty)).to.include({ state: 'no verdict', reason: 'no cluster' });
      expect(tried).to.have.length(2);
      expect(without).to.deep.equal([['r0']]);
    });

    for (const [what, over, taken, state] of [
      ['that hangs as "timed out"', { hangs: true, turn: 10_500 }, { turn: 2000 }, 'timed out'],
      [
        'that hangs as "error" if it is as slow without the defect',
        { hangs: true, turn: 10_500 },
        { turn: 4000 },
        'error',
      ],
      [
        'that does not end as "timed out"',
        { timedOut: true, milliseconds: 60_000 },
        { milliseconds: 9000 },
        'timed out',
      ],
      [
        'that does not end on a busy machine as "error"',
        { timedOut: true, milliseconds: 60_000 },
        { milliseconds: 21_000 },
        'error',
      ],
    ] as const)
      it(`reports a run ${what}`, async () => {
        const attempt: Attempt = async (defect, runs, how) =>
          defect === undefined
            ? { ...(await always({})(defect, runs, how)), ...taken }
            : (tried.push([]),
              end({ ...over, scenarios: [{ id: 'r0', verdict: 'passed', milliseconds: 1, reached: [] }] }));
        expect((await detected(attempt, coverage(run('r0', ['d']), run('r1', ['d'])))).state).to.equal(state);
        expect(tried).to.have.length(2);
      });
  });
});
