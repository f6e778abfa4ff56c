import { expect } from 'chai';
import { aResult, someResults } from '../../test/support/scenarios.ts';
import type { Run } from '../results/read-results.ts';
import type { Mutable } from '../../test/support/comparison.ts';
import { summarize, type PolicyCoverage, type RunResults, type ScenarioResult } from '../results/results.ts';
import { joinedCoverage } from '../policies/coverage.ts';
import { coverageOf, mergeResults } from './merge.ts';

const IDS = { 'AB-01': 1, 'AB-02': 2, 'AB-03': 1 };

/** Returns changed results of one of two shards. */
function shard(index: number, change: (results: Mutable<RunResults>) => void = () => undefined): Run {
  const own = Object.entries(IDS).filter(([, shardIndex]) => shardIndex === index);
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
/** Makes the run fail before its scenarios. */
const broke = (results: Mutable<RunResults>): void => {
  Object.assign(results.run, { error: 'No cluster.', exitCode: 3 });
  results.scenarios = [];
  Object.assign(results.environment, { region: '', services: [], clusters: [] });
};

describe('merged results', () => {
  it("have all scenarios in the order of the whole run, each with the id of its shard's run", () => {
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

  it('do not depend on the order of the shards', () =>
    expect(mergeResults([shard(2), shard(1)])).to.deep.equal(mergeResults([shard(1), shard(2)])));

  it('add up calls', () =>
    expect(mergeResults([shard(1), shard(2)]).aws?.calls).to.deep.include({
      total: 2468,
      byOperation: { 'iam:CreateRole': 2468 },
    }));

  const gate = (...problems: string[]) => ({ file: 'gate.yaml', problems, warnings: [] });
  const codes: readonly (readonly [string, Run, number])[] = [
    ['a scenario failed in one shard', shard(2, fails), 1],
    ['one shard failed with an error', shard(2, broke), 3],
    ['one shard was interrupted', shard(2, ({ run }) => (run.interrupted = true)), 130],
    ['the gate of one shard has a problem', shard(2, (results) => (results.gate = gate('It is over.'))), 1],
    [
      'a gate allows the failure',
      shard(2, (results) => {
        fails(results);
        results.scenarios[0]!.allowed = { until: '2999-12-31', reason: 'Known.' };
        results.gate = gate();
      }),
      0,
    ],
  ];
  for (const [what, other, code] of codes)
    it(`have exit code ${code} if ${what}`, () => expect(mergeResults([shard(1), other]).run.exitCode).to.equal(code));

  describe('policy coverage', () => {
    /** Returns the coverage of a policy with two statements. */
    const covered = (first: boolean, second: boolean, scenario: string): PolicyCoverage => {
      const statement = (index: number, tested: boolean) =>
        ({
          index,
          line: index + 3,
          effect: 'Allow',
          grants: tested ? 1 : 0,
          denials: 0,
          tested,
          conditions: [],
        }) as const;
      const statements = [statement(0, first), statement(1, second)];
      const uses = [{ scenario, part: 'permissions', owner: 'app' }];
      const policy = { file: 'app.json', kind: 'identity', isFile: true, uses, document: {}, statements };
      return { tested: 1, total: 2, percent: 50, notTested: [], policies: [policy] };
    };
    const least = (percent: number) => (results: Mutable<RunResults>) => {
      results.configuration['min-policy-coverage'] = { value: percent, origin: 'flag' };
      results.policyCoverage = { tested: 1, total: 2, percent: 50, notTested: ['app.json: untrue'] };
    };
    const [one, other] = [covered(true, false, 'AB-01'), covered(false, true, 'AB-02')];

    it('has what any shard tests', () => {
      const { run, policyCoverage } = mergeResults(
        [shard(1, least(90)), shard(2, least(90))],
        joinedCoverage([one, other]),
      );
      expect(policyCoverage).to.deep.equal({ tested: 2, total: 2, percent: 100, notTested: [] });
      expect(run.exitCode).to.equal(0);
    });

    it('below --min-policy-coverage exits with 1', () => {
      const { run, policyCoverage } = mergeResults(
        [shard(1, least(90)), shard(2, least(90))],
        joinedCoverage([one, one]),
      );
      expect(policyCoverage?.notTested).to.deep.equal(['app.json:4, statement 2: removing it changes no decision.']);
      expect(run.exitCode).to.equal(1);
    });

    it('that a shard lacks next to its results is an error', () =>
      expect(() => coverageOf([shard(1, least(90))])).to.throw(
        's1/results.json has policy coverage, but policy-coverage.json is missing next to it. Copy the whole report folder.',
      ));
  });

  it('name the shard that failed with an error', () =>
    expect(mergeResults([shard(1), shard(2, broke)]).run.error).to.equal('Shard 2: No cluster.'));

  it('fail if all scenarios were skipped', () => {
    const skipped = ({ scenarios }: Mutable<RunResults>): void =>
      scenarios.forEach((scenario) => (scenario.verdict = 'skipped'));
    const { run } = mergeResults([shard(1, skipped), shard(2, skipped)]);
    expect(run.exitCode).to.equal(3);
    expect(run.error).to.match(/^All 3 scenarios were skipped/);
    expect(mergeResults([shard(1, skipped), shard(2)]).run.exitCode).to.equal(0);
  });

  describe('are rejected for', () => {
    const wrong: readonly (readonly [string, readonly Run[], string])[] = [
      [
        'a whole run',
        [shard(1), shard(2, ({ run }) => delete run.shard)],
        's2/results.json is not the result of a shard',
      ],
      ['a missing shard', [shard(1)], 'Shard 2/2 is missing: give the results of all shards.'],
      ['a shard twice', [shard(1), shard(1), shard(2)], 's1/results.json are both shard 1/2: give each shard once.'],
      [
        'different numbers of shards',
        [shard(1), shard(2, ({ run }) => (run.shard!.count = 3))],
        's1/results.json is shard 1/2 and s2/results.json is shard 2/3',
      ],
      [
        'other suites',
        [shard(1), shard(2, ({ run }) => (run.shard!.digest = 'b'.repeat(64)))],
        'are shards of different suites or selections',
      ],
      [
        'shards that were balanced by different times',
        [shard(1), shard(2, ({ run }) => (run.shard!.scenarios = { ...IDS, 'AB-01': 2 }))],
        'balanced by different times (AB-01 is in shard 1 of one and 2 of the other): run all shards with the same --times',
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
        'a scenario that its shard lacks',
        [shard(1, ({ scenarios }) => void scenarios.pop()), shard(2)],
        's1/results.json is damaged: it lacks AB-03 of its shard',
      ],
      [
        'a scenario of another shard',
        [shard(1), shard(2, ({ scenarios }) => void scenarios.push(aResult({ id: 'AB-03' }) as never))],
        's2/results.json is damaged: AB-03 belongs to another shard',
      ],
    ];
    for (const [what, runs, message] of wrong)
      it(what, () => {
        expect(() => mergeResults(runs))
          .to.throw(message)
          .with.property('code', 'BAD_FILE');
      });
  });

  it('ignore settings that do not affect results', () =>
    expect(() =>
      mergeResults([
        shard(1),
        shard(2, ({ configuration }) => (configuration['parallel'] = { value: 2, origin: 'flag' })),
      ]),
    ).not.to.throw());
});
