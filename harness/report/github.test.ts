import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { aResult, anOutcome, someResults } from '../../test/support/scenarios.ts';
import { githubReporter, jobSummary } from './github.ts';
import { jsonlReporter } from './jsonl.ts';
import { summarize, type RunResults } from '../results/results.ts';

const failed = aResult({
  id: 'AB-02',
  title: 'a <b> title',
  verdict: 'failed',
  reason: 'Probe 1 (red: GetObject s3://data/red/key): It was | denied.\n### Not a heading',
  probes: [anOutcome({ verdict: 'failed', reason: 'It was | denied.\n### Not a heading' })],
});
const resultsOf = (
  scenarios = [aResult({ finding: 'A risk.' }), failed],
  more: Partial<RunResults> = {},
): RunResults => ({
  ...someResults(scenarios, summarize(scenarios)),
  ...more,
});

describe('the job summary for GitHub Actions', () => {
  it('has the verdicts of each suite, each failure with its reason, and the findings', () => {
    const text = jobSummary(
      resultsOf([...resultsOf().scenarios, aResult({ id: 'IR-01', suite: 'irsa', verdict: 'error' })]),
    );
    expect(text).to.contain('## Conformance: 2 not as expected\n');
    expect(text).to.contain('| suite | passed | failed | inconclusive | error | skipped |');
    expect(text).to.contain('| abac | 1 | 1 |  |  |  |\n| irsa |  |  |  | 1 |  |');
    expect(text).to.contain('<summary><b>failed</b> AB-02 a &lt;b&gt; title</summary>\n\n- Probe 1 (red: GetObject');
    expect(text).to.contain('It was \\| denied. \\#\\#\\# Not a heading');
    expect(text).to.contain('### Findings\n\n- AB-01: A risk.\n');
  });

  it('reports that all is as expected, and allowances of the gate', () => {
    const allowed = { ...failed, allowed: { until: '2999-12-31', reason: 'Known.' } };
    const text = jobSummary(resultsOf([allowed], { gate: { file: 'g', problems: [], warnings: ['AB-01 passed.'] } }));
    expect(text).to.contain('## Conformance: all as expected\n');
    expect(text).to.contain('### Allowed by the gate\n\n- AB-02: Allowed until 2999-12-31: Known.\n- AB-01 passed.\n');
    expect(text).not.to.contain('### Not');
  });

  it('has problems of the gate, and the error of a failed run', () => {
    const gate = { file: 'g', problems: ['The time is over.'], warnings: [] };
    expect(jobSummary(resultsOf(undefined, { gate }))).to.contain(
      '### Not allowed by the gate\n\n- The time is over.\n',
    );
    const results = resultsOf([]);
    const text = jobSummary({ ...results, run: { ...results.run, error: 'No cluster.', interrupted: true } });
    expect(text).to.contain('(interrupted)\n').and.to.contain('**No cluster.**').and.not.to.contain('| suite');
  });

  it('stays within 1 MiB for any number of failures', () => {
    const probes = Array.from({ length: 5 }, (_, number) =>
      anOutcome({ number, verdict: 'failed', reason: '|'.repeat(50_000) }),
    );
    const text = jobSummary(resultsOf(Array.from({ length: 500 }, () => ({ ...failed, probes }))));
    expect(Buffer.byteLength(text)).to.be.below(1024 * 1024);
    expect(text).to.match(/And \d+ more\./);
  });

  it('is appended to the file, and annotations are printed', () => {
    const file = join(temporaryFolder(), 'summary.md');
    writeFileSync(file, 'before\n');
    const report = (environment: Record<string, string>): string => {
      let out = '';
      const stdout = { write: (text: string) => (out += text) };
      const options = { stdout, stderr: stdout, color: false, quiet: false, verbose: false, environment };
      void githubReporter(options).runOver?.(resultsOf());
      return out;
    };
    expect(report({ GITHUB_STEP_SUMMARY: file })).to.match(/^::error file=suites\/abac.ts,title=AB-02/);
    expect(readFileSync(file, 'utf8')).to.match(/^before\n## Conformance: 1 not as expected\n/);
    expect(report({})).to.match(/^::error /);
    expect(() => report({ GITHUB_STEP_SUMMARY: '/nowhere/x' })).to.throw(
      "The job's summary /nowhere/x could not be written (there is no such file)",
    );
  });
});

describe('JSON lines', () => {
  it('have one line for each event of a run', async () => {
    let out = '';
    const reporter = jsonlReporter({ write: (text) => (out += text) });
    const scenario = aResult({ reason: 'two\nlines' });
    await reporter.runStarted?.({ id: 'c1', directory: 'reports/c1', scenarios: [scenario] });
    await reporter.phaseStarted?.('scenarios');
    await reporter.note?.('a note');
    await reporter.scenarioStarted?.(scenario);
    await reporter.scenarioOver?.(scenario);
    await reporter.reportsWritten?.(resultsOf(), ['reports/c1/results.json']);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ event }) => event)).to.deep.equal([
      ...['runStarted', 'phaseStarted', 'note', 'scenarioStarted', 'scenarioOver', 'reportsWritten'],
    ]);
    expect(events[4]).to.deep.equal({ event: 'scenarioOver', scenario });
    expect(events[5])
      .to.deep.include({ files: ['reports/c1/results.json'] })
      .and.not.to.have.property('scenarios');
  });
});
