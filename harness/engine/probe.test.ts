import { checkedLater } from '../scenario/form.ts';
import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { CallRecord } from '../../emulator/index.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { REPORT_PREFIX, type ProbeReport, type ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { act } from '../../test/support/acts.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import {
  createToken,
  deletePod,
  fails,
  fetchCredentials,
  getObject,
  granted,
  refused,
  restartPod,
  runClient,
  startPod,
  succeeds,
} from '../operations/index.ts';
import { defineHarnessOperation, defineStep } from '../scenario/operation-registry.ts';
import type { ProbeOutcome } from '../results/results.ts';
import type { ScenarioSpec, Step } from '../scenario/spec.ts';
import type { ProvisionedCluster, ScenarioContext } from '../scenario/scenario-context.ts';
import { probeAll } from './probe.ts';

const SESSION = 'arn:aws:sts::111122223333:assumed-role/conformance-cabcdef-ab-01-app/s';
const identity = { arn: SESSION, account: '111122223333' };
const [STARTED, ENDED] = [5000, 6000];
const report = (values: Partial<ProbeReport> = {}): ProbeReport => ({
  number: 0,
  startedAt: STARTED,
  endedAt: ENDED,
  outcome: 'granted',
  identity,
  ...values,
});
const uninjected = { outcome: 'refused', layer: 'injection', code: 'NoCredentialsSettings' } as const;
const read = granted('red', getObject('data/red/key'));

/** Returns a scenario context whose pods send these reports. `made`: log of created (+) and deleted (-) pods. */
function worldOf(
  spec: Partial<ScenarioSpec>,
  reports: Readonly<Record<string, readonly ProbeReport[]>>,
  calls?: readonly CallRecord[],
): { readonly context: ScenarioContext; readonly made: readonly string[] } {
  const made: string[] = [];
  const kubernetes = {
    createPod: async (_namespace: string, { metadata }: V1Pod): Promise<V1Pod> => {
      made.push(`+${metadata?.name}`);
      return { metadata: { uid: 'uid' } };
    },
    deletePod: async (_namespace: string, name: string) => void made.push(`-${name}`),
    annotate: async () => undefined,
    createToken: async () => 'token',
    createSecret: async () => undefined,
    followLog: async (_namespace: string, name: string, _container: string, take: (line: string) => void) => {
      for (const one of reports[name] ?? []) take(`${REPORT_PREFIX}${JSON.stringify(one)}`);
    },
    raw: async ({ path }: { readonly path: string }) => ({
      status: 200,
      body:
        path === '/metrics'
          ? 'apiserver_admission_webhook_fail_open_count{name="x"} 2\n'
          : JSON.stringify({ metadata: {}, spec: { nodeName: 'one' } }),
    }),
  };
  const pods = { started: async () => undefined, ended: () => undefined, gone: async () => undefined };
  const cluster = {
    cluster: { name: 'one' },
    workloadImage: 'probe',
    kubernetes,
    pods,
  } as unknown as ProvisionedCluster;
  const aws = {
    region: 'us-west-2',
    accountId: () => '111122223333',
    workloadEnvironment: {},
    clients: () => ({ eks: { send: async () => ({ associations: [] }) } }),
    ...(calls && {
      controls: { calls: () => calls, findCall: (id: string) => calls.find(({ requestId }) => requestId === id) },
    }),
  } as unknown as AwsTarget;
  const environment = anEnvironment(aws, { clusters: new Map([['c1', cluster]]) });
  return { context: aWorld(aScenario({ objects: [], ...spec }), environment), made };
}

const call = (requestId: string, values: Partial<CallRecord> = {}): CallRecord => ({
  requestId,
  time: 0,
  service: 's3',
  operation: 'GetObject',
  caller: SESSION,
  applicationId: undefined,
  status: 200,
  errorCode: undefined,
  notes: [],
  receivedAt: 5500,
  connection: 1,
  milliseconds: 1,
  authorizations: [],
  ...values,
});

