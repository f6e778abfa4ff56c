import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunResults } from '../../harness/results/results.ts';
import { executed } from '../../test/support/executed.ts';
import { median } from '../../harness/results/median.ts';
import { measurement, type Measurement } from './measurement.ts';
import { tableOf } from './table.ts';
import { bareStarts, podsOf, verdictsOf, wholeRun } from './whole-run.ts';

describe('bench', () => {
  const comparisons: [title: string, value: number, unit: Measurement['unit'], ratio: number, met: boolean][] = [
    ['a time below its target as met', 50, 'ms', 2, true],
    ['a time above its target as missed', 200, 'ms', 0.5, false],
    ['memory at its target as met', 100, 'MB', 1, true],
    ['a rate above its target as met', 250, 'per second', 2.5, true],
    ['a rate below its target as missed', 50, 'per second', 0.5, false],
  ];
  for (const [title, value, unit, ratio, met] of comparisons) {
    it(`rates ${title}`, () => {
      expect(measurement('x', value, unit, 100, '')).to.include({ ratio, met });
    });
  }

  it('calculates the median', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
    expect(() => median([])).to.throw('Cannot compute the median');
  });

  it('prints a table with the machine and the missed targets', () => {
    const table = tableOf({
      version: 1,
      machine: { cores: 2, cpu: 'cpu', memoryMegabytes: 4096, platform: 'linux x64', node: '20.19.0', load: 0.5 },
      measurements: [
        measurement('good', 1500, 'ms', 3000, 'quick'),
        measurement('bad', 10, 'per second', 2000, 'slow'),
      ],
    });
    expect(table.split('\n')).to.deep.equal([
      '2 cores (cpu), 4,096 MB, linux x64, Node 20.19.0, load 0.5',
      '',
      'measured          value            target  ratio',
      'good           1,500 ms          3,000 ms  2.00x  met',
      'bad       10 per second  2,000 per second  0.01x  MISSED',
      '',
      'good: quick',
      'bad: slow',
      '',
    ]);
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
          const probes = ['red', 'red', 'blue', null].map((workload) => ({ workload }));
          const scenarios = [{ id: 'A-1', probes }, { id: 'A-2', probes: probes.slice(0, 1) }];
          const settings = Object.keys(process.env).filter((name) => name.startsWith('CONFORMANCE_'));
          writeFileSync(directory + '/results.json', JSON.stringify({ run: { firstVerdictMilliseconds: 7 }, scenarios, settings }));
        `),
      ).finally(() => delete process.env['CONFORMANCE_SUITE']);
      expect(run.results).to.deep.include({ settings: [] });
      expect(run.firstVerdictMilliseconds).to.equal(7);
      expect(run.milliseconds).to.be.above(0);
      expect(podsOf(run.results)).to.equal(3);
      expect(await bareStarts(1)).to.be.above(0);
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
    [['--quick'], 2, /Unknown flag --quick/],
    [['--repeat', '0'], 2, /--repeat is "0": give a whole number of at least 1/],
    [['--growth', '--repeat', '2'], 2, /--growth measures two runs: leave out --repeat/],
    [['more'], 2, /Expected no files, got 1 file \(more\)/],
  ];
  for (const [argv, code, sentence] of usage) {
    it(`exits with ${code} for "${argv.join(' ')}"`, async () => {
      const { code: came, out, err } = await executed('bench', argv);
      expect(came).to.equal(code);
      expect(out + err).to.match(sentence);
    });
  }
});
