import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect } from 'chai';
import { nodeImage } from '../support/node-image.ts';
import { ROOT, runConformance } from '../support/run-cli.ts';

interface Announcement {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The closest substitute for Amazon EKS: an EKS API in another process, whose clusters have nodes with a kubelet and a container
 * runtime. They only accept EKS tokens, and run a candidate's image as the agent.
 */
describe('EKS clusters on kind', () => {
  let emulator: ChildProcess | undefined;
  let announced: Announcement;
  let components: string;

  before(async () => {
    const image = nodeImage();
    const args = ['--clusters', 'kind', '--kind-image', image, '--image-base', image];
    emulator = spawn(process.execPath, [join(ROOT, 'bin', 'conformance.js'), 'emulator', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    createInterface({ input: emulator.stderr! }).on('line', (line) => lines.push(line));
    announced = await new Promise<Announcement>((resolve, reject) => {
      createInterface({ input: emulator!.stdout! }).once('line', (line) => resolve(JSON.parse(line) as Announcement));
      emulator!.once('exit', () => reject(new Error(`The emulator exited: ${lines.join(' ')}`)));
    });
    components = /run from ([\w./-]+:\w+)/.exec(lines.join(' '))?.[1] ?? '';
  });
  after(async () => {
    if (emulator === undefined || emulator.exitCode !== null) return;
    const ended = new Promise((resolve) => emulator?.once('exit', resolve));
    emulator.kill('SIGTERM');
    await ended;
  });

  it('run the suites with a candidate agent, and are deleted afterwards', async () => {
    const look = () =>
      runConformance({
        args: [
          ...['--cluster', 'eks', '--aws-endpoint', announced.endpoint, '--suite', 'lifecycle,pod-identity'],
          ...['--agent-image', components, '--workload-image', components],
          // A local node has less capacity than nodes of EKS.
          ...['--parallel', '8'],
        ],
        env: {
          AWS_ACCESS_KEY_ID: announced.accessKeyId,
          AWS_SECRET_ACCESS_KEY: announced.secretAccessKey,
          AWS_REGION: announced.region,
        },
      });
    // A run without a verdict indicates a busy machine, so it is repeated once.
    const first = await look();
    const run = first.exitCode === 3 ? await look() : first;
    expect(run.exitCode, run === first ? run.stderr : `${first.stderr}\nrepeated:\n${run.stderr}`).to.equal(0);
    const { scenarios = [], environment } = run.results ?? {};
    expect(scenarios.filter(({ verdict }) => verdict === 'passed').length).to.be.greaterThan(10);
    expect(scenarios.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')).to.deep.equal([]);
    expect(JSON.stringify(environment?.clusters)).to.contain(components);
    const filters = ['--filter', 'label=io.x-k8s.kind.cluster', '--filter', `name=${run.results?.run.id}`];
    const nodes = execFileSync('docker', ['ps', '--all', '--quiet', ...filters], { encoding: 'utf8' });
    expect(nodes.trim()).to.equal('');
  });
});
