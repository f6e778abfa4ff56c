import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { aResult, anOutcome, someResults } from '../../test/support/scenarios.ts';
import { readRun } from './read-results.ts';
import { summarize, type RunResults, type ScenarioResult } from './results.ts';
import { ResultsJournal } from './results-journal.ts';
import { writeResults } from '../report/write.ts';

const results = (...scenarios: readonly ScenarioResult[]): RunResults => someResults(scenarios, summarize(scenarios));

describe('results on disk', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'results-'));
    file = join(folder, 'results.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const [one, two] = [aResult({ reason: 'a "scenarios": []\n  "scenarios": []' }), aResult({ id: 'AB-02' })];
  const failed = aResult({ id: 'AB-03', verdict: 'failed', probes: [anOutcome({ verdict: 'failed' })] });

  for (const scenarios of [[], [one], [one, two, failed]])
    it(`are indented JSON with one line a scenario (${scenarios.length} scenarios)`, () => {
      const all = results(...scenarios);
      const text = readFileSync(writeResults(folder, all), 'utf8');
      expect(JSON.parse(text)).to.deep.equal(all);
      const withIds = JSON.stringify({ ...all, scenarios: scenarios.map(({ id }) => id) }, null, 2);
      const lines = scenarios.reduce(
        (so, one) => so.replace(`    "${one.id}"`, () => `    ${JSON.stringify(one)}`),
        withIds,
      );
      expect(text).to.equal(`${lines}\n`);
    });

  it('of a killed run are those so far', () => {
    const journal = new ResultsJournal(folder);
    journal.add(two, () => results(one, two));
    journal.add(failed, () => expect.fail('the run is written once'));
    appendFileSync(file, '{"id":"AB-04"');
    const { results: read } = readRun(folder);
    expect(read.scenarios.map(({ id, verdict }) => `${id} ${verdict}`)).to.eql([
      'AB-01 passed',
      'AB-02 passed',
      'AB-03 failed',
    ]);
    expect(read.summary).to.include({ total: 3, passed: 2, failed: 1 });
    expect(read.run).to.include({ exitCode: 3, interrupted: true });
    expect(read.run.error).to.match(/was killed, or is still running. These are its first 3 results/);
  });

  it('have the last result of a repeated scenario', () => {
    const journal = new ResultsJournal(folder);
    journal.add(one, () => results(one));
    journal.add({ ...one, verdict: 'failed' }, () => expect.fail('the run is written once'));
    expect(readRun(folder).results.scenarios.map(({ verdict }) => verdict)).to.eql(['failed']);
  });

  it('are only in results.json once it is written', () => {
    writeFileSync(file, 'of an earlier run');
    const journal = new ResultsJournal(folder);
    expect(existsSync(file)).to.equal(false);
    journal.add(one, () => results(one));
    writeResults(folder, results(one, two));
    journal.close();
    expect(existsSync(file)).to.equal(false);
    expect(readRun(folder).results.scenarios).to.have.length(2);
  });

  for (const text of ['', '{"version":2', 'x\n'])
    it(`cannot be read if the journal is ${JSON.stringify(text)}`, () => {
      writeFileSync(file, text);
      expect(() => readRun(folder)).to.throw(HarnessError, 'is not JSON');
    });
});
