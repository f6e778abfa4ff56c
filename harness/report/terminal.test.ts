import { setTimeout as sleep } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { aResult, anOutcome, someResults } from '../../test/support/scenarios.ts';
import { summarize, type RunResults, type ScenarioResult } from '../results/results.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';

type Options = Partial<TerminalOptions> & { readonly isTTY?: boolean; readonly columns?: number };

function aTerminal({ isTTY = false, columns, ...options }: Options = {}) {
  let text = '';
  const stream = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    }),
    { isTTY, ...(columns !== undefined && { columns }) },
  );
  const terminal = new Terminal({
    stderr: stream,
    environment: {},
    color: false,
    quiet: false,
    verbose: false,
    ...options,
  });
  terminal.runStarted({ id: 'cabcdef', directory: 'reports/cabcdef', scenarios });
  return { terminal, text: () => text };
}

const passed = aResult({ title: 'all is well', finding: 'A risk.' });
const failed = aResult({
  id: 'AB-02',
  title: 'all is not well',
  verdict: 'failed',
  reason: 'Probe 1 (red: GetObject s3://data/red/key): It was denied.',
  probes: [anOutcome({ verdict: 'failed', reason: 'It was denied.' })],
});
const skipped = aResult({ id: 'AB-03', verdict: 'skipped', reason: 'Needs IRSA.', probes: [] });
const scenarios = [passed, failed, skipped];
const whole = (run: Partial<RunResults['run']> = {}): RunResults => someResults(scenarios, summarize(scenarios), run);

/** Returns the output of a whole run. */
function printed(options: Options = {}, run: Partial<RunResults['run']> = {}): string {
  const { terminal, text } = aTerminal(options);
  terminal.phaseStarted('provisioning', 'Run cabcdef: 3 scenarios');
  terminal.phaseStarted('scenarios');
  for (const scenario of scenarios) terminal.scenarioOver(scenario);
  terminal.reportsWritten(whole(run), ['/tmp/results.json']);
  return text();
}

