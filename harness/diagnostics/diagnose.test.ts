import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { CallRecord } from '../../emulator/index.ts';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import type { KubernetesClient, LogOptions } from '../kubernetes-client/client.ts';
import type { ProbeOutcome, Verdict } from '../results/results.ts';
import { anOutcome, aScenario } from '../../test/support/scenarios.ts';
import {
  createScenarioContext,
  type Environment,
  type ScenarioContext,
  type ProvisionedCluster,
} from '../scenario/scenario-context.ts';
import { complaints } from './components.ts';
import { diagnose, redactor, type DiagnosticsOptions } from './index.ts';
import { sinceThen } from './logs.ts';
import { decodedTokens, eventLine } from './pods.ts';

const STARTED = Date.parse('2026-03-04T05:06:07.500Z');
const NAMESPACE = 'ab-01-app-cabcdef';
const never = (): Promise<never> => new Promise(() => undefined);

const pod: V1Pod = {
  metadata: { name: 'red-1', namespace: NAMESPACE, managedFields: [{ manager: 'kubelet' }] },
  spec: {
    initContainers: [{ name: 'first' }],
    containers: [
      {
        name: 'probe',
        env: [
          { name: 'PROBE_PLAN', value: '{"phases":[]}' },
          { name: 'AWS_SESSION_TOKEN', value: 'anything' },
        ],
      },
    ],
  },
  status: {
    phase: 'Running',
    initContainerStatuses: [
      {
        name: 'first',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 1,
        state: { terminated: { exitCode: 3, reason: 'Error' } },
      },
    ],
  },
};
const agent: V1Pod = {
  metadata: { name: 'agent-x', namespace: 'kube-system' },
  spec: { containers: [{ name: 'agent' }] },
};

const aCall = (values: Partial<CallRecord>): CallRecord => ({
  requestId: 'r1',
  time: STARTED,
  receivedAt: STARTED,
  connection: 1,
  milliseconds: 1,
  service: 'eks-auth',
  operation: 'AssumeRoleForPodIdentity',
  caller: 'anonymous',
  applicationId: undefined,
  status: 400,
  errorCode: 'AccessDeniedException',
  authorizations: [],
  notes: [],
  ...values,
});

interface FakeParts {
  readonly kubernetes?: Partial<KubernetesClient>;
  readonly send?: (command: object) => Promise<unknown>;
  readonly calls?: readonly CallRecord[];
}

/** Returns a scenario context whose cluster and AWS give the chosen answers. */
function aWorld({ kubernetes = {}, send = async () => ({}), calls = [] }: FakeParts = {}): ScenarioContext {
  const client: Partial<KubernetesClient> = {
    listPods: async (namespace, selector) =>
      namespace === NAMESPACE ? [pod] : selector.includes('agent') ? [agent] : [],
    listEvents: async () => [],
    readLog: async () => '',
    ...kubernetes,
  };
  const provisioned = {
    alias: 'c1',
    cluster: { name: 'cabcdef-c1' },
    kubernetes: client,
  } as unknown as ProvisionedCluster;
  const aws = {
    accountId: () => '111122223333',
    clients: () => ({ eks: { send }, iam: { send } }),
    controls: { calls: () => calls },
  };
  const environment = { run: 'cabcdef', aws, clusters: new Map([['c1', provisioned]]) } as unknown as Environment;
  return createScenarioContext(aScenario(), environment, 1, new AbortController().signal);
}

