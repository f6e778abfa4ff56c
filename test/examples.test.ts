import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { executed } from './support/executed.ts';
import { runConformance, temporaryFolder, type CliRun } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

describe('the examples', () => {
  describe('my-suites', function () {
    this.timeout(60_000);
    let run: CliRun;
    before(async () => {
      // Elsewhere, as a team's suites are: beside no package.json, and not below the package.
      const folder = join(temporaryFolder(), 'suites');
      cpSync(join(root, 'examples', 'my-suites'), folder, { recursive: true });
      run = await runConformance({ args: ['--suites-dir', folder, '--suite', 'payments'] });
    });

    it('passes', () => {
      expect(run.exitCode, run.stderr).to.equal(0);
      expect(run.results?.summary).to.include({ total: 3, passed: 3 });
    });

    it('meets a denial or a refusal in each scenario', () => {
      for (const { id, probes } of run.results?.scenarios ?? []) {
        const outcomes = probes.map((probe) => probe.observed?.outcome);
        expect(outcomes, id).to.include('granted');
        expect(
          outcomes.some((outcome) => outcome === 'denied' || outcome === 'refused'),
          id,
        ).to.equal(true);
      }
    });

    it('is the suite that the readme quotes', () => {
      const readme = readFileSync(join(root, 'README.md'), 'utf8');
      for (const { id, title } of run.results?.scenarios ?? []) expect(readme).to.include(`ok ${id} ${title} (`);
    });
  });

  it('has cases that the policy engine agrees with', async () => {
    const { code, out } = await executed('evaluate', [join(root, 'examples', 'evaluate', 'cases.json')]);
    expect(out).to.match(/^(\d+) of \1 cases agree$/m);
    expect(code).to.equal(0);
  });
});
