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
 * Runs end even if AWS and the API server are unreachable. Clients retry for half a minute, and each stage of a cluster's teardown
 * for ten more seconds. The test's timeout catches runs that do not end.
 */
describe('run on EKS whose AWS becomes unreachable', () => {
  it('ends, and reports leftovers with the command that sweeps them', async () => {
    const cloud = await slowCloud();
    const run = await rehearse(cloud, {
      args: ['--timeout', '5', '--retries', '0'],
      started: () =>
        void until(() => cloud.calls().some(({ operation }) => operation === 'GetObject')).then(() => cloud.close()),
    });
    expect(run.exitCode, run.stderr).to.equal(3);
    const id = run.results?.run.id ?? '';
    expect(run.stderr).to.contain(`cluster conformance-${id}-c1 (`);
    expect(run.stderr).to.contain(`role conformance-${id}-c1-cluster (cluster conformance-${id}-c1`);
    expect(run.stderr).to.contain(`\`npm run sweep -- --cluster eks --run ${id} --report-dir ${run.reportDirectory}`);
    expect(readState(join(run.reportDirectory, 'state.json')).resources.map(({ kind }) => kind)).to.deep.equal(['aws']);
  });

  it('ends like after an interrupt if its rehearsal is killed', async () => {
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

/** Returns the command of `npm run rehearse`. */
function rehearsalCommand(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return (scripts['rehearse'] ?? '').split(' ');
}
