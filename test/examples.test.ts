import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { executed } from './support/executed.ts';
import { runConformance, temporaryFolder, type CliRun } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

describe('examples', () => {
  describe('my-suites', () => {
    let run: CliRun;
    before(async () => {
      // Uses a folder without package.json outside the package, as a team would.
      const folder = join(temporaryFolder(), 'suites');
      cpSync(join(root, 'examples', 'my-suites'), folder, { recursive: true });
      run = await runConformance({ args: ['--suites-dir', folder, '--suite', 'payments'] });
    });

    it('passes', () => {
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.results?.summary).to.include({ total: 4, passed: 4 });
    });

    it('tests each statement and condition of its policies', () => {
      expect(run.results?.policyCoverage).to.deep.include({ percent: 100, notTested: [] });
      expect(run.stderr).not.to.include('Not tested');
    });

    it('has a denial or a refusal in each scenario', () => {
      for (const { id, probes } of run.results?.scenarios ?? []) {
        const outcomes = probes.map((probe) => probe.observed?.outcome);
        expect(outcomes, id).to.include('granted');
        expect(
          outcomes.some((outcome) => outcome === 'denied' || outcome === 'refused'),
          id,
        ).to.equal(true);
      }
    });
  });

  describe('terraform', () => {
    it('passes', async () => {
      const folder = join(root, 'examples', 'terraform');
      const run = await runConformance({ args: ['--suites-dir', folder, '--suite', 'ledger'] });
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.results?.summary).to.include({ total: 1, passed: 1, probes: 12 });
    });

    for (const file of ['plan.json', 'state.json'])
      it(`has the resources of the module in ${file}`, () => {
        const text = readFileSync(join(root, 'examples', 'terraform', file), 'utf8');
        for (const [module, prefix] of [
          ['main.tf', ''],
          ['bucket/main.tf', 'module.bucket.'],
        ] as const) {
          const source = readFileSync(join(root, 'examples', 'terraform', module), 'utf8');
          for (const [, type, name] of source.matchAll(/^resource "(\w+)" "(\w+)"/gm))
            expect(text).to.contain(`"address": "${prefix}${type}.${name}"`);
        }
      });
  });

  for (const folder of ['evaluate', 'terraform', 'cloudformation'])
    it(`${folder}: all cases have the expected results`, async () => {
      const { code, out, err } = await executed('evaluate', [join(root, 'examples', folder, 'cases.json')]);
      expect(out, err).to.match(/^(\d+) of \1 cases match$/m);
      expect(code).to.equal(0);
    });
});
