import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { helpText } from '../bin/cli/help.ts';
import { runCommand } from '../bin/cli/run.ts';
import { EMBEDDED } from '../clusters/embedded/cluster-type.ts';
import { CLUSTER_TYPES } from '../clusters/registry.ts';
import { checkClusterFlags } from '../harness/config/cluster-flags.ts';
import { configure } from '../harness/config/configuration.ts';
import { optionsOf } from '../harness/config/options.ts';
import type { RunResults } from '../harness/results/results.ts';
import { ensureBuilt } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const path = (...parts: readonly string[]): string => JSON.stringify(join(root, ...parts));

/** The command, with the registries that `more` calls `added`. */
const commandWith = (more: string): string => `
import { join } from 'node:path';
import { EMBEDDED } from ${path('clusters', 'embedded', 'cluster-type.ts')};
import { CLUSTER_TYPES } from ${path('clusters', 'registry.ts')};
import { execute } from ${path('bin', 'cli', 'command.ts')};
import { runCommand } from ${path('bin', 'cli', 'run.ts')};
const { stdout, stderr, argv } = process;
const interruption = () => new AbortController().signal;
const io = { stdout, stderr, environment: {}, root: ${path()}, code: ${path()}, interruption };
${more}
process.exit(await execute(runCommand(added), argv.slice(2), io));
`;

/** Embedded clusters under another name, with an option of their own. */
const TOY_CLUSTERS = `
const toy = {
  ...EMBEDDED,
  name: 'toy',
  options: [{ name: 'toy-greeting', kind: 'text', placeholder: 'TEXT', help: 'a fact of each cluster' }],
  defaults: { parallel: 3 },
  open: async (request) => {
    const host = await EMBEDDED.open(request);
    return { ...host, name: 'toy', facts: () => ({ greeting: request.options.text('toy-greeting') }) };
  },
};
const added = { types: [...CLUSTER_TYPES, toy] };
`;

/**
 * Clients that are not what they ought to be: one answers rightly by the record's leave alone, one says what S3 does not know, one
 * ends, one prints its token, and one cannot be had.
 */
const TOY_CLIENTS = `
const { HarnessError } = await import(${path('foundation', 'node', 'errors.ts')});
const { PYTHON } = await import(${path('components', 'clients', 'python', 'index.ts')});
const client = (name, body) => ({
  ...PYTHON,
  name,
  differences: [],
  operations: new Set(['GetObject', 'ListObjectsV2']),
  install: async () => ({ folder: '/', command: [process.execPath, '-e',
    'const say = (answer) => console.log("client-answer " + JSON.stringify(answer));' +
    'const token = require("node:fs").readFileSync(process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, "utf8");' +
    'require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {' +
    'const { id, operation } = JSON.parse(line);' + body + '});'] }),
});
const added = {
  clients: [
    client('liar', 'say({ id, facts: { keys: 1 } });'),
    client('silent', 'process.exit(0);'),
    client('talker', 'console.error("using " + token); say({ id });'),
    { ...client('missing', ''), install: async () => {
      throw new HarnessError('CLIENT_NOT_INSTALLED', 'Client missing 1 cannot be installed, since there is none.');
    } },
  ],
};
`;

const TOY_PROGRAM = `
const added = {
  workload: {
    name: 'toy',
    image: 'example.com/toy:1',
    command: [process.execPath, join(import.meta.dirname, 'toy.cjs')],
    operations: new Set(['ReadFile']),
  },
};
`;

/** A program that can say how long a file is, and nothing else. */
const PROGRAM = `
const { readFileSync } = require('node:fs');
for (const { probes } of JSON.parse(process.env.PROBE_PLAN).phases)
  for (const { number, operation } of probes) {
    if (operation.do !== 'ReadFile') throw new Error(operation.do);
    const facts = { bytes: readFileSync(operation.path).length, program: 'toy' };
    const at = Date.now();
    console.log('probe-report ' + JSON.stringify({ number, startedAt: at, endedAt: at, outcome: 'granted', facts }));
  }
`;

const SUITE = `
import { getObject, granted, podIdentityRole, readFile, suite } from 'eks-pod-identity-conformance';
const TOKEN = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token';
suite('toys', ({ scenario }) => {
  const app = { roles: { app: podIdentityRole() }, workloads: { app: { role: 'app' } } };
  scenario('TY-01', 'the token is there', { source: 'a test', ...app,
    probes: [granted('app', readFile(TOKEN), { facts: { program: 'toy' } })] });
  scenario('TY-02', 'an object can be read', { source: 'a test', ...app, objects: ['data/key'],
    probes: [granted('app', getObject('data/key'))] });
});
`;

