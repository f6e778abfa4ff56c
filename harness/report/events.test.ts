import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { RunnerLog, runnerReporter, type RunnerEvent } from './events.ts';

describe('the log of a runner in a cluster', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'runner-log-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  function written(): string[] {
    let text = '';
    const reporter = runnerReporter({ write: (chunk) => (text += chunk) });
    mkdirSync(join(directory, 'diagnostics'));
    writeFileSync(join(directory, 'diagnostics', 'a.md'), 'told\n{"runner":9}\n');
    void reporter.runStarted?.({ id: 'c123456', directory, scenarios: [] });
    void reporter.phaseStarted?.('scenarios');
    const scenario = { id: 'AA-01', attachments: [{ name: 'a', path: 'diagnostics/a.md', description: '' }] };
    void reporter.scenarioOver?.(scenario as unknown as ScenarioResult);
    void reporter.runOver?.({ version: 2, run: { exitCode: 1 }, scenarios: [scenario] } as unknown as RunResults);
    return text.trimEnd().split('\n');
  }
  const readAll = (log: RunnerLog, lines: readonly string[]): RunnerEvent[] =>
    lines.flatMap((line) => log.read(line) ?? []);

  it('returns all events and files, with the final results except the scenarios', () => {
    const log = new RunnerLog();
    expect(readAll(log, ['(node) a warning', ...written(), 'its end'])).to.deep.equal([
      { event: 'runStarted' },
      { event: 'phaseStarted', phase: 'scenarios' },
      { event: 'attachment', path: 'diagnostics/a.md', text: 'told\n{"runner":9}\n' },
      {
        event: 'scenarioOver',
        scenario: { id: 'AA-01', attachments: [{ name: 'a', path: 'diagnostics/a.md', description: '' }] },
      },
      { event: 'runOver', results: { version: 2, run: { exitCode: 1 } } },
    ]);
    expect(log).to.deep.include({ lost: 0, firstLines: ['(node) a warning'] });
  });

  it('returns each event once if the stream breaks within a line and the log is read again', () => {
    const log = new RunnerLog();
    const lines = written();
    const broken = [...lines.slice(0, 2), lines[2]?.slice(0, 40) ?? ''];
    expect(readAll(log, broken)).to.have.length(2);
    expect(readAll(log, lines).map(({ event }) => event)).to.deep.equal(['attachment', 'scenarioOver', 'runOver']);
    expect(readAll(log, lines)).to.deep.equal([]);
    expect(log.lost).to.equal(0);
  });

  it('counts events that were lost by rotation', () => {
    const log = new RunnerLog();
    const lines = written();
    readAll(log, lines.slice(0, 1));
    expect(readAll(log, lines.slice(3))).to.have.length(2);
    expect(log.lost).to.equal(2);
  });
});
