import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  command,
  compared,
  comparedRuns,
  copy,
  file,
  observedIn,
  probeOf,
  scenarioOf,
  type Results,
} from '../../test/support/comparison.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import type { RunResults } from '../../harness/results/results.ts';

describe('npm run compare', () => {
  const runs = comparedRuns();
  const { onKind } = runs;

  describe('rejects', () => {
    const damaged = (change: (results: Results) => void) => (): string[] => {
      const results = copy(runs.second);
      change(results);
      return [file(runs.first), file(results)];
    };
    const wrong: readonly (readonly [string, () => readonly string[], string])[] = [
      ['one file', () => [file(runs.first)], 'Too few arguments: give A'],
      ['three files', () => [file(runs.first), file(runs.second), file(runs.second)], 'Too many arguments'],
      ['the same file twice', () => Array<string>(2).fill(file(runs.first)), 'A and B are the same file'],
      ['an unknown flag', () => [file(runs.first), file(runs.second), '--quite'], 'Unknown flag --quite'],
      ['a flag without its value', () => [file(runs.first), file(runs.second), '--output'], '--output'],
      ['an empty path', () => [file(runs.first), file(runs.second), '--output='], '--output is empty'],
      [
        'a missing file',
        () => [file(runs.first), '/nowhere/results.json'],
        '/nowhere/results.json cannot be read (there is no such file)',
      ],
      [
        'a folder without results',
        () => [file(runs.first), temporaryFolder()],
        'results.json cannot be read (there is no such file)',
      ],
      ['a file that is not JSON', () => [file(runs.first), file('<xml/>')], 'is not JSON'],
      ['an empty file', () => [file(runs.first), file('')], 'is not JSON'],
      ['a list', () => [file(runs.first), file([])], 'is not a results.json: it has no version'],
      ['null', () => [file(runs.first), file('null')], 'is not a results.json'],
      [
        'another version',
        () => [file(runs.first), file({ ...runs.second, version: 3 })],
        'is a results.json of version 3, but this program reads version 2',
      ],
      [
        'no scenarios',
        () => [file(runs.first), file({ ...runs.second, scenarios: undefined })],
        'is damaged: scenarios must be a list, not missing',
      ],
      [
        'an unknown verdict',
        damaged((r) => (scenarioOf(r, 'PI-01').verdict = 'great' as never)),
        'scenarios[0].verdict must be one of',
      ],
      [
        'a probe that is not an object',
        damaged((r) => (scenarioOf(r, 'PI-01').probes = [7] as never)),
        'scenarios[0].probes[0] must be an object, not 7',
      ],
      [
        'a status that is a string',
        damaged((r) => (observedIn(r, 'PI-01', 0).status = '200' as never)),
        'observed.status must be a whole number',
      ],
      ['a scenario twice', damaged((r) => void r.scenarios.push(r.scenarios[0]!)), 'scenarios has PI-01 twice'],
      [
        'an invalid pattern',
        damaged((r) => (probeOf(r, 'PI-01', 1).expected['facts'] = { keys: { matches: '(' } })),
        'expected.facts.keys must be a value',
      ],
      [
        'an output folder that is a file',
        () => [file(runs.first), file(runs.second), '--output', file('x')],
        'choose another with --output',
      ],
      [
        'an output folder inside a file',
        () => [file(runs.first), file(runs.second), '--output', join(file('x'), 'y')],
        'choose another with --output',
      ],
      [
        'a missing deviations file',
        () => [file(runs.first), file(runs.second), '--deviations', '/nowhere.yaml'],
        '/nowhere.yaml cannot be read',
      ],
    ];
    for (const [what, args, message] of wrong)
      it(what, async () => {
        const { exitCode, stdout, stderr } = await command(args());
        expect([exitCode, stdout], stderr).to.deep.equal([2, '']);
        expect(stderr)
          .to.match(/^[^\n]+\n$/)
          .and.to.contain(message);
        expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1);
      });
  });

  describe('prints', () => {
    const changed = (): RunResults =>
      onKind((results) => {
        observedIn(results, 'PI-07', 1).status = 500;
        probeOf(results, 'PI-07', 1).reason = 'Denied | `by`\n\u001b[31m<b>s3</b>.';
      });

    it('its help', async () => {
      const { exitCode, stdout } = await command(['--help']);
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/^Usage: npm run compare -- /);
    });

    it('color with FORCE_COLOR, but not with NO_COLOR or --no-color', async () => {
      const [a, b] = [file(runs.first), file(changed())];
      expect((await command([a, b])).stdout).not.to.contain('\u001b');
      expect((await command([a, b], { FORCE_COLOR: '1' })).stdout).to.contain('\u001b[31mDIFFERS\u001b[0m PI-07');
      expect((await command([a, b], { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.to.contain('\u001b');
      expect((await command([a, b, '--no-color'], { FORCE_COLOR: '1' })).stdout).not.to.contain('\u001b');
    });

    it('lines no wider than the terminal, except for longer words', async () => {
      const { stdout } = await command([file(runs.first), file(changed())], { COLUMNS: '60' });
      expect(stdout).to.contain('DIFFERS PI-07');
      const isLong = (line: string): boolean => line.length > 60 && line.trim().includes(' ');
      expect(stdout.split('\n').filter(isLong)).to.deep.equal([]);
    });

    it('texts of results on one line, without escape sequences', async () => {
      const { stdout } = await compared(runs.first, changed());
      expect(stdout).to.contain('B: Denied | `by` [31m<b>s3</b>.\n');
    });

    it('to standard output only, without --output', async () => {
      const folder = temporaryFolder();
      const [a, b] = [join(folder, 'a.json'), join(folder, 'b.json')];
      writeFileSync(a, JSON.stringify(runs.first));
      writeFileSync(b, JSON.stringify(runs.second));
      await command([a, b]);
      expect(existsSync(join(folder, 'compare.json'))).to.equal(false);
    });

    it('suites that differ between the runs', async () => {
      const name = Object.keys(runs.second.environment.digests).find((digest) => digest.startsWith('suites/'))!;
      const { stdout, json, exitCode } = await compared(
        runs.first,
        onKind((results) => (results.environment.digests[name] = '0'.repeat(64))),
      );
      expect([exitCode, json.unlike]).to.deep.equal([0, [name]]);
      expect(stdout).to.contain(`Built from different sources: ${name}.`);
    });
  });

  it('fails with --require-same if B lacks a scenario that A judged', async () => {
    const fewer = copy(runs.first);
    const [gone] = fewer.scenarios.splice(0, 1);
    const skipped = copy(runs.first);
    skipped.scenarios[0]!.verdict = 'skipped';
    for (const other of [fewer, skipped]) {
      const words = [file(runs.first), file(other)];
      expect((await command(words)).exitCode).to.equal(0);
      const { exitCode, stderr } = await command([...words, '--require-same']);
      expect(exitCode).to.equal(1);
      expect(stderr).to.include(`1 of the scenarios that A judged have no verdict in B: ${gone!.id}.`);
      expect((await command([...words.toReversed(), '--require-same'])).exitCode).to.equal(0);
    }
  });
});
