import { expect } from 'chai';
import { aResult, someResults } from '../../test/support/scenarios.ts';
import type { Run } from '../results/read-results.ts';
import type { Mutable } from '../../test/support/comparison.ts';
import { summarize, type RunResults, type ScenarioResult } from '../results/results.ts';
import { mergeResults } from './merge.ts';

const IDS = { 'AB-01': 1, 'AB-02': 2, 'AB-03': 1 };

/** Results of one of two shards of a run, with a change. */
function shard(index: number, change: (results: Mutable<RunResults>) => void = () => undefined): Run {
  const own = Object.entries(IDS).filter(([, of]) => of === index);
  const scenarios = own.map(([id]) => aResult({ id, verdict: 'passed' }));
  const results = structuredClone(
    someResults(scenarios, summarize(scenarios), {
      id: `c00000${index}`,
      shard: { index, count: 2, scenarios: IDS, digest: 'a'.repeat(64) },
      startedAt: `2026-01-0${3 - index}T00:00:00.000Z`,
      milliseconds: 1000 * index,
      profile: { name: 'full', version: 1, narrowed: true },
    }),
  ) as Mutable<RunResults>;
  results.configuration['timeout'] = { value: 60, origin: 'default' };
  change(results);
  return { file: `s${index}/results.json`, results: results };
}
const fails = ({ scenarios }: Mutable<RunResults>): void => {
  scenarios[0]!.verdict = 'failed';
};
/** The run could not do its work, and has no scenarios. */
const broke = (results: Mutable<RunResults>): void => {
  Object.assign(results.run, { error: 'No cluster.', exitCode: 3 });
  results.scenarios = [];
  Object.assign(results.environment, { region: '', services: [], clusters: [] });
};

describe('merged results', () => {
  it('have all scenarios in the order of the whole, each with the run that it is from', () => {
    const { run, scenarios, summary } = mergeResults([shard(2), shard(1)]);
    expect(scenarios.map((item: ScenarioResult) => [item.id, item.run])).to.deep.equal([
      ['AB-01', 'c000001'],
      ['AB-02', 'c000002'],
      ['AB-03', 'c000001'],
    ]);
    expect(summary).to.include({ total: 3, passed: 3 });
    expect(run).to.deep.include({ shards: ['c000001', 'c000002'], exitCode: 0, milliseconds: 2000, error: null });
    expect(run.startedAt).to.equal('2026-01-01T00:00:00.000Z');
    expect(run).not.to.have.property('shard');
  });

  it('are the same in whatever order the shards are given', () =>
    expect(mergeResults([shard(2), shard(1)])).to.deep.equal(mergeResults([shard(1), shard(2)])));

  it('add calls up', () =>
    expect(mergeResults([shard(1), shard(2)]).aws?.calls).to.deep.include({
      total: 2468,
      byOperation: { 'iam:CreateRole': 2468 },
    }));

  const gate = (...problems: string[]) => ({ file: 'gate.yaml', problems, warnings: [] });
  const codes: readonly (readonly [string, Run, number])[] = [
    ['a scenario of one failed', shard(2, fails), 1],
    ['a run of one could not do its work', shard(2, broke), 3],
    ['one was interrupted', shard(2, ({ run }) => (run.interrupted = true)), 130],
    ['a gate of one does not allow something', shard(2, (results) => (results.gate = gate('It is over.'))), 1],
    [
      'a gate allows what failed',
      shard(2, (results) => {
        fails(results);
        results.scenarios[0]!.allowed = { until: '2999-12-31', reason: 'Known.' };
        results.gate = gate();
      }),
      0,
    ],
  ];
  for (const [what, other, code] of codes)
    it(`exit with ${code} where ${what}`, () => expect(mergeResults([shard(1), other]).run.exitCode).to.equal(code));

  it('say which shard could not do its work', () =>
    expect(mergeResults([shard(1), shard(2, broke)]).run.error).to.equal('Shard 2: No cluster.'));

  it('say too little where the whole was skipped', () => {
    const skipped = ({ scenarios }: Mutable<RunResults>): void =>
      scenarios.forEach((scenario) => (scenario.verdict = 'skipped'));
    const { run } = mergeResults([shard(1, skipped), shard(2, skipped)]);
    expect(run.exitCode).to.equal(3);
    expect(run.error).to.match(/^All 3 scenarios were skipped/);
    expect(mergeResults([shard(1, skipped), shard(2)]).run.exitCode).to.equal(0);
  });

  describe('are refused for', () => {
    const wrong: readonly (readonly [string, readonly Run[], string])[] = [
      [
        'a whole run',
        [shard(1), shard(2, ({ run }) => delete run.shard)],
        's2/results.json is not the result of a shard',
      ],
      ['a shard that is missing', [shard(1)], 'Of 2 shards one is missing (2/2): give the results of all.'],
      ['a shard twice', [shard(1), shard(1), shard(2)], 's1/results.json are both shard 1/2: give each shard once.'],
      [
        'shards of another count',
        [shard(1), shard(2, ({ run }) => (run.shard!.count = 3))],
        's1/results.json is shard 1/2 and s2/results.json is shard 2/3',
      ],
      [
        'other suites',
        [shard(1), shard(2, ({ run }) => (run.shard!.digest = 'b'.repeat(64)))],
        'are shards of different suites, or of another choice of scenarios',
      ],
      [
        'shards that other times made',
        [shard(1), shard(2, ({ run }) => (run.shard!.scenarios = { ...IDS, 'AB-01': 2 }))],
        'balanced by different times (AB-01 is in shard 1 of the one and 2 of the other): run all shards with the same --times',
      ],
      [
        'other settings',
        [shard(1), shard(2, ({ configuration }) => (configuration['timeout'] = { value: 50, origin: 'flag' }))],
        'ran with different settings (--timeout: 60 and 50)',
      ],
      [
        'another cluster',
        [shard(1), shard(2, ({ environment }) => (environment.cluster = 'kind'))],
        'ran on different subjects (cluster: "embedded" and "kind")',
      ],
      [
        'a fault',
        [shard(1), shard(2, ({ environment }) => (environment.faults = ['x']))],
        'ran on different subjects (faults: [] and ["x"])',
      ],
      [
        'a scenario that is missing in its shard',
        [shard(1, ({ scenarios }) => void scenarios.pop()), shard(2)],
        's1/results.json is damaged: it lacks AB-03 of its shard',
      ],
      [
        'a scenario of another shard',
        [shard(1), shard(2, ({ scenarios }) => void scenarios.push(aResult({ id: 'AB-03' }) as never))],
        's2/results.json is damaged: AB-03 is not of its shard',
      ],
    ];
    for (const [what, runs, message] of wrong)
      it(what, () => {
        expect(() => mergeResults(runs))
          .to.throw(message)
          .with.property('code', 'BAD_FILE');
      });
  });

  it('take settings that change no result', () =>
    expect(() =>
      mergeResults([
        shard(1),
        shard(2, ({ configuration }) => (configuration['parallel'] = { value: 2, origin: 'flag' })),
      ]),
    ).not.to.throw());
});
