import { setTimeout as sleep } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { aResult, anOutcome, someResults } from '../testing/scenarios.ts';
import { summarize, type RunResults, type ScenarioResult } from './results.ts';
import { Terminal, wantsColor, type TerminalOptions } from './terminal.ts';

function aTerminal(options: Partial<TerminalOptions> & { readonly isTTY?: boolean } = {}) {
  let text = '';
  const stream = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    }),
    { isTTY: options.isTTY ?? false },
  );
  const terminal = new Terminal({ stream, color: false, quiet: false, verbose: false, ...options });
  return { terminal, text: () => text };
}

const passed = aResult({ title: 'all is well', finding: 'A risk.' });
const failed = aResult({
  id: 'AB-02',
  title: 'all is not well',
  verdict: 'failed',
  reason: 'Access was expected.',
  probes: [anOutcome({ verdict: 'failed', reason: 'It was denied.' })],
});
const skipped = aResult({ id: 'AB-03', verdict: 'skipped', reason: 'Needs IRSA.', probes: [] });
const scenarios = [passed, failed, skipped];
const whole = (run: Partial<RunResults['run']> = {}): RunResults => someResults(scenarios, summarize(scenarios), run);

/** What a whole run prints. */
function printed(options: Partial<TerminalOptions> = {}, run: Partial<RunResults['run']> = {}): string {
  const { terminal, text } = aTerminal(options);
  terminal.phase('provisioning', 'Run cabcdef: 3 scenarios');
  terminal.phase('scenarios');
  for (const scenario of scenarios) terminal.scenario(scenario, 'reports/cabcdef');
  terminal.summary(whole(run), ['/tmp/results.json']);
  return text();
}

