import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { helpText } from '../bin/cli/help.ts';
import type { Command } from '../bin/cli/command.ts';
import { runCommand, type Registries } from '../bin/cli/run.ts';
import type { ClusterType } from '../clusters/interface/cluster-type.ts';
import type { Client } from '../components/clients/client.ts';
import { PYTHON } from '../components/clients/python/index.ts';
import type { Io } from '../foundation/node/io.ts';
import { executed } from './support/executed.ts';
import { EMBEDDED } from '../clusters/embedded/cluster-type.ts';
import { CLUSTER_TYPES } from '../clusters/registry.ts';
import { checkClusterFlags } from '../harness/config/cluster-flags.ts';
import { configure } from '../harness/config/configuration.ts';
import { optionsOf } from '../harness/config/options.ts';
import type { RunResults } from '../harness/results/results.ts';
import { ensureBuilt } from './support/run-cli.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Embedded clusters under another name, with an additional option. */
const TOY_CLUSTERS: ClusterType = {
  ...EMBEDDED,
  name: 'toy',
  options: [{ name: 'toy-greeting', kind: 'text', placeholder: 'TEXT', help: 'a fact of each cluster' }],
  defaults: { parallel: 3 },
  open: async (request) => {
    const host = await EMBEDDED.open(request);
    return { ...host, name: 'toy', facts: () => ({ greeting: request.options.text('toy-greeting') ?? '' }) };
  },
};

/** Returns a client in JavaScript. `body` answers an operation. */
const client = (name: string, body: string): Client => ({
  ...PYTHON,
  name,
  differences: [],
  operations: new Set(['GetObject', 'ListObjectsV2']),
  install: async () => ({
    folder: '/',
    command: [
      process.execPath,
      '-e',
      `const say = (answer) => console.log("client-answer " + JSON.stringify(answer));
       const token = require("node:fs").readFileSync(process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, "utf8");
       require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
         const { id, operation } = JSON.parse(line);${body}
       });`,
    ],
  }),
});

/**
 * Clients, most of them faulty: one reports an operation that S3 did not receive, one exits without an answer, one prints its
 * token, and one cannot be installed.
 */
const TOY_CLIENTS: readonly Client[] = [
  client('liar', 'say({ id, facts: { keys: 1 } });'),
  client('silent', 'process.exit(0);'),
  client('talker', 'console.error("using " + token); say({ id });'),
  {
    ...client('missing', ''),
    install: async () => {
      // Must be imported from the same module as in the command.
      const { HarnessError } = await import('../foundation/node/errors.ts');
      throw new HarnessError('CLIENT_NOT_INSTALLED', 'Client missing 1 cannot be installed, since it does not exist.');
    },
  },
];

