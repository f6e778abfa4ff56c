import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { summarize } from '../../harness/results/results.ts';
import { file } from '../../test/support/comparison.ts';
import { runInProcess, temporaryFolder } from '../../test/support/run-cli.ts';
import { aResult, someResults } from '../../test/support/scenarios.ts';

describe('npm run report', () => {
  const scenarios = [aResult({ id: 'AB-01' })];
  const results = someResults(scenarios, summarize(scenarios));
  const report = (...args: readonly string[]) => runInProcess({ command: 'report', args, reports: 'own' });

  it('writes a page next to the results of a run', async () => {
    const path = file(results);
    const { exitCode, stdout } = await report(path);
    const page = join(dirname(path), 'report.html');
    expect([exitCode, stdout]).to.deep.equal([0, `Report: ${page}\n`]);
    expect(readFileSync(page, 'utf8')).to.match(/^<!doctype html>/);
    expect((await report(dirname(path))).exitCode).to.equal(0);
  });

  it('ignores fields of earlier results that no longer exist', async () => {
    const earlier = {
      ...results,
      matrix: { axes: {}, impossible: [] },
      scenarios: [{ ...aResult(), points: ['0.1+3.2'] }],
    };
    expect((await report(file(earlier))).exitCode).to.equal(0);
  });

  it('writes one page for two runs, to --output or next to the second', async () => {
    const output = join(temporaryFolder(), 'both.html');
    const { exitCode } = await report(file(results), file(results), '--output', output);
    expect(exitCode).to.equal(0);
    expect(existsSync(output)).to.equal(true);
    const beside = file(results);
    await report(file(results), beside);
    expect(existsSync(join(dirname(beside), 'compare.html'))).to.equal(true);
  });

  const same = file(results);
  const wrong: readonly (readonly [string, readonly string[], string, number])[] = [
    ['no file', [], 'Too few arguments: give A', 2],
    ['three files', [same, same, same], 'Too many arguments', 2],
    ['a missing file', ['/nowhere/results.json'], '/nowhere/results.json cannot be read', 2],
    ['a file that is not a results.json', [file({})], 'is not a results.json: it has no version', 2],
    ['results of another version', [file({ ...results, version: 3 })], 'is a results.json of version 3', 2],
    ['damaged results', [file({ ...results, scenarios: 1 })], 'is damaged', 2],
    ['the same file twice', [same, same], 'A and B are the same file', 2],
    ['--deviations for one run', [same, '--deviations', 'some.yaml'], '--deviations requires two runs', 2],
    [
      'an output that cannot be written',
      [same, '--output', '/proc/report.html'],
      'choose another place with --output',
      3,
    ],
  ];
  for (const [what, args, message, code] of wrong)
    it(`rejects ${what}`, async () => {
      const { exitCode, stderr } = await report(...args);
      expect(stderr).to.contain(message);
      expect(stderr.trimEnd().split('\n')).to.have.length(1);
      expect(exitCode).to.equal(code);
    });
});
