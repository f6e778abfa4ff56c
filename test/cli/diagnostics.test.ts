import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { ScenarioResult } from '../../harness/results/results.ts';
import { runConformance, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { ENDLESS, ERROR, FAILS, INCONCLUSIVE, PASSES, scenario, suiteFile } from '../support/suites.ts';

const byId = (run: CliRun, id: string): ScenarioResult | undefined =>
  run.results?.scenarios.find((result) => result.id === id);
const filesOf = ({ reportDirectory }: CliRun): string[] =>
  readdirSync(reportDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('diagnostics of a run', () => {
  let run: CliRun;
  let again: CliRun;
  const read = (id: string, name: string, source = run): string => {
    const path = byId(source, id)?.attachments.find((file) => file.name === name)?.path;
    expect(path, `${name} of ${id}`).to.be.a('string');
    return readFileSync(join(source.reportDirectory, path!), 'utf8');
  };

  before(async () => {
    const scenarios = [
      scenario('MY-01', PASSES),
      scenario('MY-02', FAILS),
      scenario('MY-03', INCONCLUSIVE),
      scenario('MY-04', ENDLESS),
    ];
    [run, again] = await Promise.all([
      runConformance({
        args: ['--suite', 'mine', '--timeout', '20', '--retries', '0'],
        files: { 'mine.ts': suiteFile(...scenarios) },
      }),
      runConformance({
        args: ['--suite', 'mine', '--retries', '1'],
        files: { 'mine.ts': suiteFile(scenario('MY-05', ERROR)) },
      }),
    ]);
    for (const { results, stderr } of [run, again]) expect(results, stderr).not.to.equal(undefined);
  });

  it('exist only for attempts with unexpected verdicts', () => {
    const folders = ({ reportDirectory }: CliRun): string[] => readdirSync(join(reportDirectory, 'diagnostics')).sort();
    expect(folders(run)).to.deep.equal(['MY-02', 'MY-03', 'MY-04']);
    expect(byId(run, 'MY-01')?.attachments).to.deep.equal([]);
    expect(folders(again)).to.deep.equal(['MY-05', 'MY-05-attempt2']);
  });

  it('are listed in results.json, each file once', () => {
    for (const source of [run, again]) {
      const named = (source.results?.scenarios ?? []).flatMap(({ attachments }) => attachments.map(({ path }) => path));
      const written = filesOf(source).map((file) => file.slice(source.reportDirectory.length + 1));
      expect(named.sort()).to.deep.equal(written.filter((file) => file.startsWith('diagnostics/')).sort());
    }
  });

  it('are listed in junit.xml, relative to the working directory', () => {
    const [first = ''] = /\[\[ATTACHMENT\|[^\]]*MY-02[^\]]*\]\]/.exec(run.junit ?? '') ?? [];
    expect(first).to.equal('[[ATTACHMENT|reports/diagnostics/MY-02/summary.md]]');
    expect(existsSync(join(run.directory, 'reports/diagnostics/MY-02/summary.md'))).to.equal(true);
  });

  it('are listed on the terminal, one line per scenario for its last attempt', () => {
    const named = ({ stderr, reportDirectory }: CliRun): string[] =>
      [...stderr.matchAll(/^ +see (.*)$/gm)].map(([, path = '']) => path.slice(reportDirectory.length + 1)).sort();
    expect(named(run)).to.deep.equal(['MY-02', 'MY-03', 'MY-04'].map((id) => `diagnostics/${id}/summary.md`));
    expect(named(again)).to.deep.equal(['diagnostics/MY-05-attempt2/summary.md']);
  });

  it('describe a denial with the request, the policies and the pod', () => {
    expect(read('MY-02', 'summary.md'))
      .to.contain('# MY-02 the title of MY-02: failed')
      .and.to.contain('expected: granted as role app')
      .and.to.contain('observed: denied by s3 with AccessDenied')
      .and.to.contain('does not cover');
    const pods = JSON.parse(read('MY-02', 'pods.json')) as {
      spec: { containers: { env: { name: string; value: string }[] }[] };
    }[];
    expect(pods[0]?.spec.containers[0]?.env.map(({ name }) => name)).to.include('AWS_CONTAINER_CREDENTIALS_FULL_URI');
    const roles = JSON.parse(read('MY-02', 'roles.json')) as Record<string, { InlinePolicies: object }>;
    expect(JSON.stringify(roles['app']?.InlinePolicies)).to.contain('s3:GetObject');
    expect(read('MY-02', 'associations.json')).to.contain(':podidentityassociation/');
    expect(read('MY-02', 'events.json')).to.contain('"Started"');
    const calls = JSON.parse(read('MY-02', 'calls.json')) as { operation: string; authorizations: object[] }[];
    expect(calls.map(({ operation }) => operation)).to.include.members(['AssumeRoleForPodIdentity', 'GetObject']);
    const log = byId(run, 'MY-02')?.attachments.find(({ description }) => description.startsWith('log of the agent'));
    expect(read('MY-02', log?.name ?? '')).to.contain('Successfully fetched credentials');
  });

  it('are collected before resources are deleted, even after a timeout', () => {
    for (const [id, source] of [
      ['MY-04', run],
      ['MY-05', again],
    ] as const) {
      expect(read(id, 'summary.md', source), id).to.contain('No probe was judged');
      expect(read(id, 'pods.json', source), id).to.contain('"nodeName"');
      expect(read(id, 'roles.json', source), id).to.contain('InlinePolicies');
    }
    expect(read('MY-04', 'summary.md')).to.contain('MY-04 did not finish within 20 s');
    expect(read('MY-04', 'pods.json')).to.contain('"phase": "Running"');
    expect(read('MY-05', 'summary.md', again)).to.contain('probe-report');
  });
});

