import { expect } from 'chai';
import { DEFAULT_SETTINGS } from '../../emulator/world/new-world.ts';
import type { Scenario } from '../scenario/spec.ts';
import { GUESSES } from './guesses.ts';
import { ownScenarios } from '../../test/support/own-suites.ts';

/** Settings that are not guesses about AWS, but simplifications, delays and settings for tests. */
const NO_GUESSES = ['associationPropagation', 'delays', 'pace', 'throttling', 'quotas'];

describe('the guesses of the emulator', () => {
  let scenarios: readonly Scenario[];
  before(async () => (scenarios = await ownScenarios()));

  it('have unique ids', () => {
    const ids = GUESSES.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids) expect(id).to.match(/^G\d\d+$/);
  });

  it('are settled by an existing probe, or by hand', () => {
    for (const { id, scenario, probe, byHand } of GUESSES) {
      expect(
        [scenario, byHand].filter((word) => word !== undefined),
        id,
      ).to.have.length(1);
      if (scenario === undefined) continue;
      const probes = scenarios.find((one) => one.id === scenario)?.spec.probes.filter(({ kind }) => kind === 'probe');
      expect(probes, `${id}: ${scenario}`).to.not.equal(undefined);
      expect(probes!.length, `${id}: probe ${probe} of ${scenario}`).to.be.at.least(probe ?? Infinity);
    }
  });

  it('only name existing scenarios in their consequences', () => {
    const ids = new Set(scenarios.map(({ id }) => id));
    for (const { id, otherwise } of GUESSES)
      for (const [name] of otherwise.matchAll(/\b[A-Z]{2,4}-\d\d[a-z]?\b/g)) expect(ids, id).to.include(name);
  });

  it('cover all settings for undocumented behaviour', () => {
    const covered = GUESSES.flatMap(({ setting }) => setting ?? []);
    expect([...new Set([...covered, ...NO_GUESSES])]).to.have.members(Object.keys(DEFAULT_SETTINGS));
  });
});
