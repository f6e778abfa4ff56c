import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse, parseAllDocuments } from 'yaml';
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
const WRITE = { do: 'PutObject', bucket: 'example-data', key: 'written.txt' };
const OPERATION = { do: 'GetObject', bucket: 'example-data', key: 'hello.txt' };
const POLICIES = ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'];
const WORLD = {
  roles: [
    { name: 'app', policies: POLICIES },
    { name: 'web', irsa: ['default/web'], policies: POLICIES },
  ],
  associations: [{ namespace: 'default', serviceAccount: 'app', role: 'app' }],
  buckets: [{ name: 'example-data', objects: { 'hello.txt': 'hello' } }],
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
  let clients: readonly ChosenClient[];
  /** Reference of the probe program's image, which has the clients. */
  let workload: string;
  const tagged: string[] = [];
  const run = (command: string, ...args: string[]): Promise<CliRun> =>
    runConformance({ command, args: [...flags, ...args], reports: 'own', env });

  before(async () => {
    kind = await kindProgram();
    writeFileSync(world, JSON.stringify(WORLD));
    await execa(kind, ['create', 'cluster', '--name', CLUSTER, '--image', image, '--kubeconfig', kubeconfig]);
    connection = connect(readContext({ kubeconfig, context: `kind-${CLUSTER}` }).config);
    const context = { environment: process.env, progress: () => undefined, signal: new AbortController().signal };
    clients = await installedClients(chosenClients(CLIENTS), context);
    workload = await ensureComponentImage({ ...context, workload: { ...JAVASCRIPT, clients }, base: image });
    await execa(kind, ['load', 'docker-image', workload, '--name', CLUSTER]);
  });
  after(async () => {
    connection.close();
    await execa(kind, ['delete', 'cluster', '--name', CLUSTER, '--kubeconfig', kubeconfig]);
    await execa('docker', ['image', 'rm', ...tagged], { reject: false });
  });

  it('gives pods of four clients their roles and no others, and reports their calls', async () => {
    const installed = await runConformance({ command: 'up', args: upFlags, reports: 'own', env });
    expect(installed.exitCode, installed.stderr).to.equal(0);
    const again = await runConformance({ command: 'up', args: upFlags, reports: 'own', env });
    expect(again.exitCode, again.stderr).to.equal(2);
    expect(again.stderr).to.contain(`Context kind-${CLUSTER} already has an emulated AWS`);
    const { stdout: endpoint } = await run('status', '--endpoint');
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
      'arn:aws:s3:::example-data/hello.txt',
    );
    await expectNothingAfterDown();
  });

  it('runs the workflow of docs/test-your-operator.md', async () => {
    const [world, apps, workflow] = yamlBlocks(join(ROOT, 'docs', 'test-your-operator.md')) as [string, string, string];
    const team = temporaryFolder();
    const programs = { reader: ['python', OPERATION], writer: ['go', WRITE] } as const;
    const manifests = parseAllDocuments(apps).map((document) => document.toJS() as Manifest);
    for (const { kind: type, metadata, spec } of manifests) {
      const [container] = type === 'Deployment' ? spec.template.spec.containers : [];
      const [label, operation] = programs[metadata.name];
      const client = clients.find((one) => one.label === label)!;
      if (container === undefined) continue;
      await execa('docker', ['tag', workload, container.image]);
      tagged.push(container.image);
      container.env = variablesOf(client, operation, true);
    }
    writeFileSync(join(team, 'world.yaml'), world);
    writeFileSync(join(team, 'apps.yaml'), manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'));
    const bin = join(team, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(team, 'package.json'), '{ "name": "team", "private": true }');
    symlinkSync(join(ROOT, 'bin', 'conformance.js'), join(bin, 'eks-pod-identity-conformance'));
    symlinkSync(kind, join(bin, 'kind'));
    const { contractTools } = (await import(pathToFileURL(join(ROOT, 'test', 'contract', 'tools.js')).href)) as Tools;
    const steps = (parse(workflow) as Workflow).jobs.identity.steps.flatMap(({ run: script }) => script ?? []);
    // The cluster exists, and the images are the probe program's.
    const scripts = steps
      .filter((script) => !/^docker build|^kind create/.test(script))
      .map((script) =>
        script
          .replace(/^kind load docker-image/, `$& --name ${CLUSTER}`)
          .replaceAll('kind-kind', `kind-${CLUSTER}`)
          .replace(' up ', ` up --image-base ${image} `),
      );
    const path = [bin, contractTools().bin, process.env['PATH']].join(delimiter);
    for (const script of scripts) {
      const options = { cwd: team, env: { ...env, PATH: path, KUBECONFIG: kubeconfig, npm_config_offline: 'true' } };
      const { exitCode, all } = await execa('timeout', ['300', 'bash', '-ec', script], {
        ...{ ...options, all: true, reject: false },
      });
      expect(exitCode, `${script}\n${all}`).to.equal(0);
    }
    expect(scripts.length).to.equal(6);
    expect(await labelledObjects(connection, 'up')).to.deep.equal([]);
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

/** Returns the variables of a probe program that performs an operation with a client. */
function variablesOf(client: ChosenClient, operation: object, stays = false) {
  const program = inImage(client);
  const plan = {
    phases: [{ phase: 0, probes: [{ number: 0, operation }] }],
    ...(program && { client: { name: client.label, operations: ['GetObject', 'PutObject'], ...program } }),
    stays,
  };
  const variables = {
    ...{ AWS_EC2_METADATA_DISABLED: 'true', PROBE_PLAN: JSON.stringify(plan), ...program?.environment },
  };
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

/** Returns a pod that reads the object with a client. */
function podOf(client: ChosenClient, { account, image, endpoint }: Record<'account' | 'image' | 'endpoint', string>) {
  const env = [{ name: 'AWS_ENDPOINT_URL', value: endpoint }, ...variablesOf(client, OPERATION)];
  return {
    metadata: { name: `${account}-${client.label}` },
    spec: {
      ...{ serviceAccountName: account, restartPolicy: 'Never' },
      containers: [{ name: 'app', image, imagePullPolicy: 'Never', env }],
    },
  };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: 'reader' | 'writer' };
  readonly spec: { readonly template: { readonly spec: { readonly containers: { image: string; env?: object[] }[] } } };
}
interface Workflow {
  readonly jobs: { readonly identity: { readonly steps: readonly { readonly run?: string }[] } };
}
interface Tools {
  readonly contractTools: () => { readonly bin: string };
}

/** Returns the indented YAML blocks of a page. */
const yamlBlocks = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^ {3}```yaml\n([\s\S]*?)^ {3}```$/gm)].map(([, block = '']) =>
    block.replaceAll(/^ {3}/gm, ''),
  );