describe('a registry entry from outside', () => {
  let folder: string;
  let said: string;

  before(() => ensureBuilt());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'registries-'));
    said = '';
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the command with something from outside; gives its exit code. */
  async function conformance(more: string, argv: readonly string[]): Promise<number | null> {
    const command = join(folder, 'command.mjs');
    writeFileSync(command, commandWith(more));
    const flags = ['--import=tsx', command, ...argv, '--report-dir', folder];
    const child = spawn(process.execPath, flags, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    return new Promise((resolve) => child.on('close', resolve));
  }
  const results = (): RunResults => JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResults;

  it('of clusters is known to the command line and runs scenarios', async () => {
    const flags = ['--cluster', 'toy', '--toy-greeting', 'hello', '--scenario', 'PI-01'];
    expect(await conformance(TOY_CLUSTERS, flags), said).to.equal(0);
    const { environment, configuration, summary } = results();
    expect(environment.cluster).to.equal('toy');
    expect(environment.clusters.map(({ facts }) => facts['greeting'])).to.deep.equal(['hello']);
    expect(configuration['parallel']).to.deep.equal({ value: 3, origin: 'default' });
    expect(summary).to.include({ passed: 1, total: 1 });
  });

  it('of clusters has its options to itself', () => {
    const greeting = {
      name: 'toy-greeting',
      kind: 'text',
      placeholder: 'TEXT',
      help: 'a fact of each cluster',
    } as const;
    const types = [...CLUSTER_TYPES, { ...EMBEDDED, name: 'toy', options: [greeting] }];
    const configuration = configure(['--toy-greeting', 'hello'], {}, { types });
    expect(helpText(runCommand({ types })))
      .to.contain('embedded|kind|eks|toy')
      .and.to.contain('toy: a fact of each');
    expect(() => checkClusterFlags(configuration)).to.throw(
      '--toy-greeting is for toy clusters, and this run uses --cluster embedded',
    );
    expect(() => configure(['--toy-greeting', 'hello'], {})).to.throw('Unknown flag --toy-greeting');
    const copy = { ...EMBEDDED, name: 'copy', options: [{ ...greeting }] };
    expect(() => optionsOf([...types, copy])).to.throw('two options --toy-greeting');
  });

  it('of clients is listed, and judged by what AWS received of it', async () => {
    expect(await conformance(TOY_CLIENTS, ['--list-clients'])).to.equal(0);
    expect(said).to.match(/^liar@.*\nsilent@.*\ntalker@.*\nmissing@.*\n$/);
    said = '';
    const asked = ['--client', 'all', '--scenario', 'PI-01', '--retries', '0', '--no-color'];
    expect(await conformance(TOY_CLIENTS, asked), said).to.equal(3);
    const told = results().scenarios.map(({ id, client, verdict, probes, reason, errorCode }) => ({
      id,
      client: client?.name,
      verdict,
      errorCode,
      reason: probes[0]?.reason ?? reason,
    }));
    for (const [index, [name, code, reason]] of (
      [
        ['liar', null, 'client liar says that GetObject was granted, and S3 received no call of it'],
        ['silent', null, 'client silent was asked for GetObject and ended with exit code 0'],
        ['talker', null, 'client talker printed a token of its pod, which nobody may see'],
        ['missing', 'CLIENT_NOT_INSTALLED', 'Client missing 1 cannot be installed, since there is none.'],
      ] as const
    ).entries()) {
      const { reason: found, ...one } = told[index]!;
      expect(one).to.deep.equal({ id: `PI-01.${name}`, client: name, verdict: 'error', errorCode: code });
      expect(found).to.contain(reason);
    }
    const written =
      readFileSync(join(folder, 'results.json'), 'utf8') + readFileSync(join(folder, 'junit.xml'), 'utf8');
    expect(written + said).not.to.match(/eyJ[\w-]{20,}/);
    expect(said).to.contain('ERROR PI-01.talker');
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).to.contain('Client: liar ');
  });

  it('of clients whose installation is interrupted leaves exit code 130 and no run', async () => {
    const interrupted = TOY_CLIENTS.replace(
      'const added = {',
      `const stop = new AbortController();
       io.interruption = () => stop.signal;
       const slow = async () => { stop.abort(new Error('stopped')); stop.signal.throwIfAborted(); };
       const added = {`,
    ).replace('clients: [', "clients: [{ ...PYTHON, name: 'slow', install: slow },");
    expect(await conformance(interrupted, ['--client', 'slow', '--scenario', 'PI-01']), said).to.equal(130);
    expect(said).not.to.contain('The harness failed');
  });

  it('of clients that cannot be had is told in a sentence', async () => {
    expect(await conformance(TOY_CLIENTS, ['--client', 'missing', '--scenario', 'PI-01'])).to.equal(3);
    expect(said).to.contain('Client missing 1 cannot be installed, since there is none.');
    said = '';
    expect(await conformance(TOY_CLIENTS, ['--client', 'lair'])).to.equal(2);
    expect(said).to.contain('Unknown client "lair": did you mean "liar"?');
  });

  it('of workload programs makes the probes that it can, and scenarios with others are skipped', async () => {
    mkdirSync(join(folder, 'suites'));
    writeFileSync(join(folder, 'suites', 'toys.ts'), SUITE);
    writeFileSync(join(folder, 'toy.cjs'), PROGRAM);
    expect(await conformance(TOY_PROGRAM, ['--suites-dir', join(folder, 'suites'), '--suite', 'toys']), said).to.equal(
      0,
    );
    const [first, second] = results().scenarios;
    expect(first).to.include({ id: 'TY-01', verdict: 'passed' });
    expect(first!.probes[0]!.observed!.facts).to.include({ program: 'toy' });
    expect(second).to.include({ id: 'TY-02', verdict: 'skipped' });
    expect(second!.reason).to.contain('GetObject in the workload program toy (operation:GetObject)');
  });
});