describe('the terminal', () => {
  it('prints every scenario, and a summary with failures, findings, times and counts', () => {
    const text = printed();
    for (const part of [
      'Run cabcdef: 3 scenarios\n',
      '  ok AB-01 all is well (31 ms)\n',
      '  FAILED AB-02 all is not well (31 ms)\n      Probe 1 (red: GetObject s3://data/red/key): It was denied.\n',
      '  skipped AB-03 a title\n      Needs IRSA.\n',
      'Not as expected\n  FAILED AB-02: all is not well (1 of 1 probe failed)\n',
      'Findings (conforming, but worth knowing)\n  AB-01: A risk.\n',
      'Time: 1.00 s in all; provisioning 0.00 s',
      'Report: /tmp/results.json\n',
    ])
      expect(text).to.contain(part);
    expect(text.split('\n').slice(-3)).to.deep.equal([
      '3 scenarios: 1 passed, 1 failed, 1 skipped; 2 probes: 1 passed, 1 failed',
      'Not judged: 1 scenario. 1: Needs IRSA.',
      '',
    ]);
  });

  it('summarizes a missing permission once for all scenarios', () => {
    const denied = (id: string, action: string): ScenarioResult =>
      aResult({ id, verdict: 'error', reason: `${id}: job may not ${action} on arn:aws:iam::1:role/${id} (docs).` });
    const all = [denied('AB-01', 'iam:CreateRole'), denied('AB-02', 'iam:CreateRole'), denied('AB-03', 's3:PutObject')];
    const { terminal, text } = aTerminal();
    terminal.reportsWritten(someResults(all, summarize(all)), []);
    expect(text()).to.contain(
      'Not as expected\n' +
        '  ERROR AB-01 and 1 more: missing permission iam:CreateRole\n' +
        '  ERROR AB-03: missing permission s3:PutObject\n',
    );
  });

  it('counts scenarios that were not judged by the first sentence of their reason, at most three', () => {
    const reasons = [
      'Needs D.',
      'Needs B. Use kind.',
      'Needs A.',
      'Needs C.',
      'Needs B. Use eks.',
      'Needs A.',
      'Needs A.',
    ];
    const all = reasons.map((reason, index) => aResult({ id: `AB-0${index}`, verdict: 'skipped', reason }));
    const { terminal, text } = aTerminal();
    terminal.reportsWritten(someResults(all, summarize(all)), []);
    expect(text()).to.match(/\nNot judged: 7 scenarios\. 3: Needs A\. 2: Needs B\. 1: Needs D\. 1: other reasons\.\n$/);
  });

  it('only prints failures and the summary with --quiet', () => {
    expect(printed({ quiet: true })).to.equal(
      '  FAILED AB-02 all is not well (31 ms)\n      Probe 1 (red: GetObject s3://data/red/key): It was denied.\n\n3 scenarios: 1 passed, 1 failed, 1 skipped; 2 probes: 1 passed, 1 failed\nNot judged: 1 scenario. 1: Needs IRSA.\n',
    );
  });

  it('names the summary file of the last attempt below a failure', () => {
    const attachments = ['AB-02', 'AB-02-attempt2'].map((folder) => ({
      name: 'summary.md',
      path: `diagnostics/${folder}/summary.md`,
      description: 'a page',
    }));
    for (const quiet of [false, true]) {
      const { terminal, text } = aTerminal({ quiet });
      terminal.scenarioOver({ ...failed, attachments });
      terminal.scenarioOver({ ...passed, attachments });
      expect(text().match(/see .*/g)).to.deep.equal(['see reports/cabcdef/diagnostics/AB-02-attempt2/summary.md']);
    }
  });

  it('prints every probe with --verbose', () => {
    expect(printed()).not.to.contain('[failed]').and.not.to.contain('[passed]');
    expect(printed({ verbose: true }))
      .to.contain('[failed] red: GetObject')
      .and.to.contain('[passed] red: GetObject');
  });

  it('only uses color if asked', () => {
    expect(printed()).not.to.contain('\u001b');
    expect(printed({ color: true })).to.contain('\u001b[31mFAILED\u001b[0m');
  });

  it('prints the number of AWS calls, unless the run ended before them', () => {
    const printed = (aws: RunResults['aws']): string => {
      const { terminal, text } = aTerminal({});
      terminal.reportsWritten({ ...whole(), aws }, []);
      return text();
    };
    const calls = { total: 1234, retries: 12, throttled: 3, byOperation: {} };
    expect(printed({ calls })).to.contain('\nAWS calls: 1,234 (12 retries, 3 throttled)\n');
    expect(printed({ calls: { ...calls, retries: 1, throttled: 0 } })).to.contain('\nAWS calls: 1,234 (1 retry)\n');
    expect(printed({ calls: { ...calls, retries: 0, throttled: 0 } })).to.contain('\nAWS calls: 1,234\n');
    expect(printed(null)).not.to.contain('AWS calls');
  });

  it('reports that a run failed or was interrupted', () => {
    expect(printed({}, { error: 'No cluster.' })).to.contain('ERROR No cluster.');
    expect(printed({ quiet: true }, { error: 'No cluster.' })).to.contain('ERROR No cluster.');
    expect(printed({}, { interrupted: true })).to.match(/\(interrupted\)\nNot judged: 1 scenario/);
  });

  it('prints every unexpected probe once', () => {
    const probe = (number: number, reason: string) => anOutcome({ number, verdict: 'failed', reason });
    const all = [
      aResult({
        verdict: 'failed',
        reason: 'Probe 1 (red: GetObject s3://data/red/key): One is wrong.',
        probes: [probe(0, 'One is wrong.'), anOutcome({ number: 1 }), probe(2, 'Three is wrong.')],
      }),
    ];
    const { terminal, text } = aTerminal();
    terminal.scenarioOver(all[0]!);
    terminal.reportsWritten(someResults(all, summarize(all)), []);
    expect(text()).to.contain(
      '      Probe 1 (red: GetObject s3://data/red/key): One is wrong.\n' +
        '      Probe 3 (red: GetObject s3://data/red/key): Three is wrong.\n',
    );
    expect(text().match(/is wrong/g)).to.have.length(2);
    expect(text()).to.contain('FAILED AB-01: a title (2 of 3 probes failed)\n');
    expect(text()).to.match(/\n1 scenario: 0 passed, 1 failed; 3 probes: 1 passed, 2 failed\n$/);
  });

  it('prints a scenario when it is over, and the counts of a suite after its last scenario', () => {
    const { terminal, text } = aTerminal();
    const all = [passed, failed, aResult({ id: 'IR-01', suite: 'irsa' })];
    terminal.runStarted({ id: 'cabcdef', directory: 'reports/cabcdef', scenarios: all });
    terminal.scenarioOver(all[0]!);
    terminal.scenarioOver(all[2]!);
    expect(text()).to.equal('  ok AB-01 all is well (31 ms)\n  ok IR-01 a title (31 ms)\nirsa: 1 passed, 0 failed\n');
    terminal.scenarioOver(all[1]!);
    expect(text()).to.match(/\nabac: 1 passed, 1 failed\n$/);
  });

  it('prints the error of a scenario before its unexpected probes', () => {
    const { terminal, text } = aTerminal();
    terminal.scenarioOver({
      ...failed,
      verdict: 'error',
      reason: 'AB-02 could not be judged.',
      errorCode: 'TIMED_OUT',
    });
    expect(text()).to.contain('      AB-02 could not be judged.\n      Probe 1 (red');
  });

  for (const [what, options] of [
    ['the width of a terminal', { isTTY: true, columns: 40 }],
    ['COLUMNS', { environment: { COLUMNS: '40' } }],
  ] as const)
    it(`wraps lines between words at ${what}, with a hanging indent`, () => {
      const lines = printed({ ...options, color: true })
        .replace(/\u001b\[[0-9;]*[mK]|\r/g, '')
        .split('\n');
      expect(lines).to.include.members([
        '      Probe 1 (red: GetObject',
        '        s3://data/red/key): It was',
        '        denied.',
      ]);
      expect(Math.max(...lines.map((line) => line.length))).to.equal(40);
    });

  it('does not wrap lines if the width is unknown', () => {
    expect(printed()).to.contain('      Probe 1 (red: GetObject s3://data/red/key): It was denied.\n');
  });

  it('omits scenarios, but prints the rest, with scenarios: false', () => {
    const text = printed({ scenarios: false });
    expect(text).not.to.contain('AB-01 all is well');
    expect(text).to.contain('Run cabcdef').and.to.contain('Not as expected').and.to.contain('Findings');
  });

  it('prints a heartbeat without a terminal, except while the run is kept and after its end', async () => {
    const { terminal, text } = aTerminal({ heartbeat: 2 });
    while (!text().includes('... planning\n')) await sleep(2);
    terminal.phaseStarted('scenarios');
    terminal.scenarioOver(passed);
    while (!text().includes('... 1 of 3 scenarios done\n')) await sleep(2);
    terminal.phaseStarted('kept');
    const kept = text();
    await sleep(20);
    expect(text()).to.equal(kept);
    terminal.phaseStarted('teardown');
    while (!text().includes('... teardown\n')) await sleep(2);
    terminal.reportsWritten(whole(), []);
    const before = text();
    await sleep(20);
    expect(text()).to.equal(before);
  });

  it('names running scenarios and their times in the heartbeat', async () => {
    const { terminal, text } = aTerminal({ heartbeat: 2 });
    terminal.phaseStarted('scenarios');
    for (const scenario of scenarios) terminal.scenarioStarted(scenario);
    terminal.scenarioOver(passed);
    while (!/... 1 of 3 scenarios done; running: AB-02 \d+ s, AB-03 \d+ s\n/.test(text())) await sleep(2);
    terminal.reportsWritten(whole(), []);
    expect(text()).not.to.contain('\u001b');
  });

  it('draws a progress bar and running scenarios on a terminal, and clears them before each line', async () => {
    const { terminal, text } = aTerminal({ isTTY: true, columns: 50 });
    terminal.phaseStarted('scenarios');
    for (const scenario of scenarios) terminal.scenarioStarted(scenario);
    terminal.scenarioOver(passed);
    terminal.scenarioOver(failed);
    const row = /\[################\.{8}\] 2 of 3 scenarios, 1 no\n  running: AB-03 \d+ s\r\u001b\[1A/;
    while (!row.test(text())) await sleep(5);
    terminal.scenarioOver(skipped);
    expect(text()).to.contain('\u001b[1A\r\u001b[J  skipped AB-03');
    terminal.reportsWritten(whole(), []);
    const before = text();
    await sleep(250);
    expect(text()).to.equal(before);
  });

  it('does not draw on a dumb terminal, as a list, or with --quiet', async () => {
    for (const options of [{ environment: { TERM: 'dumb' } }, { style: 'list' }, { quiet: true }] as const) {
      const { terminal, text } = aTerminal({ isTTY: true, ...options });
      terminal.phaseStarted('scenarios');
      await sleep(250);
      terminal.reportsWritten(whole(), []);
      expect(text()).not.to.contain('\u001b');
    }
  });

  it('prints a character for each scenario with style dot, and unexpected scenarios in full', () => {
    const { terminal, text } = aTerminal({ style: 'dot', environment: { COLUMNS: '20' } });
    for (let count = 0; count < 21; count += 1) terminal.scenarioOver(passed);
    terminal.scenarioOver({ ...failed, allowed: { until: '2999-12-31', reason: 'Known.' } });
    terminal.scenarioOver({ ...failed, probes: [] });
    terminal.scenarioOver(skipped);
    terminal.reportsWritten(whole(), []);
    expect(text()).to.match(/^\.{20}\n\.a\n {2}FAILED AB-02 all\n[^]*\ns\n\nNot as\b/);
  });

  it('names flaky scenarios with their verdicts', () => {
    const { terminal, text } = aTerminal();
    const { reason, durations } = failed;
    const repetitions = (['passed', 'failed', 'passed'] as const).map((verdict) => ({ verdict, reason, durations }));
    const flaky = { ...failed, repetitions };
    terminal.scenarioOver(flaky);
    terminal.reportsWritten(someResults([flaky], summarize([flaky])), []);
    expect(text()).to.contain('      flaky: 2 passed, 1 failed\n');
    expect(text()).to.contain('Flaky (verdicts differ between repetitions)\n  AB-02: 2 passed, 1 failed\n');
  });

  it('prints no heartbeat with --quiet', async () => {
    const { text } = aTerminal({ heartbeat: 1, quiet: true });
    await sleep(20);
    expect(text()).to.equal('');
  });
});