describe('the terminal', () => {
  it('tells every scenario, the failures again, the findings, the times and the counts', () => {
    const text = printed();
    for (const part of [
      'Run cabcdef: 3 scenarios\n',
      '\nabac\n',
      '  ok AB-01 all is well (31 ms)\n',
      '  FAILED AB-02 all is not well (31 ms)\n      Access was expected.\n',
      '  skipped AB-03 a title\n      Needs IRSA.\n',
      'Not as expected\n  FAILED AB-02: Access was expected.\n',
      'Findings (conforming, and worth knowing)\n  AB-01: A risk.\n',
      'Time: 1.00 s in all; provisioning 0.00 s',
      'Report: /tmp/results.json\n',
    ])
      expect(text).to.contain(part);
    expect(text.split('\n').at(-2)).to.equal('3 scenarios, 2 probes: 1 passed, 1 failed, 1 skipped');
  });

  it('tells once at the end which right is missing, however many scenarios want it', () => {
    const denied = (id: string, action: string): ScenarioResult =>
      aResult({ id, verdict: 'error', reason: `${id}: job may not ${action} on arn:aws:iam::1:role/${id} (docs).` });
    const all = [denied('AB-01', 'iam:CreateRole'), denied('AB-02', 'iam:CreateRole'), denied('AB-03', 's3:PutObject')];
    const { terminal, text } = aTerminal();
    terminal.summary(someResults(all, summarize(all)), []);
    expect(text()).to.contain(
      'Not as expected\n' +
        '  ERROR AB-01 and 1 more, for want of the same right: AB-01: job may not iam:CreateRole on arn:aws:iam::1:role/AB-01 (docs).\n' +
        '  ERROR AB-03: AB-03: job may not s3:PutObject on arn:aws:iam::1:role/AB-03 (docs).\n',
    );
  });

  it('prints failures and the summary alone when it is quiet', () => {
    expect(printed({ quiet: true })).to.equal(
      '  FAILED AB-02 all is not well (31 ms)\n      Access was expected.\n\n3 scenarios, 2 probes: 1 passed, 1 failed, 1 skipped\n',
    );
  });

  it('says below a failure where its summary is: that of the last attempt', () => {
    const attachments = ['AB-02', 'AB-02-attempt2'].map((folder) => ({
      name: 'summary.md',
      path: `diagnostics/${folder}/summary.md`,
      description: 'a page',
    }));
    for (const quiet of [false, true]) {
      const { terminal, text } = aTerminal({ quiet });
      terminal.scenario({ ...failed, attachments }, 'reports/cabcdef');
      terminal.scenario({ ...passed, attachments }, 'reports/cabcdef');
      expect(text().match(/see .*/g)).to.deep.equal(['see reports/cabcdef/diagnostics/AB-02-attempt2/summary.md']);
    }
  });

  it('prints every probe when it is verbose', () => {
    expect(printed()).not.to.contain('It was denied.');
    expect(printed({ verbose: true }))
      .to.contain('[failed] red: GetObject')
      .and.to.contain('It was denied.');
  });

  it('colours only where it is told to', () => {
    expect(printed()).not.to.contain('\u001b');
    expect(printed({ color: true })).to.contain('\u001b[31mFAILED\u001b[0m');
  });

  it('tells how many calls of AWS were made, unless the run did not get so far', () => {
    const said = (aws: RunResults['aws']): string => {
      const { terminal, text } = aTerminal({});
      terminal.summary({ ...whole(), aws }, []);
      return text();
    };
    const calls = { total: 1234, retries: 12, throttled: 3, byOperation: {} };
    expect(said({ calls })).to.contain('\nAWS calls: 1,234 (12 retries, 3 throttled)\n');
    expect(said({ calls: { ...calls, retries: 1, throttled: 0 } })).to.contain('\nAWS calls: 1,234 (1 retry)\n');
    expect(said({ calls: { ...calls, retries: 0, throttled: 0 } })).to.contain('\nAWS calls: 1,234\n');
    expect(said(null)).not.to.contain('AWS calls');
  });

  it('says that a run failed or was interrupted', () => {
    expect(printed({}, { error: 'No cluster.' })).to.contain('ERROR No cluster.');
    expect(printed({ quiet: true }, { error: 'No cluster.' })).to.contain('ERROR No cluster.');
    expect(printed({}, { interrupted: true })).to.match(/\(interrupted\)\n$/);
  });

  it('shows a sign of life where there is no terminal, until it stops', async () => {
    const { terminal, text } = aTerminal({ heartbeat: 2 });
    terminal.expect(7);
    while (!text().includes('... planning\n')) await sleep(2);
    terminal.phase('scenarios');
    terminal.scenario(passed, 'reports/cabcdef');
    while (!text().includes('... 1 of 7 scenarios are over\n')) await sleep(2);
    terminal.stop();
    const before = text();
    await sleep(20);
    expect(text()).to.equal(before);
  });

  it('shows none when it is quiet', async () => {
    const { terminal, text } = aTerminal({ heartbeat: 1, quiet: true });
    await sleep(20);
    terminal.stop();
    expect(text()).to.equal('');
  });
});

describe('colour', () => {
  const table: readonly (readonly [string, boolean, boolean, Record<string, string>, boolean])[] = [
    ['a terminal', true, false, {}, true],
    ['no terminal', false, false, {}, false],
    ['--no-color', true, true, {}, false],
    ['--no-color over FORCE_COLOR', true, true, { FORCE_COLOR: '1' }, false],
    ['NO_COLOR', true, false, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, false, { NO_COLOR: '' }, true],
    ['NO_COLOR over FORCE_COLOR', false, false, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR', false, false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', false, false, { FORCE_COLOR: '0' }, false],
    ['TERM=dumb', true, false, { TERM: 'dumb' }, false],
  ];
  for (const [what, isTTY, noColor, environment, expected] of table)
    it(`is ${expected ? 'on' : 'off'} with ${what}`, () =>
      expect(wantsColor({ isTTY }, noColor, environment)).to.equal(expected));
});
