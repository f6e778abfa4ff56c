import { expect } from 'chai';
import fc from 'fast-check';
import { aScenario } from '../../test/support/scenarios.ts';
import type { Scenario } from '../scenario/spec.ts';
import { shardOf } from './shard.ts';

const numbered = (count: number): readonly Scenario[] =>
  Array.from({ length: count }, (_, index) => aScenario({}, `AB-${String(index + 10)}`));
const idsOf = (asked: string, scenarios: readonly Scenario[], times: ReadonlyMap<string, number> = new Map()) => {
  const shard = shardOf(asked, scenarios, times);
  return Object.keys(shard.scenarios).filter((id) => shard.scenarios[id] === shard.index);
};
const timesFrom = (scenarios: readonly Scenario[], times: readonly number[]): ReadonlyMap<string, number> =>
  new Map(scenarios.flatMap(({ id }, index) => (times[index] === undefined ? [] : [[id, times[index]]])));

describe('shards', () => {
  it('contain every scenario exactly once, regardless of times', () =>
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(100_000), { nil: undefined }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (times, wanted) => {
          const scenarios = numbered(times.length);
          const count = Math.min(wanted, times.length);
          const known = timesFrom(scenarios, times as number[]);
          const shards = Array.from({ length: count }, (_, index) => idsOf(`${index + 1}/${count}`, scenarios, known));
          expect(shards.flat().sort()).to.deep.equal(scenarios.map(({ id }) => id));
          for (const shard of shards) expect(shard).not.to.deep.equal([]);
        },
      ),
    ));

  it('are balanced by earlier times of scenarios', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 200, max: 10_000 }), { minLength: 60, maxLength: 200 }),
        (milliseconds) => {
          const scenarios = numbered(milliseconds.length);
          const times = timesFrom(scenarios, milliseconds);
          const total = milliseconds.reduce((sum, time) => sum + time, 0);
          for (const index of [1, 2, 3, 4]) {
            const own = idsOf(`${index}/4`, scenarios, times).reduce((sum, id) => sum + (times.get(id) ?? 0), 0);
            expect(own / total).to.be.at.most(0.3);
          }
        },
      ),
    ));

  it('are balanced by count without earlier times', () => {
    const sizes = [1, 2, 3, 4].map((index) => idsOf(`${index}/4`, numbered(30)).length);
    expect(sizes).to.deep.equal([8, 8, 7, 7]);
  });

  it('treat a scenario without an earlier time as average', () => {
    const scenarios = numbered(4);
    const times = new Map([
      ['AB-10', 3],
      ['AB-11', 1],
      ['AB-12', 2],
    ]);
    expect(idsOf('1/2', scenarios, times)).to.deep.equal(['AB-10', 'AB-11']);
    expect(idsOf('2/2', scenarios, times)).to.deep.equal(['AB-12', 'AB-13']);
  });

  it('share the scenarios that run alone evenly', () => {
    const scenarios = [...numbered(8), ...[50, 51].map((id) => aScenario({ exclusive: true }, `AB-${id}`))];
    for (const asked of ['1/2', '2/2'])
      expect(idsOf(asked, scenarios).filter((id) => /AB-5./.test(id))).to.have.length(1);
  });

  it('have another digest if a scenario changes', () => {
    const digest = (scenario: Scenario): string => shardOf('1/1', [scenario], new Map()).digest;
    expect(digest(aScenario({}))).to.equal(digest(aScenario({})));
    expect(digest(aScenario({}))).not.to.equal(digest(aScenario({ objects: [] })));
  });

  it('are rejected if there are fewer shards or scenarios', () => {
    expect(() => shardOf('5/4', numbered(9), new Map())).to.throw('--shard is "5/4". Use a shard from 1/4 to 4/4.');
    expect(() => shardOf('1/4', numbered(3), new Map())).to.throw(
      'only 3 scenarios are selected. Use at most 3 shards',
    );
  });
});
