import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunResults } from '../../harness/results/results.ts';
import { executed } from '../../test/support/executed.ts';
import { rates } from './rates.ts';
import { verdictsOf, wholeRun } from './whole-run.ts';

describe('bench', () => {
  it('measures rates of the policy engine, the signature verifier and GetObject', async () => {
    const measured = await rates(1);
    expect(measured).to.have.all.keys('policy evaluations', 'signature checks', 'GetObject');
    for (const rate of Object.values(measured)) expect(rate).to.be.above(0);
  });

  describe('whole run', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'bench-'));
    });
    after(() => rmSync(folder, { recursive: true }));

    function program(text: string): string {
      const file = join(folder, 'program.mjs');
      writeFileSync(file, text);
      return file;
    }

    it("measures the process from outside and ignores the caller's settings", async () => {
      process.env['CONFORMANCE_SUITE'] = 'irsa';
      const run = await wholeRun(
        program(`
          import { writeFileSync } from 'node:fs';
          const directory = process.argv[process.argv.indexOf('--report-dir') + 1];
          const settings = Object.keys(process.env).filter((name) => name.startsWith('CONFORMANCE_'));
          writeFileSync(directory + '/results.json', JSON.stringify({ run: { firstVerdictMilliseconds: 7 }, settings }));
        `),
      ).finally(() => delete process.env['CONFORMANCE_SUITE']);
      expect(run.results).to.deep.include({ settings: [] });
      expect(run.firstVerdictSeconds).to.equal(0.007);
      expect(run.seconds).to.be.above(0);
      expect(run.resultsMegabytes).to.be.above(0);
      expect(run.processorSeconds).to.be.within(0.001, 10);
      expect(run.peakMegabytes).to.be.within(10, 1000);
    });

    it('does not measure a run that fails', async () => {
      const failing = program("process.stderr.write('FAILED XX-01'); process.exit(1);");
      const error = await wholeRun(failing).catch((reason: unknown) => reason as Error);
      expect(error).to.have.property('message', 'The run exited with 1:\nFAILED XX-01');
    });

    it('detects different verdicts and a different order', () => {
      const results = (...scenarios: [string, string][]): RunResults =>
        ({ scenarios: scenarios.map(([id, verdict]) => ({ id, verdict })) }) as unknown as RunResults;
      const first = verdictsOf(results(['A-1', 'passed'], ['A-2', 'passed']));
      expect(verdictsOf(results(['A-1', 'passed'], ['A-2', 'passed']))).to.equal(first);
      expect(verdictsOf(results(['A-2', 'passed'], ['A-1', 'passed']))).not.to.equal(first);
      expect(verdictsOf(results(['A-1', 'passed'], ['A-2', 'failed']))).not.to.equal(first);
    });
  });

  const usage: [argv: string[], code: number, sentence: RegExp][] = [
    [['--help'], 0, /^Usage: npm run bench/],
    [['--strict'], 2, /Unknown flag --strict/],
    [['--repeat', '0'], 2, /--repeat is "0": give a whole number of at least 1/],
    [['--growth', '--repeat', '2'], 2, /--growth does not work with --repeat, because it measures two runs/],
    [['more'], 2, /Unexpected argument "more"/],
  ];
  for (const [argv, code, sentence] of usage) {
    it(`exits with ${code} for "${argv.join(' ')}"`, async () => {
      const { code: came, out, err } = await executed('bench', argv);
      expect(came).to.equal(code);
      expect(out + err).to.match(sentence);
    });
  }
});