describe('diagnostics', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'diagnostics-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  interface Options {
    readonly interrupted?: AbortSignal;
    readonly milliseconds?: number;
    readonly attempt?: number;
    readonly round?: DiagnosticsOptions['round'];
    readonly verdict?: Verdict;
    readonly probes?: readonly ProbeOutcome[];
    readonly secrets?: readonly string[];
  }

  async function collected(context: ScenarioContext, options: Options = {}) {
    const { interrupted = new AbortController().signal, milliseconds, round, attempt = 1, secrets = [] } = options;
    const attachments = await diagnose(
      context,
      {
        verdict: options.verdict ?? 'failed',
        reason: 'Why.',
        probes: options.probes ?? [],
        calls: [],
        policies: [],
        attempt,
        startedAt: STARTED,
      },
      redactor(secrets),
      { directory, interrupted, ...(milliseconds !== undefined && { milliseconds }), ...(round && { round }) },
    );
    const read = (name: string): string =>
      readFileSync(join(directory, attachments.find((file) => file.name === name)?.path ?? name), 'utf8');
    return { attachments, read, json: (name: string): unknown => JSON.parse(read(name)) };
  }

  it('write exactly the files that they list, the summary first', async () => {
    const { attachments, read } = await collected(aWorld());
    expect(attachments[0]).to.include({ name: 'summary.md', path: 'diagnostics/AB-01/summary.md' });
    expect(readdirSync(join(directory, 'diagnostics', 'AB-01')).sort()).to.deep.equal(
      attachments.map(({ name }) => name).sort(),
    );
    for (const { name } of attachments.slice(1)) expect(read('summary.md')).to.contain(`[${name}](${name})`);
  });

  it('have a separate folder for a further attempt', async () => {
    await collected(aWorld());
    const { attachments } = await collected(aWorld(), { attempt: 2 });
    expect(attachments[0]?.path).to.equal('diagnostics/AB-01-attempt2/summary.md');
    expect(readdirSync(join(directory, 'diagnostics')).sort()).to.deep.equal(['AB-01', 'AB-01-attempt2']);
  });

  it('name the round of --watch, and the attempt within it', async () => {
    const round = { number: 3, firstAttempt: 5 };
    const path = async (attempt: number) => (await collected(aWorld(), { round, attempt })).attachments[0]?.path;
    expect(await path(5)).to.equal('diagnostics/AB-01-rerun2/summary.md');
    expect(await path(6)).to.equal('diagnostics/AB-01-rerun2-attempt2/summary.md');
    const summary = readFileSync(join(directory, 'diagnostics/AB-01-rerun2-attempt2/summary.md'), 'utf8');
    expect(summary).to.match(/Run `cabcdef`, suite `\w+` \(`.*`\), rerun 2, attempt 2\./);
  });

  it('show pods without probe plan, managed fields and secrets', async () => {
    const { json, read } = await collected(aWorld());
    const [shown] = json('pods.json') as [V1Pod & { cluster: string }];
    expect(shown.cluster).to.equal('c1');
    expect(shown.metadata).to.deep.equal({ name: 'red-1', namespace: NAMESPACE });
    expect(shown.spec?.containers[0]?.env).to.deep.equal([
      { name: 'PROBE_PLAN', value: '(the probe plan: 13 characters)' },
      { name: 'AWS_SESSION_TOKEN', value: '[redacted]' },
    ]);
    expect(read('summary.md')).to.contain('container first ended: Error, exit code 3, was restarted 1 times');
  });

  it('include logs since the start, of every container, before its restart, and of the agent', async () => {
    const asked: (LogOptions & { readonly source: string })[] = [];
    const readLog: KubernetesClient['readLog'] = async (_namespace, name, container, options) => {
      asked.push({ ...options, source: `${name}/${container}${options.previous ? ' before' : ''}` });
      return '2026-03-04T05:06:06Z a line\n';
    };
    const { attachments } = await collected(aWorld({ kubernetes: { readLog } }));
    const all = ['agent-x/agent', 'red-1/first', 'red-1/first before', 'red-1/probe'];
    expect(asked.map(({ source }) => source).sort()).to.deep.equal(all);
    for (const { since } of asked) expect(since.toISOString()).to.equal('2026-03-04T05:06:05.500Z');
    expect(attachments.map(({ name }) => name).filter((name) => name.endsWith('.log'))).to.have.members([
      'c1.kube-system.agent-x.agent.log',
      `c1.${NAMESPACE}.red-1.first.log`,
      `c1.${NAMESPACE}.red-1.first.previous.log`,
      `c1.${NAMESPACE}.red-1.probe.log`,
    ]);
  });

  it('redact secrets in every file, even those that are only known by value', async () => {
    const secret = 'known by its value';
    const token = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"x"}').toString('base64url')}.c2lnbmF0dXJl`;
    const line = `${secret} ${token}`;
    const { attachments, read } = await collected(
      aWorld({
        kubernetes: {
          readLog: async () => `level=error msg="${line}"\n`,
          listEvents: async () => [{ metadata: {}, involvedObject: {}, type: 'Warning', message: line }],
        },
        send: async () => {
          throw new Error(line);
        },
        calls: [aCall({ notes: [NAMESPACE, line] })],
      }),
      { secrets: [secret] },
    );
    for (const { name } of attachments) {
      expect(read(name), name).not.to.contain(secret);
      expect(read(name), name).not.to.contain('eyJ');
    }
    expect(read('summary.md').match(/\[redacted\]/g)).to.have.length.above(4);
  });

  it('redact secrets before they shorten a line', async () => {
    const known = 'z'.repeat(40);
    const { read } = await collected(
      aWorld({ kubernetes: { readLog: async () => `level=error ${'x'.repeat(470)} ${known} end` } }),
      { secrets: [known] },
    );
    expect(read('summary.md')).to.contain('xxx').and.not.to.contain('zz');
  });

  it('show only header and claims of a token, even if the log has more', async () => {
    const tokens = [
      { from: 'irsa', header: { alg: 'RS256' }, claims: { aud: ['sts.amazonaws.com'] }, token: 'all of it' },
    ];
    const readLog = async (): Promise<string> => `2026-03-04T05:06:08.1Z probe-tokens ${JSON.stringify(tokens)}\n`;
    const { json, read } = await collected(aWorld({ kubernetes: { readLog } }));
    expect(json('tokens.json')).to.deep.include({
      cluster: 'c1',
      namespace: NAMESPACE,
      pod: 'red-1',
      container: 'probe',
      tokens: [{ from: 'irsa', header: { alg: 'RS256' }, claims: { aud: ['sts.amazonaws.com'] } }],
    });
    expect(read('tokens.json')).not.to.contain('all of it');
    expect(decodedTokens('probe-tokens nonsense')).to.deep.equal([]);
  });

  it('show only calls of the scenario', async () => {
    const calls = [
      aCall({ requestId: 'before', notes: [NAMESPACE], time: STARTED - 60_000 }),
      aCall({ requestId: 'by-namespace', notes: [`namespace ${NAMESPACE}`] }),
      aCall({ requestId: 'by-role', caller: 'arn:aws:sts::1:assumed-role/conformance-cabcdef-ab-01-app/x' }),
      aCall({ requestId: 'by-program', applicationId: 'AB-01' }),
      aCall({
        requestId: 'by-bucket',
        authorizations: [
          {
            action: 's3:GetObject',
            resource: 'arn:aws:s3:::conformance-cabcdef-ab-01-data/key',
            decision: {
              input: {} as never,
              value: 'implicitlyDenied',
              deniedBy: 'identity',
              reason: 'nothing allows it',
              statements: [],
              deciding: [],
              policies: [],
            },
          },
        ],
      }),
      aCall({ requestId: 'of-another', notes: ['namespace ab-02-app-cabcdef'], applicationId: 'AB-02' }),
    ];
    const failed = anOutcome({
      verdict: 'failed',
      decisiveCall: 'by-role',
    });
    const { json, read } = await collected(aWorld({ calls }), { probes: [failed] });
    expect((json('calls.json') as CallRecord[]).map(({ requestId }) => requestId)).to.deep.equal([
      'by-namespace',
      'by-role',
      'by-program',
      'by-bucket',
    ]);
    const [, standsOut = ''] = read('summary.md').split('## Notable lines');
    expect(standsOut)
      .to.contain('request by-bucket')
      .and.to.contain('nothing allows it')
      .and.not.to.contain('request by-role');
  });

  it('show associations and roles with decoded documents, and name a missing role', async () => {
    const answers: Readonly<Record<string, object>> = {
      GetRoleCommand: { Role: { RoleName: 'r', AssumeRolePolicyDocument: '%7B%22a%22%3A1%7D' } },
      ListRolePoliciesCommand: { PolicyNames: ['scenario'] },
      GetRolePolicyCommand: { PolicyDocument: '%7B%22b%22%3A2%7D' },
    };
    const answering = aWorld({ send: async (command) => answers[command.constructor.name] ?? {} });
    const { json, read } = await collected(answering);
    expect(json('roles.json')).to.deep.equal({
      app: {
        RoleName: 'r',
        AssumeRolePolicyDocument: { a: 1 },
        InlinePolicies: { scenario: { b: 2 } },
        AttachedPolicies: [],
      },
    });
    expect(read('summary.md')).not.to.contain('Role app');
    const failing = await collected(
      aWorld({
        send: async () => {
          throw Object.assign(new Error('The role cannot be found.'), { name: 'NoSuchEntityException' });
        },
      }),
    );
    expect(failing.read('summary.md')).to.contain('- Role app: NoSuchEntityException: The role cannot be found.');
  });

  it("show expected and observed results, and the pod's reports if no probe was judged", async () => {
    const probes = [
      anOutcome({ number: 0 }),
      anOutcome({
        number: 1,
        verdict: 'failed',
        reason: 'Access was expected.',
        expected: { text: 'granted as role app', outcome: 'granted' },
        observed: { outcome: 'denied', layer: 's3', code: 'AccessDenied', status: 403 },
      }),
    ];
    const readLog = async (): Promise<string> => 'probe-report {"number":0}\n';
    const judged = await collected(aWorld({ kubernetes: { readLog } }), { probes });
    expect(judged.read('summary.md'))
      .to.contain('- expected: granted as role app\n- observed: denied by s3 with AccessDenied, status 403')
      .and.to.contain('Access was expected.')
      .and.to.contain('- Probe 1, red: GetObject s3://data/red/key: granted as role app')
      .and.not.to.contain('probe-report');
    const open = await collected(aWorld({ kubernetes: { readLog } }), { verdict: 'error' });
    expect(open.read('summary.md')).to.contain('No probe was judged').and.to.contain('probe-report {"number":0}');
  });

  it('name uncollected parts, and include the others', async () => {
    const refuse = async (): Promise<never> => {
      throw new KubernetesError(403, 'Forbidden', 'pods/log is forbidden');
    };
    const { attachments, read } = await collected(aWorld({ kubernetes: { readLog: refuse } }));
    expect(read('summary.md'))
      .to.contain(`- Log of ${NAMESPACE}/red-1, container probe (c1): KubernetesError: pods/log is forbidden`)
      .and.to.contain('- Log of the webhook (c1): this cluster has no pod of it.');
    expect(attachments.map(({ name }) => name)).to.include('pods.json');
  });

  it('omit parts that time out, and include the others', async () => {
    const { attachments, read } = await collected(
      aWorld({ kubernetes: { listEvents: never, readLog: never }, calls: [aCall({ notes: [NAMESPACE] })] }),
      { milliseconds: 30 },
    );
    expect(attachments.map(({ name }) => name)).to.include.members(['summary.md', 'pods.json', 'calls.json']);
    expect(read('summary.md'))
      .to.contain('- Events: timed out after 0.03 s')
      .and.to.contain('- Pods: timed out after 0.03 s');
  });

  it('are not written if the run is interrupted before or meanwhile', async () => {
    expect((await collected(aWorld(), { interrupted: AbortSignal.abort() })).attachments).to.deep.equal([]);
    const interrupt = new AbortController();
    const listEvents = (): Promise<never> => {
      interrupt.abort();
      return never();
    };
    const { attachments } = await collected(aWorld({ kubernetes: { listEvents } }), { interrupted: interrupt.signal });
    expect(attachments).to.deep.equal([]);
    expect(existsSync(join(directory, 'diagnostics'))).to.equal(false);
  });

  it('do not fail if their folder cannot be written', async () => {
    writeFileSync(join(directory, 'diagnostics'), 'a file');
    expect((await collected(aWorld())).attachments).to.deep.equal([]);
  });
});

