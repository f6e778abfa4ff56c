import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { execa } from 'execa';
import type { ChosenClient } from '../../components/clients/client.ts';
import { inImage } from '../../components/clients/in-image.ts';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { labelledObjects } from '../../clusters/in-cluster/objects.ts';
import { ensureComponentImage } from '../../clusters/kind/images/index.ts';
import { kindProgram } from '../../clusters/kind/kind.ts';
import { readContext } from '../../foundation/node/named-context.ts';
import { poll } from '../../foundation/node/poll.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { chosenClients, installedClients } from '../../harness/plan/clients.ts';
import { nodeImage } from '../support/node-image.ts';
import { ROOT, runConformance, temporaryFolder, type CliRun } from '../support/run-cli.ts';

const CLUSTER = 'kit-test';
const env = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache') };
const CLIENTS = ['javascript', 'python', 'go', 'aws-cli'];
const OPERATION = { do: 'GetObject', bucket: 'data', key: 'hello.txt' };
const POLICIES = ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'];
const WORLD = {
  roles: [
    { name: 'app', policies: POLICIES },
    { name: 'web', irsa: ['default/web'], policies: POLICIES },
  ],
  associations: [{ namespace: 'default', serviceAccount: 'app', role: 'app' }],
  buckets: [{ name: 'data', objects: { 'hello.txt': 'hello' } }],
};
/** Service accounts with the outcome of their pods. Those with IRSA name the role web. */
const ACCOUNTS: readonly { namespace: string; name: string; isIrsa: boolean; outcome: string }[] = [
  { namespace: 'default', name: 'app', isIrsa: false, outcome: 'granted' },
  { namespace: 'default', name: 'web', isIrsa: true, outcome: 'granted' },
  { namespace: 'default', name: 'unassociated', isIrsa: false, outcome: 'refused' },
  { namespace: 'default', name: 'untrusted', isIrsa: true, outcome: 'refused' },
  { namespace: 'other', name: 'app', isIrsa: false, outcome: 'refused' },
  { namespace: 'other', name: 'web', isIrsa: true, outcome: 'refused' },
];

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
    runConformance({ command, args: [...flags, ...args], reports: 'own', env });

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

  it('gives pods of four clients their roles and no others, and reports their calls', async () => {
    const installed = await runConformance({ command: 'up', args: upFlags, reports: 'own', env });
    expect(installed.exitCode, installed.stderr).to.equal(0);
    const again = await runConformance({ command: 'up', args: upFlags, reports: 'own', env });
    expect(again.exitCode, again.stderr).to.equal(2);
    expect(again.stderr).to.contain(`Context kind-${CLUSTER} already has an emulated AWS`);
    const { stdout: endpoint } = await run('status', '--endpoint');
    const context = { environment: process.env, progress: () => undefined, signal: new AbortController().signal };
    const clients = await installedClients(chosenClients(CLIENTS), context);
    const workload = await ensureComponentImage({ ...context, workload: { ...JAVASCRIPT, clients }, base: image });
    await execa(kind, ['load', 'docker-image', workload, '--name', CLUSTER]);

    await connection.json('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
    const outcomes: Record<string, unknown> = {};
    const expected: Record<string, string> = {};
    for (const { namespace, name, isIrsa, outcome } of ACCOUNTS) {
      const annotations = isIrsa ? { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/web' } : {};
      const path = `/api/v1/namespaces/${namespace}`;
      await connection.json('POST', `${path}/serviceaccounts`, { metadata: { name, annotations } });
      for (const client of outcome === 'granted' ? clients : clients.slice(0, 1)) {
        const pod = podOf(client, { account: name, image: workload, endpoint: endpoint.trim() });
        // The webhook learns of service accounts through a watch, so a change reaches it a moment later.
        await poll(
          async () => {
            const admitted = await connection.json('POST', `${path}/pods?dryRun=All`, pod);
            return !isIrsa || JSON.stringify(admitted).includes('AWS_ROLE_ARN') || undefined;
          },
          { every: 200, within: 60_000, what: 'the variables of IRSA' },
        );
        await connection.json('POST', `${path}/pods`, pod);
        expected[`${path}/pods/${pod.metadata.name}`] = outcome;
      }
    }
    for (const path of Object.keys(expected)) outcomes[path] = await outcomeOf(path);
    expect(outcomes).to.deep.equal(expected);
    const calls = await run('calls', '--identity', 'app', '--format', 'policy');
    expect(JSON.parse(calls.stdout), calls.stderr).to.have.nested.property(
      'Statement[0].Resource[0]',
      'arn:aws:s3:::data/hello.txt',
    );
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
  const outcomeOf = (path: string): Promise<unknown> =>
    poll(
      async () => {
        const log = await connection.open(`${path}/log`, AbortSignal.timeout(10_000));
        const [, report] = /^probe-report (.*)$/m.exec(await text(log)) ?? [];
        return report && (JSON.parse(report) as { readonly outcome: unknown }).outcome;
      },
      { every: 500, within: 300_000, tolerates: () => true, what: `the report of ${path}` },
    );
});

/** Returns a pod whose probe program reads the object with a client. */
function podOf(client: ChosenClient, { account, image, endpoint }: Record<'account' | 'image' | 'endpoint', string>) {
  const program = inImage(client);
  const plan = {
    phases: [{ phase: 0, probes: [{ number: 0, operation: OPERATION }] }],
    ...(program && { client: { name: client.label, operations: ['GetObject'], ...program } }),
  };
  const variables = {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_EC2_METADATA_DISABLED: 'true', PROBE_PLAN: JSON.stringify(plan) },
    ...program?.environment,
  };
  const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
  return {
    metadata: { name: `${account}-${client.label}` },
    spec: {
      ...{ serviceAccountName: account, restartPolicy: 'Never' },
      containers: [{ name: 'app', image, imagePullPolicy: 'Never', env }],
    },
  };
}