describe('secrets', () => {
  /** Static keys of a pod. */
  const STATIC = {
    id: 'AKIAIOSFODNN7EXAMPLE',
    key: 'wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEY1',
    token: 'a session token in clear',
  };
  const statics = `
    workloads: { red: { env: { AWS_ACCESS_KEY_ID: '${STATIC.id}', AWS_SECRET_ACCESS_KEY: '${STATIC.key}', AWS_SESSION_TOKEN: '${STATIC.token}' } } },
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
    objects: ['data/red/key'],`;
  const minted = `
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/red/*')) },
    workloads: { red: { role: 'app' } },
    tokens: {
      mine: { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundTo: 'red' },
      api: { serviceAccount: 'app/app', audience: 'https://kubernetes.default.svc' },
    },
    objects: ['data/red/key'],`;
  const presenting = `granted('red', fetchCredentials({ token: all.minted('mine') })),
      granted('red', fetchCredentials({ change: 'flip-signature' })),
      granted('red', all.assumeWithWebIdentity('app', { token: all.podIdentityToken })),
      all.fails(all.createToken('app/app'), { by: 'kubernetes' }),
      all.succeeds(all.kubernetesGet('/api/v1/namespaces/<namespace:app>/secrets', { token: 'api' }))`;

  it('do not appear in the report folder or output when everything fails', async () => {
    const recorded = join(temporaryFolder(), 'secrets.json');
    const faults = [
      'iam-ignores-deny',
      'webhook-prefers-irsa',
      'agent-mixes-cached-credentials',
      'eks-auth-drops-session-tags',
    ];
    const run = await runConformance({
      args: [
        ...['--scenario', 'MY-01,MY-02,CO-01,CO-02,AB-01,AB-10,AP-08,AP-14,IR-11', '--verbose', '--retries', '0'],
        ...faults.flatMap((fault) => ['--fault', fault]),
      ],
      files: {
        'mine.ts': suiteFile(
          scenario('MY-01', `granted('red', getObject('data/red/key'))`, statics),
          scenario('MY-02', presenting, minted),
        ),
      },
      env: {
        NODE_OPTIONS: `--import=${pathToFileURL(resolve('test/record-secrets.js')).href}`,
        RECORD_SECRETS_FILE: recorded,
      },
    });
    // On a machine that is late, a failure is an error.
    expect(run.exitCode, run.stderr).to.be.oneOf([1, 3]);
    for (const id of ['MY-01', 'MY-02', 'CO-01']) expect(byId(run, id)?.verdict, id).to.be.oneOf(['failed', 'error']);
    const secrets = JSON.parse(readFileSync(recorded, 'utf8')) as Record<string, string[]>;
    // Checks that there were secrets to look for.
    for (const [kind, values] of Object.entries(secrets)) expect(values, kind).not.to.have.length(0);
    const needles = new Set([
      ...Object.values(STATIC),
      ...Object.values(secrets).flat(),
      ...secrets['token']!.flatMap((token) => token.split('.').slice(1)),
      ...['token', 'secretKey', 'sessionToken'].flatMap((kind) =>
        secrets[kind]!.map((secret) => Buffer.from(secret).toString('base64')),
      ),
    ]);
    const files = filesOf(run);
    expect(files.filter((file) => file.includes('/diagnostics/'))).to.have.length.above(20);
    const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
    texts.set('stdout', run.stdout).set('stderr', run.stderr);
    for (const [where, text] of texts)
      for (const needle of needles) if (text.includes(needle)) expect.fail(`${needle.slice(0, 12)}… is in ${where}`);
  });
});