describe('a log line', () => {
  const since = new Date('2026-03-04T05:06:07.900Z');
  it('is dropped if its time is too early, and kept without a time', () => {
    const lines = [
      '2026-03-04T05:06:06.999Z old',
      '2026-03-04T05:06:07.1Z in the same second',
      '{"level":"info","time":"2026-03-04T05:06:05Z"}',
      '{"level":"info","time":"2026-03-04T07:06:08+02:00"}',
      'no time',
    ];
    expect(sinceThen(lines.join('\n'), since).split('\n')).to.deep.equal([lines[1], lines[3], lines[4]]);
  });

  it('is a complaint by its level, in all log formats of the components', () => {
    const bad = [
      '{"level":"error","msg":"x"}',
      'time="2026-03-04T05:06:07Z" level=warning msg=x',
      '{"level": "fatal"}',
      'E0304 05:06:07.123456       1 handler.go:1] x',
      '2026-03-04T05:06:07.1Z W0304 05:06:07.123456       1 handler.go:1] x',
    ];
    const good = [
      '{"level":"info","msg":"error"}',
      'I0304 05:06:07.123456       1 handler.go:1] x',
      'Everything is well',
    ];
    expect(complaints([...bad, ...good].join('\n'))).to.have.length(bad.length);
    expect(complaints(good.join('\n'))).to.deep.equal([]);
  });
});

describe('an event', () => {
  const common = { metadata: { namespace: 'n' }, involvedObject: { kind: 'Pod', name: 'p' }, reason: 'Failed' };
  const time = new Date('2026-03-04T05:06:07Z');
  const forms: readonly (readonly [string, Partial<CoreV1Event>, number])[] = [
    ['the core API', { lastTimestamp: time, count: 3, type: 'Warning', source: { component: 'kubelet' } }, 3],
    ['events.k8s.io', { eventTime: time, type: 'Warning', reportingComponent: 'kubelet' }, 1],
    [
      'events.k8s.io, as a series',
      {
        eventTime: new Date(0),
        series: { count: 4, lastObservedTime: time },
        type: 'Warning',
        reportingComponent: 'kubelet',
      },
      4,
    ],
  ];
  for (const [what, form, count] of forms)
    it(`of ${what} is converted to the common form`, () =>
      expect(eventLine('c1', { ...common, ...form })).to.include({
        time: '2026-03-04T05:06:07.000Z',
        object: 'Pod/p',
        type: 'Warning',
        component: 'kubelet',
        count,
      }));
});
