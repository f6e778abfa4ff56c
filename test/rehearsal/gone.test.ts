import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readState } from '../../harness/cleanup/sweep/state-files.ts';
import { livenessOf } from '../../harness/cleanup/process-identity.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { ROOT, temporaryFolder } from '../support/run-cli.ts';
import { rehearse, slowCloud } from './support.ts';
import { until } from '../support/until.ts';

/**
 * Runs end whose AWS and API server are gone: each client tries for half a minute, and each stage of a cluster's teardown for ten
 * seconds more. One that does not is stopped by the limit of a test.
 */
describe('a run on EKS whose AWS is gone for good', () => {
  it('ends, and names what it leaves with the command that sweeps it', async () => {
    const cloud = await slowCloud();
    const run = await rehearse(cloud, {
      args: ['--timeout', '5', '--retries', '0'],
      started: () =>
        void until(() => cloud.calls().some(({ operation }) => operation === 'GetObject')).then(() => cloud.close()),
    });
    expect(run.exitCode, run.stderr).to.equal(3);
    const id = run.results?.run.id ?? '';
    expect(run.stderr).to.contain(`cluster conformance-${id}-c1 (`);
    expect(run.stderr).to.contain(`role conformance-${id}-c1-cluster (it stays while cluster conformance-${id}-c1`);
    expect(run.stderr).to.contain(`\`npm run sweep -- --cluster eks --run ${id} --report-dir ${run.reportDirectory}`);
    expect(readState(join(run.reportDirectory, 'state.json')).resources.map(({ kind }) => kind)).to.deep.equal(['aws']);
  });

  it('ends when its rehearsal is killed, as after an interrupt', async () => {
    const reports = join(temporaryFolder(), 'reports');
    const [, ...command] = rehearsalCommand();
    const args = ['--timing', 'instant', '--', '--suite', 'pod-identity', '--report-dir', reports];
    const rehearsal = spawn(process.execPath, [...command, ...args], { cwd: ROOT, stdio: 'ignore' });
    const file = join(reports, 'state.json');
    await until(() => existsSync(file));
    const run = readState(file).process;
    rehearsal.kill('SIGKILL');
    await until(() => livenessOf(run) === 'ended');
    const { exitCode, interrupted } = (JSON.parse(readFileSync(join(reports, 'results.json'), 'utf8')) as RunResults)
      .run;
    expect({ exitCode, interrupted }).to.deep.equal({ exitCode: 130, interrupted: true });
  });
});

/** What `npm run rehearse` starts. */
function rehearsalCommand(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return (scripts['rehearse'] ?? '').split(' ');
}