/** A workload program that only supports readFile. */
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
  scenario('TY-01', 'the token exists', { source: 'a test', ...app,
    probes: [granted('app', readFile(TOKEN), { facts: { program: 'toy' } })] });
  scenario('TY-02', 'an object can be read', { source: 'a test', ...app, objects: ['data/key'],
    probes: [granted('app', getObject('data/key'))] });
});
`;

describe('external registry entry', () => {
  let folder: string;
  let output: string;

  before(() => ensureBuilt());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'registries-'));
    output = '';
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the command with additional registry entries. Returns its exit code. */
  async function conformance(added: Registries, argv: readonly string[], more: Partial<Io> = {}): Promise<number> {
    const command = async () => (await import('../bin/cli/run.ts')).runCommand(added) as Command;
    const io = { root, code: root, ...more };
    const { code, out, err } = await executed(command, [...argv, '--report-dir', folder], io);
    output = out + err;
    return code;
  }
  const results = (): RunResults => JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResults;

  it('for a cluster type is available on the command line and runs scenarios', async () => {
    const flags = ['--cluster', 'toy', '--toy-greeting', 'hello', '--scenario', 'PI-01'];
    expect(await conformance({ types: [...CLUSTER_TYPES, TOY_CLUSTERS] }, flags), output).to.equal(0);
    const { environment, configuration, summary } = results();
    expect(environment.cluster).to.equal('toy');
    expect(environment.clusters.map(({ facts }) => facts['greeting'])).to.deep.equal(['hello']);
    expect(configuration['parallel']).to.deep.equal({ value: 3, origin: 'default' });
    expect(summary).to.include({ passed: 1, total: 1 });
  });

  it('for a cluster type has its own options', () => {
    const greeting = {
      name: 'toy-greeting',
      kind: 'text',
      placeholder: 'TEXT',
      help: 'a fact of each cluster',
    } as const;
    const types = [...CLUSTER_TYPES, { ...EMBEDDED, name: 'toy', options: [greeting] }];
    const configuration = configure(['--toy-greeting', 'hello'], {}, { types });
    expect(helpText(runCommand({ types }))).to.contain('embedded|kind|eks|toy');
    expect(helpText(runCommand({ types }), 'toy')).to.contain('toy: a fact of each');
    expect(() => checkClusterFlags(configuration)).to.throw(
      '--toy-greeting is for toy clusters, but this run uses --cluster embedded',
    );
    expect(() => configure(['--toy-greeting', 'hello'], {})).to.throw('Unknown flag --toy-greeting');
    const copy = { ...EMBEDDED, name: 'copy', options: [{ ...greeting }] };
    expect(() => optionsOf([...types, copy])).to.throw('Two options are named --toy-greeting');
  });

  it('for a client is listed, and judged by the requests that AWS received', async () => {
    expect(await conformance({ clients: TOY_CLIENTS }, ['--list-clients'])).to.equal(0);
    expect(output).to.match(/^liar@.*\nsilent@.*\ntalker@.*\nmissing@.*\n$/);
    const asked = ['--client', 'all', '--scenario', 'PI-01', '--retries', '0', '--no-color'];
    expect(await conformance({ clients: TOY_CLIENTS }, asked), output).to.equal(3);
    const summaries = results().scenarios.map(({ id, client, verdict, probes, reason, errorCode }) => ({
      id,
      client: client?.name,
      verdict,
      errorCode,
      reason: probes[0]?.reason ?? reason,
    }));
    for (const [index, [name, code, reason]] of (
      [
        ['liar', null, 'client liar reports that GetObject was granted, but S3 received no such call'],
        ['silent', null, 'client silent failed at GetObject: it exited with code 0'],
        ['talker', null, 'client talker printed a token of its pod'],
        ['missing', 'CLIENT_NOT_INSTALLED', 'Client missing 1 cannot be installed, since it does not exist.'],
      ] as const
    ).entries()) {
      const { reason: found, ...one } = summaries[index]!;
      expect(one).to.deep.equal({ id: `PI-01.${name}`, client: name, verdict: 'error', errorCode: code });
      expect(found).to.contain(reason);
    }
    const written =
      readFileSync(join(folder, 'results.json'), 'utf8') + readFileSync(join(folder, 'junit.xml'), 'utf8');
    expect(written + output).not.to.match(/eyJ[\w-]{20,}/);
    expect(output).to.contain('ERROR PI-01.talker');
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).to.contain('Client: liar ');
  });

  it('for a client exits with 130 and starts no run if its installation is interrupted', async () => {
    const stop = new AbortController();
    const install = async (): Promise<never> => {
      stop.abort(new Error('stopped'));
      throw stop.signal.reason;
    };
    const slow = { ...PYTHON, name: 'slow', install };
    const argv = ['--client', 'slow', '--scenario', 'PI-01'];
    expect(await conformance({ clients: [slow] }, argv, { interruption: () => stop.signal }), output).to.equal(130);
    expect(output).not.to.contain('The harness failed');
  });

  it('for a client reports a failed installation', async () => {
    expect(await conformance({ clients: TOY_CLIENTS }, ['--client', 'missing', '--scenario', 'PI-01'])).to.equal(3);
    expect(output).to.contain('Client missing 1 cannot be installed, since it does not exist.');
    expect(await conformance({ clients: TOY_CLIENTS }, ['--client', 'lair'])).to.equal(2);
    expect(output).to.contain('Unknown client "lair": did you mean "liar"?');
  });

  it('for a workload program runs supported probes, and skips scenarios with others', async () => {
    mkdirSync(join(folder, 'suites'));
    writeFileSync(join(folder, 'suites', 'toys.ts'), SUITE);
    writeFileSync(join(folder, 'toy.cjs'), PROGRAM);
    const workload = {
      name: 'toy',
      image: 'example.com/toy:1',
      command: [process.execPath, join(folder, 'toy.cjs')] as const,
      operations: new Set(['ReadFile'] as const),
    };
    const argv = ['--suites-dir', join(folder, 'suites'), '--suite', 'toys'];
    expect(await conformance({ workload }, argv), output).to.equal(0);
    const [first, second] = results().scenarios;
    expect(first).to.include({ id: 'TY-01', verdict: 'passed' });
    expect(first!.probes[0]!.observed!.facts).to.include({ program: 'toy' });
    expect(second).to.include({ id: 'TY-02', verdict: 'skipped' });
    expect(second!.reason).to.contain('GetObject in the workload program toy (operation:GetObject)');
  });
});
