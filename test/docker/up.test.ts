import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { labelledObjects } from '../../clusters/in-cluster/objects.ts';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import { kindProgram } from '../../clusters/kind/kind.ts';
import { readContext } from '../../foundation/node/named-context.ts';
import { poll } from '../../foundation/node/poll.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { nodeImage } from '../support/node-image.ts';
import { ROOT, runConformance, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { writeFileSync } from 'node:fs';

const CLUSTER = 'kit-test';
const env = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache') };
const PLAN = {
  phases: [{ phase: 0, probes: [{ number: 0, operation: { do: 'GetObject', bucket: 'data', key: 'hello.txt' } }] }],
};
const ROLE = 'eks.amazonaws.com/role-arn';
const POLICIES = ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'];
const WORLD = {
  roles: [
    { name: 'app', policies: POLICIES },
    { name: 'web', irsa: ['default/web'], policies: POLICIES },
  ],
  associations: [{ namespace: 'default', serviceAccount: 'app', role: 'app' }],
  buckets: [{ name: 'data', objects: { 'hello.txt': 'hello' } }],
};

describe('up, status, calls and down in a kind cluster', () => {
  const image = nodeImage();
  const folder = temporaryFolder();
  const kubeconfig = join(folder, 'kubeconfig');
  const world = join(folder, 'world.json');
  const flags = ['--kubeconfig', kubeconfig, '--context', `kind-${CLUSTER}`];
  const upFlags = [...flags, '--image-base', image, '--world', world, '--ready-timeout', '600'];
  let kind: string;
  let connection: Connection;
  const run = (command: string, ...args: string[]): Promise<CliRun> =>
    runConformance({ command, args: [...flags, ...args], env });

  before(async () => {
    kind = await kindProgram();
    writeFileSync(world, JSON.stringify(WORLD));
    await execa(kind, ['create', 'cluster', '--name', CLUSTER, '--image', image, '--kubeconfig', kubeconfig]);
    connection = connect(readContext({ kubeconfig, context: `kind-${CLUSTER}` }).config);
  });
  after(async () => {
    connection.close();
    await execa(kind, ['delete', 'cluster', '--name', CLUSTER, '--kubeconfig', kubeconfig]);
  });

  it('gives pods their roles and no others, and reports their calls', async () => {
    const installed = await runConformance({ command: 'up', args: upFlags, env });
    expect(installed.exitCode, installed.stderr).to.equal(0);
    const again = await runConformance({ command: 'up', args: upFlags, env });
    expect(again.exitCode, again.stderr).to.equal(2);
    const { stdout } = await run('status', '--endpoint');
    const workload = await ensureComponentImage({
      ...{ workload: JAVASCRIPT, base: image, progress: () => undefined },
      signal: new AbortController().signal,
    });
    const web = { [ROLE]: 'arn:aws:iam::111122223333:role/web' };
    const outcomes: Record<string, unknown> = {};
    for (const [name, annotations] of Object.entries({ app: {}, web, none: {}, wrong: web })) {
      const metadata = { name, annotations };
      await connection.json('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata });
      const variables = {
        AWS_ENDPOINT_URL: stdout.trim(),
        AWS_EC2_METADATA_DISABLED: 'true',
        PROBE_PLAN: JSON.stringify(PLAN),
      };
      await connection.json('POST', '/api/v1/namespaces/default/pods', {
        metadata: { name },
        spec: {
          ...{ serviceAccountName: name, restartPolicy: 'Never' },
          containers: [
            {
              ...{ name, image: workload, imagePullPolicy: 'Never' },
              env: Object.entries(variables).map(([key, value]) => ({ name: key, value })),
            },
          ],
        },
      });
    }
    for (const name of ['app', 'web', 'none', 'wrong']) outcomes[name] = await outcomeOf(name);
    expect(outcomes).to.deep.equal({ app: 'granted', web: 'granted', none: 'refused', wrong: 'refused' });
    const calls = await run('calls', '--identity', 'app', '--format', 'policy');
    expect(JSON.parse(calls.stdout)).to.have.nested.property('Statement[0].Resource[0]', 'arn:aws:s3:::data/hello.txt');
    await expectNothingAfterDown();
  });

  it('leaves nothing after down, although up was killed', async () => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'conformance.js'), 'up', ...upFlags], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    await poll(async () => ((await labelledObjects(connection, 'up')).length > 3 ? true : undefined), {
      ...{ every: 100, within: 300_000, what: 'objects of up' },
    });
    child.kill('SIGKILL');
    await expectNothingAfterDown();
  });

  async function expectNothingAfterDown(): Promise<void> {
    const { exitCode, stderr } = await run('down');
    expect(exitCode, stderr).to.equal(0);
    expect(await labelledObjects(connection, 'up')).to.deep.equal([]);
    expect((await run('status')).exitCode).to.equal(2);
  }

  /** Returns the outcome that the pod's log reports. */
  const outcomeOf = (name: string): Promise<unknown> =>
    poll(
      async () => {
        const log = `/api/v1/namespaces/default/pods/${name}/log`;
        let text = '';
        for await (const part of await connection.open(log, AbortSignal.timeout(10_000))) text += String(part);
        const [, report] = /^probe-report (.*)$/m.exec(text) ?? [];
        return report && (JSON.parse(report) as { readonly outcome: unknown }).outcome;
      },
      { every: 500, within: 300_000, tolerates: () => true, what: `the report of pod ${name}` },
    );
});
