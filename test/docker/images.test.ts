import { expect } from 'chai';
import { execa } from 'execa';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import { REPORT_PREFIX } from '../../foundation/protocols/probe-protocol.ts';

const PLAN = {
  phases: [{ phase: 0, probes: [{ number: 0, operation: { do: 'GetObject', bucket: 'bucket', key: 'key' } }] }],
};

describe('component image', () => {
  let image: string;
  const ensure = (): Promise<string> =>
    ensureComponentImage({ workload: JAVASCRIPT, progress: () => undefined, signal: new AbortController().signal });
  const docker = (...args: readonly string[]) => execa('docker', args, { reject: false });
  const run = (flags: readonly string[], ...command: readonly string[]) =>
    docker('run', '--rm', '--network', 'none', ...flags, image, ...command);

  before(async () => {
    image = await ensure();
  });

  it('is built only once', async () => {
    const id = async (): Promise<string> => (await docker('image', 'inspect', '--format', '{{.Id}}', image)).stdout;
    const built = await id();
    expect(await ensure()).to.equal(image);
    expect(await id())
      .to.equal(built)
      .and.match(/^sha256:/);
  });

  for (const user of ['0', '1000', '65534:65534']) {
    it(`runs the probe program as user ${user}, read-only and without capabilities`, async () => {
      const flags = ['--user', user, '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
      const { exitCode, stdout } = await run([...flags, '-e', `PROBE_PLAN=${JSON.stringify(PLAN)}`]);
      expect(exitCode).to.equal(0);
      const report = stdout.split('\n').find((line) => line.startsWith(REPORT_PREFIX)) ?? '';
      expect(JSON.parse(report.slice(REPORT_PREFIX.length))).to.include({ outcome: 'refused', layer: 'injection' });
    });
  }

  it("contains code caches for the probe's files that its Node accepts", async () => {
    const script = `const [fs, vm] = ['fs', 'vm'].map(require);
      for (const file of ['/probe/probe.cjs', '/probe/sdk.cjs', '/probe/sdk-s3.cjs']) {
        const cachedData = fs.readFileSync(file + '.' + process.version + '.cache');
        const script = new vm.Script(fs.readFileSync(file, 'latin1'), { filename: file, cachedData });
        console.log(script.cachedDataRejected);
      }`;
    expect((await run(['--entrypoint', 'node'], '-e', script)).stdout).to.equal('false\nfalse\nfalse');
  });

  it('runs the components at the paths in their manifests', async () => {
    const agent = await run(['--entrypoint', '/go-runner', '--user', '1000'], '/eks-pod-identity-agent', 'version');
    expect(agent.stdout).to.match(/^EKS Pod Identity Agent version /);
    const webhook = await run(['--entrypoint', '/webhook', '--user', '1000'], '--version');
    expect(webhook.stdout).to.match(/^\d+\.\d+\.\d+$/);
  });

  it('prepares a node on which the link exists with another type', async () => {
    const script = `const run = (...a) => require('child_process').spawnSync(a[0], a.slice(1), { stdio: 'inherit' }).status;
      run('ip', 'link', 'add', 'pod-id-link0', 'type', 'bridge');
      process.exitCode = run('/go-runner', '/eks-pod-identity-agent', 'initialize', '-v', 'trace');
      run('ip', '-4', '-brief', 'address', 'show', 'pod-id-link0');`;
    const { exitCode, stdout } = await run(['--privileged', '--entrypoint', 'node'], '-e', script);
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^pod-id-link0 .* 169\.254\.170\.23\/32/);
  });

  it('stops a waiting probe program on the first signal', async () => {
    const plan = JSON.stringify({ phases: [...PLAN.phases, { phase: 1, probes: [] }] });
    const env = ['-e', `PROBE_PLAN=${plan}`, '-e', 'PROBE_PHASE_FILE=/never'];
    const { stdout: container } = await docker('run', '--detach', '--network', 'none', ...env, image);
    try {
      const logs = execa('docker', ['logs', '--follow', container], { reject: false });
      for await (const line of logs) if (line.startsWith(REPORT_PREFIX)) logs.kill();
      await docker('stop', '--time', '60', container);
      const { stdout } = await docker('inspect', '--format', '{{.State.ExitCode}}', container);
      expect(stdout).to.equal('143');
    } finally {
      await docker('rm', '--force', container);
    }
  });
});