describe('the pods of a running scenario', () => {
  const pods = async (
    probes: readonly Step[],
    workloads: NonNullable<ScenarioSpec['workloads']>,
    spec: Partial<ScenarioSpec> = {},
  ): Promise<readonly string[]> => {
    const reports = { 'red-1': [report()], 'red-2': [report({ number: 1 })], 'late-1': [report({ number: 1 })] };
    const { context, made } = worldOf({ probes, workloads, ...spec }, reports);
    await probeAll(context);
    return made;
  };
  const both = { red: { role: 'app' }, idle: {} };

  it('start if they have probes', async () => expect(await pods([read], both)).to.deep.equal(['+red-1']));
  it('start if a token of the scenario is bound to them', async () =>
    expect(
      await pods([read], both, { tokens: { mine: { serviceAccount: 'app/app', boundTo: 'idle' } } }),
    ).to.have.members(['+red-1', '+idle-1']));
  it('start if an operation names them', async () => {
    const asking = succeeds(act(() => ({ outcome: 'granted' })));
    const naming = createToken('app/app', { boundTo: 'idle' });
    const { context, made } = worldOf({ probes: [asking, fails(naming, { by: 'kubernetes' })], workloads: both }, {});
    await probeAll(context).catch(() => undefined);
    expect(made).to.deep.equal(['+idle-1']);
  });
  it('are started, deleted and restarted by steps', async () => {
    const late = granted('late', getObject('data/red/key'));
    const workloads = { red: { role: 'app' }, late: { role: 'app', starts: 'later' } } as const;
    expect(await pods([read, startPod('late'), late, deletePod('late')], workloads)).to.deep.equal([
      ...['+red-1', '+late-1', '-late-1'],
    ]);
    expect(await pods([read, restartPod('red'), read], { red: { role: 'app' } })).to.deep.equal([
      ...['+red-1', '-red-1', '+red-2'],
    ]);
  });

  it('must exist when their workload probes', async () => {
    const { context } = worldOf({ probes: [read], workloads: { red: { role: 'app', starts: 'later' } } }, {});
    const failure: unknown = await probeAll(context).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(HarnessError).and.include({ code: 'BAD_SCENARIO' });
  });
  it('must report every probe', async () => {
    const { context } = worldOf({ probes: [read] }, { 'red-1': [report({ number: 7 })] });
    const failure: unknown = await probeAll(context).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(HarnessError).and.include({
      code: 'POD_FAILED',
      message: 'The pod of workload "red" reported no result for probe 1 of AB-01.',
    });
  });
});

const expectsRefusal: boolean[] = [];
const look = defineStep('LookAhead', () => ({}), {
  form: {},
  perform: async (context) => void expectsRefusal.push(context.expectsRefusal(['red'])),
});

it('a step knows whether the following probes expect a refusal', async () => {
  const { context } = worldOf(
    { probes: [read, look(), refused('red', fetchCredentials(), { by: 'agent' })] },
    { 'red-1': [report(), report({ number: 1, outcome: 'refused', layer: 'agent' })] },
  );
  await probeAll(context);
  expect(expectsRefusal).to.deep.equal([true]);
});

