import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { STATE_FILE } from '../../harness/cleanup/journal.ts';
import { readState } from '../../harness/cleanup/sweep/state-files.ts';
import { JOURNAL_FILE } from '../../harness/results/results-journal.ts';
import { runConformance } from '../support/run-cli.ts';
import { ENDLESS, PASSES, scenario, suiteFile } from '../support/suites.ts';

describe('npm run sweep', () => {
  it('removes leftovers of a killed run', async () => {
    const run = await runConformance({
      args: ['--suite', 'mine'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', PASSES), scenario('MY-02', ENDLESS)) },
      signals: [{ after: 'MY-01', signal: 'SIGKILL' }],
    });
    expect(run.signal).to.equal('SIGKILL');
    const file = join(run.reportDirectory, STATE_FILE);
    const state = readState(file);
    expect(state.process.pid).to.equal(run.pid);
    const [path] = state.resources.map((entry) => (entry.kind === 'path' ? entry.path : ''));
    expect(path).to.contain(state.run);
    // A separate process stops the pods and removes their directory. This recreates it as if that process had been killed too.
    rmSync(path ?? '', { recursive: true, force: true, maxRetries: 5 });
    mkdirSync(path ?? '');
    writeFileSync(join(path ?? '', 'token'), '');

    const args = ['--run', state.run, '--report-dir', run.reportDirectory];
    const listed = await runConformance({ command: 'sweep', args: ['--list', ...args], reports: 'own' });
    expect(listed.stdout).to.match(new RegExp(`^Run ${state.run}, \\d+ s old, ended$`, 'm'));
    expect(listed.stdout).to.contain(`  path ${path}\n`);
    const swept = await runConformance({ command: 'sweep', args, reports: 'own' });
    expect(swept.stderr).to.equal('');
    expect(swept.exitCode, swept.stdout).to.equal(0);
    expect(existsSync(path ?? '')).to.equal(false);
    expect(readdirSync(run.reportDirectory), 'results are kept').to.deep.equal([JOURNAL_FILE]);
  });

  it('rejects invalid flags', async () => {
    const { exitCode, stderr } = await runConformance({ command: 'sweep', args: ['--all'], reports: 'own' });
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('Unknown flag --all');
  });
});
