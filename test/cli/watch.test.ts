import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, runConformance, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { FAILS, PASSES, scenario, suiteFile } from '../support/suites.ts';

type Act = NonNullable<CliOptions['signals']>[number];

/** Calls `act` when a text appears. The signal is ignored. */
const when = (after: string, act: () => void): Act => ({
  after,
  signal: 'SIGCONT',
  look: () => Promise.resolve().then(act),
});

/** Replaces a file atomically, as editors do. */
function edit(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const END: Act = { after: 'Watching', signal: 'SIGINT' };

describe('--watch', () => {
  it('runs again after an edit of a policy file, on the existing clusters', async () => {
    const suites = join(temporaryFolder(), 'suites');
    cpSync(join(ROOT, 'examples', 'my-suites'), suites, { recursive: true });
    const policy = join(suites, 'policies', 'ledger-permissions.json');
    const good = readFileSync(policy, 'utf8');
    const run = await runConformance({
      args: ['--watch', '--suites-dir', suites, '--scenario', 'PAY-01'],
      signals: [
        when('Watching', () => edit(policy, good.replace('s3:GetObject', 's3:GetObjectTagging'))),
        when('Watching', () => edit(policy, '{')),
        when('is not JSON', () => edit(policy, good)),
        { ...END, look: () => new Promise((waited) => setTimeout(waited, 2000)) },
      ],
    });
    const { startedAt = '', endedAt = '', milliseconds = NaN } = run.results?.run ?? {};
    expect(Date.parse(endedAt) - Date.parse(startedAt) - milliseconds, 'idle').to.be.at.least(1900);
    const verdicts = run.stderr.match(
      /(ok|FAILED) PAY-01(?= )|running PAY-01\.|\S+ is not JSON|provisioning 1(?= )|tearing down/g,
    );
    expect(verdicts, run.stderr).to.deep.equal([
      'provisioning 1',
      'ok PAY-01',
      'running PAY-01.',
      'FAILED PAY-01',
      `${policy} is not JSON`,
      'running PAY-01.',
      'ok PAY-01',
      'tearing down',
    ]);
    expect(run.exitCode).to.equal(0);
    expect(run.results?.scenarios.map(({ verdict }) => verdict)).to.deep.equal(['passed']);
    expect(run.results?.run.profile?.narrowed).to.equal(true);
    expect(run.junit).to.contain('tests="1" failures="0"');
  });

  it('reloads suites and their imports, runs only changed scenarios, and keeps the other verdicts', async () => {
    const suites = temporaryFolder();
    const mine = join(suites, 'mine.ts');
    const keys = join(suites, 'keys.ts');
    const shared = `import { RED } from './keys.ts';\n`;
    const text = (second: string): string =>
      shared +
      suiteFile(
        scenario('MY-01', PASSES.replace("'data/red/key'", 'RED')),
        scenario('MY-02', second),
        scenario('MY-03', PASSES),
      );
    writeFileSync(keys, `export const RED: string = 'data/red/key';\n`);
    writeFileSync(mine, text(PASSES));
    const run = await runConformance({
      args: ['--watch', '--suites-dir', suites],
      signals: [
        when('Watching', () => edit(mine, text(FAILS))),
        when('Watching', () => edit(keys, `export const RED = 'data/red/other';\n`)),
        when('Watching', () => edit(mine, `${text(FAILS)}nothing.atAll();`)),
        { after: 'cannot be loaded', signal: 'SIGINT' },
      ],
    });
    const events = run.stderr.match(
      /(ok|FAILED) MY-\d+(?= )|running MY.*|\S+ cannot be loaded.*|\d+ scenarios: .*;|(?<=diagnostics\/)\S+/g,
    );
    expect(events?.slice(0, 3).sort(), run.stderr).to.deep.equal(['ok MY-01', 'ok MY-02', 'ok MY-03']);
    expect(events?.slice(3), run.stderr).to.deep.equal([
      '3 scenarios: 3 passed, 0 failed;',
      'running MY-02.',
      'FAILED MY-02',
      'MY-02-rerun1/summary.md',
      '3 scenarios: 2 passed, 1 failed;',
      'running MY-01.',
      'FAILED MY-01',
      'MY-01-rerun2/summary.md',
      '3 scenarios: 1 passed, 2 failed;',
      `${mine}:24 cannot be loaded: "nothing" is not defined: did you mean "matching"?`,
      '3 scenarios: 1 passed, 2 failed;',
    ]);
    expect(run.exitCode).to.equal(1);
  });

  for (const [flags, message] of [
    [
      ['--watch'],
      '--watch requires --suites-dir, because it reruns only your own suites: add --suites-dir, or leave --watch out.',
    ],
    [
      ['--watch', '--suites-dir', ROOT, '--keep', 'always'],
      '--watch does not work with --keep: leave one of them out.',
    ],
  ] as const)
    it(`rejects ${flags.join(' ').replace(ROOT, 'DIR')}`, async () => {
      const run = await runConformance({ args: flags });
      expect(run.stderr).to.equal(`${message}\n`);
      expect(run.exitCode).to.equal(2);
    });
});
