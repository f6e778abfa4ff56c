import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DEFAULT_SETTINGS } from '../../emulator/world/new-world.ts';
import { ROOT } from '../../test/support/run-cli.ts';
import type { Scenario } from '../scenario/spec.ts';
import { GUESSES } from './guesses.ts';
import { ownScenarios } from '../../test/support/own-suites.ts';

/** Paragraphs and settings that are not guesses about AWS, but simplifications, delays and settings for tests. */
const NO_GUESSES = [
  ...[
    '`aws:SecureTransport` is true',
    'The agent follows version',
    'The webhook sees service accounts',
    'Principals must exist',
  ],
  // Documented, or recorded on AWS.
  ...["A KMS key's policy must allow", 'The policy simulator reports'],
  ...['associationPropagation', 'delays', 'pace', 'throttling', 'quotas'],
];

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

  it('cover all decisions of docs/emulator.md where AWS is silent', () => {
    const text = readFileSync(join(ROOT, 'docs', 'emulator.md'), 'utf8');
    const section = /\n## Decisions where AWS is silent\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '';
    const paragraphs = [...section.matchAll(/^- ([\s\S]*?)(?=\n- |\n\n|$)/gm)].map(([, words]) => words!);
    expect(paragraphs).to.have.length.greaterThan(30);
    const places = [...paragraphs, ...Object.keys(DEFAULT_SETTINGS)];
    const known = [...GUESSES.flatMap(({ decision }) => decision ?? []), ...NO_GUESSES];
    for (const place of places)
      expect(
        known.some((decision) => place.startsWith(decision)),
        `harness/record/guesses.json has the guess of "${place.slice(0, 80)}…"`,
      ).to.equal(true);
  });
});