describe('the outcome of a probe in a pod', () => {
  const outcome = async (
    step: Step,
    fields: Partial<ProbeReport> = {},
    calls?: readonly CallRecord[],
  ): Promise<ProbeOutcome> => {
    const [found] = await probeAll(worldOf({ probes: [step] }, { 'red-1': [report(fields)] }, calls).context);
    return found ?? expect.fail('no outcome');
  };

  it('keeps its place in the order of the scenario', async () => {
    const probes = [succeeds(act(() => ({ outcome: 'granted' }))), read, read];
    const found = await probeAll(
      worldOf({ probes }, { 'red-1': [report({ number: 2 }), report({ number: 1 })] }).context,
    );
    expect(found.map(({ number, workload }) => [number, workload])).to.deep.equal([
      [0, null],
      [1, 'red'],
      [2, 'red'],
    ]);
  });

  it('includes the duration since the first of several tries', async () => {
    expect(await outcome(read))
      .to.include({ milliseconds: 1000 })
      .and.not.have.property('tries');
    const several = { tries: { count: 3, firstStartedAt: 1000 } };
    const tried = await outcome(read, several);
    expect(tried).to.include({ milliseconds: 5000, tries: 3 });
    expect(tried.observed).not.to.have.property('tries');
  });

  const NOT_ASKED = /^Webhook calls of the API server failed open \(\w+: x: 2\)/;
  const NOTHING_INJECTED = /^the webhook injects no credentials/;
  it('explains why nothing was injected', async () => {
    const found = await outcome(read, uninjected);
    expect(found.verdict).to.equal('failed');
    expect(found.reason).to.match(NOT_ASKED);
    expect(found.why).to.match(NOTHING_INJECTED);
  });
  it('does not explain an expected refusal by the injection', async () => {
    const probes = [refused('red', getObject('data/red/key'), { by: 'injection' })];
    const [found] = await probeAll(worldOf({ probes }, { 'red-1': [report(uninjected)] }).context);
    expect(found?.reason).not.to.contain('failed open');
    expect(found).not.to.have.property('why');
  });
  it('explains the injection if a refusal by the injection was expected', async () => {
    const found = await outcome(refused('red', getObject('data/red/key'), { by: ['agent', 'injection'] }));
    expect(found.reason).not.to.contain('failed open');
    expect(found.why).to.match(NOTHING_INJECTED);
  });
  it('explains the injection for a wrong identity that no recorded call explains', async () => {
    const other = { identity: { ...identity, arn: SESSION.replace('-app/', '-other/') } };
    expect((await outcome(read, other)).why).to.match(NOTHING_INJECTED);
    const opened = call('o', { notes: [`opened the session ${other.identity.arn}`, 'association a-1 is of app'] });
    expect((await outcome(read, other, [opened])).why).to.equal('association a-1 is of app');
  });
  it('does not explain the injection for a denial', async () =>
    expect((await outcome(read, { outcome: 'denied', layer: 's3' })).why).to.equal(undefined));

  describe('with calls that AWS recorded', () => {
    const ask = (facts?: ProbeResult['facts']) => granted('red', fetchCredentials(), facts && { facts });
    const namespace = worldOf({}, {}).context.names.namespace('app');
    const asked = (requestId: string, receivedAt: number) =>
      call(requestId, {
        operation: 'AssumeRoleForPodIdentity',
        receivedAt,
        connection: receivedAt,
        notes: [`of ${namespace}/app`],
      });

    it('names the call that returned the credentials, and adds recorded facts', async () => {
      const fields = { requestId: 'of-agent', facts: { requests: 1 } };
      const { observed } = await outcome(ask({ upstreamCalls: 1 }), fields, [asked('gave', 5500)]);
      expect(observed).to.deep.include({ requestId: 'gave', facts: { requests: 1, upstreamCalls: 1 } });
    });
    it('names the reported call if no recorded call returned credentials', async () => {
      const { observed } = await outcome(ask(), { requestId: 'of-agent' }, []);
      expect(observed).to.deep.include({ requestId: 'of-agent', facts: { upstreamCalls: 0 } });
    });
    it('is an error only if the mismatch is an unreliable call count', async () => {
      const slow = [asked('one', 5100), asked('two', 5900)];
      expect(await outcome(ask({ upstreamCalls: 1 }), {}, slow)).to.include({ verdict: 'error' });
      expect(await outcome(ask({ status: 1, upstreamCalls: 1 }), {}, slow)).to.include({ verdict: 'failed' });
      const unanswered = { outcome: 'refused', layer: 'agent', code: 'NoAnswer' } as const;
      expect(await outcome(ask({ upstreamCalls: 1 }), unanswered, slow)).to.include({ verdict: 'failed' });
    });
    it('is an error if the client ran late', async () => {
      const late = { facts: { lateMilliseconds: 900 }, outcome: 'refused', layer: 's3' } as const;
      expect(await outcome(granted('red', runClient('data/red/key')), late)).to.include({ verdict: 'error' });
    });
  });
});

const asked: string[] = [];
const explained = defineHarnessOperation('Explained', (outcome: ProbeResult['outcome']) => ({ outcome }), {
  form: { outcome: checkedLater },
  describe: () => [],
  perform: async (_world, { outcome }) => ({ outcome }),
  whyNot: async () => (asked.push('whyNot'), { why: 'It may be so.' }),
  decidedBy: async () => (asked.push('decidedBy'), 'it was decided'),
});

describe('the outcome of a harness probe', () => {
  beforeEach(() => (asked.length = 0));
  const outcome = async (step: Step): Promise<ProbeOutcome | undefined> =>
    (await probeAll(worldOf({ probes: [step], workloads: {} }, {}).context))[0];

  it('is explained if it is unexpected', async () => {
    const found = await outcome(succeeds(explained('refused')));
    expect(found).to.include({ verdict: 'failed', why: 'it was decided' });
    expect(found?.reason).to.match(/^It may be so\. Access was expected/);
  });
  it('is not explained if it is expected', async () => {
    expect(await outcome(succeeds(explained('granted')))).to.include({ verdict: 'passed' });
    expect(asked).to.deep.equal([]);
  });
  it('has no explanation if its operation offers none', async () =>
    expect(await outcome(succeeds(act(() => ({ outcome: 'refused' }))))).to.include({ verdict: 'failed' }));
  it('has a plausible duration', async () =>
    expect((await outcome(succeeds(explained('granted'))))?.milliseconds).to.be.within(0, performance.now()));
});
