import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { expect } from 'chai';
import { runConformance, type CliRun } from '../support/run-cli.ts';
import { ENDLESS, FAILS, PASSES, scenario, suiteFile } from '../support/suites.ts';
import { until } from '../support/until.ts';

/** Returns processes whose environment or command line contains the folder of a run. */
function leftBehind({ directory }: CliRun): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return ['environ', 'cmdline'].some((file) =>
          readFileSync(join('/proc', pid, file), 'utf8').includes(directory),
        );
      } catch {
        return false;
      }
    });
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('interrupted run', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`tears down, reports and exits with 130 (${signal})`, async () => {
      const run = await runConformance({
        args: ['--suite', 'mine'],
        files: {
          'mine.ts': suiteFile(scenario('MY-01', PASSES), scenario('MY-02', ENDLESS), scenario('MY-03', PASSES)),
        },
        signals: [{ after: 'MY-01', delay: 1000, signal }],
      });
      expect(run.exitCode, run.stderr).to.equal(130);
      expect(run.stderr)
        .to.contain('Interrupted, tearing down.')
        .and.to.match(/\(interrupted\)\nNot judged: [^\n]+\n$/);
      expect(run.results?.run).to.include({ interrupted: true, exitCode: 130, error: null });
      const [first, second] = run.results?.scenarios ?? [];
      expect(first?.verdict).to.equal('passed');
      expect(second?.verdict).to.equal('skipped');
      // On a busy machine the scenario may not have started.
      expect(second?.reason).to.match(/^Not (finished|run): the run was interrupted\.$/);
      expect(run.junit).to.contain('the run was interrupted');
      expect(leftBehind(run)).to.deep.equal([]);
      expect(readdirSync(run.reportDirectory).sort()).to.deep.equal([
        'junit.xml',
        'policy-coverage.json',
        'report.html',
        'results.json',
      ]);
      expect(readdirSync(run.directory).sort()).to.deep.equal(['my-suites', 'reports', 'tmp']);
    });

  it('ignores a second signal within a second', async () => {
    const run = await runConformance({
      args: ['--suite', 'mine'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', ENDLESS)) },
      signals: [
        { after: 'provisioning', signal: 'SIGINT' },
        { after: 'Interrupted', signal: 'SIGINT' },
      ],
    });
    expect(run.exitCode, run.stderr).to.equal(130);
    expect(run.results?.run.interrupted).to.equal(true);
    expect(leftBehind(run)).to.deep.equal([]);
  });

  it('tears down and reports if its parent exits after a signal', async () => {
    // The suite's handler blocks the process, so that teardown has not finished when the channel to the parent closes.
    const parent = `\nprocess.on('SIGINT', () => setImmediate(() => { const end = Date.now() + 1200; while (Date.now() < end); process.emit('disconnect'); }));`;
    const run = await runConformance({
      args: ['--suite', 'mine'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', ENDLESS)) + parent },
      signals: [{ after: 'provisioning', signal: 'SIGINT' }],
    });
    expect(run.exitCode, run.stderr).to.equal(130);
    expect(run.results?.run.interrupted).to.equal(true);
  });
});

/** Follows the instructions of a kept run: calls GetCallerIdentity with the credentials file that it names. */
async function useAws(stderr: string): Promise<{ mode: number; arn: string | undefined }> {
  const value = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(stderr)?.[1] ?? '';
  const file = value('AWS_SHARED_CREDENTIALS_FILE');
  const client = new STSClient({
    endpoint: value('AWS_ENDPOINT_URL'),
    region: value('AWS_REGION'),
    credentials: defaultProvider({ filepath: file, profile: value('AWS_PROFILE') }),
  });
  const { Arn } = await client.send(new GetCallerIdentityCommand({}));
  expect(stderr).not.to.contain((await client.config.credentials()).secretAccessKey);
  client.destroy();
  return { mode: statSync(file).mode & 0o777, arn: Arn };
}

onLinux('--keep', () => {
  it('always: keeps the clusters, prints how to inspect them, and exits on Ctrl-C with the verdicts', async () => {
    let seen: unknown;
    const run = await runConformance({
      args: ['--suite', 'mine', '--keep', 'always'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', PASSES)) },
      signals: [
        {
          after: 'Ctrl-C removes everything',
          signal: 'SIGINT',
          look: async (text) => void (seen = await useAws(text)),
        },
      ],
    });
    expect(seen, run.stderr).to.deep.equal({ mode: 0o600, arn: 'arn:aws:iam::111122223333:user/administrator' });
    expect(run.exitCode, run.stderr).to.equal(0);
    const file = /kubectl --kubeconfig (\S+) get pods --all-namespaces/.exec(run.stderr)?.[1] ?? '';
    expect(file).to.equal(join(run.reportDirectory, `kubeconfig-${run.results?.run.id}-c1.json`));
    expect(run.stderr).to.match(/kubectl .* logs --namespace kube-system --selector \S+=eks-pod-identity-agent/);
    expect(existsSync(file)).to.equal(false);
    expect(readdirSync(run.reportDirectory).sort()).to.deep.equal([
      'junit.xml',
      'policy-coverage.json',
      'report.html',
      'results.json',
    ]);
    expect(run.results?.run.interrupted).to.equal(false);
    expect(leftBehind(run)).to.deep.equal([]);
  });

  it('on-failure: keeps the clusters after a failure', async () => {
    const run = await runConformance({
      args: ['--suite', 'mine', '--keep', 'on-failure'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', FAILS)) },
      signals: [{ after: 'kept until you press Ctrl-C', delay: 100, signal: 'SIGINT' }],
    });
    expect(run.exitCode, run.stderr).to.equal(1);
    expect(run.stderr).to.contain('kept until you press Ctrl-C');
  });

  it('on-failure: removes the clusters if all scenarios passed', async () => {
    const run = await runConformance({
      args: ['--suite', 'mine', '--keep', 'on-failure'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', PASSES)) },
    });
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(run.stderr).not.to.contain('Kept');
  });

  it('stops immediately after a second interrupt', async () => {
    // The suite's handler blocks the process, so that teardown has not finished when the second signal arrives.
    const hang = `\nprocess.on('SIGINT', () => { const end = Date.now() + 1200; while (Date.now() < end); });`;
    const run = await runConformance({
      args: ['--suite', 'mine'],
      files: { 'mine.ts': suiteFile(scenario('MY-01', ENDLESS)) + hang },
      signals: [
        { after: 'provisioning', delay: 1500, signal: 'SIGINT' },
        { after: 'Interrupted', delay: 1100, signal: 'SIGINT' },
      ],
    });
    expect(run.exitCode, run.stderr).to.equal(130);
    expect(leftBehind(run)).to.deep.equal([]);
    const [, id] = /Run (c[0-9a-f]{6}):/.exec(run.stderr) ?? [];
    await until(() => !readdirSync('/dev/shm').some((name) => name.endsWith(`-${id}`)));
  });
});
