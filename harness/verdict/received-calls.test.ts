import { expect } from 'chai';
import type { CallRecord } from '../../emulator/index.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { anOutcome, aScenario } from '../../test/support/scenarios.ts';
import type { StatementExplanation } from '../../identity/policy/types.ts';
import { authorize, compilePolicy } from '../../identity/policy/index.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import type { ProbeOutcome } from '../results/results.ts';
import { receivedCalls } from './received-calls.ts';

const STARTED = 1_800_000_000_000;
const session = (name: string): string => `arn:aws:sts::111122223333:assumed-role/${name}/s`;

const aCall = (requestId: string, after: number, values: Partial<CallRecord> = {}): CallRecord => ({
  requestId,
  // AWS's clock, which may be moved.
  time: 0,
  receivedAt: STARTED + after,
  connection: 1,
  milliseconds: 1.26,
  service: 's3',
  operation: 'GetObject',
  caller: session('red'),
  applicationId: 'AB-01',
  status: 200,
  errorCode: undefined,
  authorizations: [],
  notes: [],
  ...values,
});

const opening = (requestId: string, after: number, opened: string, values: Partial<CallRecord> = {}): CallRecord =>
  aCall(requestId, after, {
    service: 'eks-auth',
    operation: 'AssumeRoleForPodIdentity',
    caller: session('node'),
    applicationId: undefined,
    notes: [`opened the session ${session(opened)}`],
    ...values,
  });

const probe = (from: number, to: number, observed: Partial<NonNullable<ProbeOutcome['observed']>>): ProbeOutcome =>
  anOutcome({ observed: { outcome: 'granted', startedAt: STARTED + from, endedAt: STARTED + to, ...observed } });
const as = (name: string) => ({ identity: { arn: session(name), account: '111122223333' } });

function received(record: readonly CallRecord[], probes: readonly ProbeOutcome[]) {
  const aws = { accountId: () => '111122223333', controls: { calls: () => record } } as unknown as AwsTarget;
  const found = receivedCalls(aWorld(aScenario(), anEnvironment(aws)), probes, STARTED);
  return { ...found, ids: found.probes.map(({ calls = [] }) => calls.map((place) => found.calls[place]?.requestId)) };
}

describe('the recorded calls of a probe', () => {
  it('include calls of its session during the probe, and the call that opened the session', () => {
    const record = [
      opening('before-the-scenario', -1, 'red'),
      opening('before-it-too', -1, 'blue'),
      opening('opened', 10, 'red'),
      opening('of-another-pod', 11, 'blue'),
      aCall('first', 105),
      aCall('of-another-pod-too', 106, { caller: session('blue') }),
      aCall('of-another-scenario', 107, { applicationId: 'AB-02' }),
      aCall('second', 205),
    ];
    const { ids, calls } = received(record, [probe(100, 110, as('red')), probe(200, 210, as('red'))]);
    expect(ids).to.deep.equal([
      ['opened', 'first'],
      ['opened', 'second'],
    ]);
    // A call of several probes is included once.
    expect(calls.map(({ requestId }) => requestId)).to.deep.equal(['opened', 'first', 'second']);
    expect(calls[1]).to.include({ receivedAt: STARTED + 105, milliseconds: 1.3, status: 200 });
  });

  it('begin with the attempt and are limited to the time of the probe', () => {
    const record = [
      opening('before-the-attempt', -1, 'red'),
      opening('opened', 0, 'blue'),
      ...[99, 100, 110, 111].map((after) => aCall(`red-${after}`, after)),
      aCall('blue', 105, { caller: session('blue') }),
    ];
    expect(received(record, [probe(100, 110, as('red')), probe(100, 110, as('blue'))]).ids).to.deep.equal([
      ['red-100', 'red-110'],
      ['opened', 'blue'],
    ]);
  });

  it('are limited to the last twenty', () => {
    const record = Array.from({ length: 25 }, (_, index) => aCall(`call-${index}`, 100 + index));
    const [ids = []] = received(record, [probe(100, 200, as('red'))]).ids;
    expect([ids.length, ids[0], ids.at(-1)]).to.deep.equal([20, 'call-5', 'call-24']);
  });

  it('do not include calls that answered other probes', () => {
    const record = [aCall('first', 105), aCall('second', 106), aCall('own', 107, { caller: session('harness') })];
    const own = anOutcome({ observed: { outcome: 'granted', requestId: 'own' } });
    const probes = [
      probe(100, 110, { ...as('red'), requestId: 'first' }),
      anOutcome({ observed: null }),
      probe(100, 110, { ...as('red'), requestId: 'second' }),
      own,
    ];
    expect(received(record, probes).ids).to.deep.equal([['first'], [], ['second'], ['own']]);
  });

  it('have an error code if they failed', () => {
    const record = [aCall('refused', 105, { status: 403, errorCode: 'AccessDenied' }), aCall('answered', 106)];
    const { calls } = received(record, [probe(100, 110, as('red'))]);
    expect(calls.map((call) => 'code' in call && call.code)).to.deep.equal(['AccessDenied', false]);
  });

  it('follow a chain of sessions in both directions', () => {
    const record = [
      opening('opened', 10, 'red'),
      aCall('chained', 103, { operation: 'AssumeRole', notes: [`opened the session ${session('far')}`] }),
      aCall('read', 105, { caller: session('far') }),
    ];
    const all = ['opened', 'chained', 'read'];
    expect(received(record, [probe(100, 110, as('red')), probe(100, 110, as('far'))]).ids).to.deep.equal([all, all]);
  });

  it('without a session include the answered call, or calls with the error of the probe', () => {
    const anonymous = { caller: 'anonymous', service: 'sts', operation: 'AssumeRoleWithWebIdentity' } as const;
    const record = [
      aCall('refused', 105, { ...anonymous, status: 403, errorCode: 'AccessDenied' }),
      aCall('of-another', 106, anonymous),
      opening('asked-by-the-agent', 205, 'none', { notes: [], status: 400, errorCode: 'AccessDeniedException' }),
    ];
    const refusals = [
      probe(100, 110, { outcome: 'refused', code: 'AccessDenied' }),
      probe(200, 210, { outcome: 'refused', requestId: 'asked-by-the-agent' }),
    ];
    expect(received(record, refusals).ids).to.deep.equal([['refused'], ['asked-by-the-agent']]);
  });

  it('name the deciding statement, and include its policy once', () => {
    const document = { Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/red/*' }] };
    const policy = compilePolicy(JSON.stringify(document), {
      kind: 'identity',
      name: 'inline policy scenario of role app',
    });
    const decided = (key: string): CallRecord['authorizations'][number] => {
      const resource = `arn:aws:s3:::data/${key}`;
      const user = { kind: 'user', accountId: '111122223333', userName: 'app', userId: '' } as const;
      const input = { action: 's3:GetObject', resource, resourceAccount: '111122223333', context: {} };
      const principal = { ...user, arn: 'arn:aws:iam::111122223333:user/app' };
      return {
        action: 's3:GetObject',
        resource,
        decision: authorize({ principal, ...input, identityPolicies: [policy] }),
      };
    };
    const record = [
      aCall('allowed', 105, { authorizations: [decided('red/key')] }),
      aCall('denied', 106, { authorizations: [decided('blue/key')] }),
    ];
    const { calls, policies } = received(record, [probe(100, 110, as('red'))]);
    expect(policies).to.deep.equal([{ name: 'inline policy scenario of role app', kind: 'identity', document }]);
    const [allowed, denied] = calls.map(({ decisions }) => decisions[0]);
    expect(allowed).to.include({ decision: 'allowed' });
    expect(allowed?.deciding).to.deep.equal([
      {
        policy: 0,
        index: 0,
        applied: true,
      },
    ]);
    expect(denied?.decision).to.equal('implicitlyDenied');
    expect(denied?.deciding[0]).to.deep.include({ policy: 0, index: 0, applied: false, resourceMatched: false });
    expect(denied?.deciding[0]).not.to.have.any.keys('reason', 'sid');
    expect(denied).not.to.have.property('others');
  });

  it('include all statements and reasons of the decisive call of an unexpected result, even after the probe', () => {
    const statement = {
      policy: 'p',
      kind: 'identity',
      sid: undefined,
      effect: 'Allow',
      conditions: [],
    } as const;
    const [wrongKey, wrongAction] = ['wrong key', 'wrong action'].map((reason, index) => ({
      ...statement,
      index,
      applied: false,
      reason,
    })) as unknown as [StatementExplanation, StatementExplanation];
    const decision = {
      value: 'implicitlyDenied',
      deniedBy: 'identity',
      reason: 'nothing allows it',
      deciding: [{ ...wrongKey }],
      statements: [wrongKey, wrongAction],
      policies: [{ name: 'p', kind: 'identity', document: '{}' }],
    } as unknown as CallRecord['authorizations'][number]['decision'];
    const decisive = aCall('decisive', 500, {
      authorizations: [{ action: 's3:GetObject', resource: 'arn:aws:s3:::data/key', decision }],
    });
    const { ids, calls } = received(
      [aCall('first', 105), decisive],
      [{ ...probe(100, 110, as('red')), verdict: 'failed', decisiveCall: 'decisive' }],
    );
    expect(ids).to.deep.equal([['first', 'decisive']]);
    const { deciding = [], others = [] } = calls[1]?.decisions[0] ?? {};
    expect([...deciding, ...others].map(({ index, reason }) => [index, reason])).to.deep.equal([
      [0, 'wrong key'],
      [1, 'wrong action'],
    ]);
  });

  type Decision = CallRecord['authorizations'][number]['decision'];
  const decidedBy = (decision: object, requestId = 'decisive'): CallRecord =>
    aCall(requestId, 105, {
      authorizations: [
        {
          action: 's3:GetObject',
          resource: 'arn:aws:s3:::data/key',
          decision: { reason: 'r', ...decision } as Decision,
        },
      ],
    });
  const inPolicy = (policy: string, index: number, more: object = {}) => ({
    policy,
    index,
    kind: 'identity',
    effect: 'Allow',
    applied: false,
    reason: 'why',
    conditions: [],
    ...more,
  });
  const policies = [
    { name: 'p', kind: 'identity', document: '{"p":1}' },
    { name: 'q', kind: 'identity', document: { q: 1 } },
  ];

  it('refer to policies by index, and to statements by sid', () => {
    const statements = [inPolicy('p', 0), inPolicy('q', 0, { sid: 'Reads' })];
    const decision = { value: 'implicitlyDenied', policies, statements, deciding: [statements[1]] };
    const { calls, policies: shown } = received([decidedBy(decision)], [probe(100, 110, as('red'))]);
    expect(shown.map(({ document }) => document)).to.deep.equal([{ p: 1 }, { q: 1 }]);
    expect(calls[0]?.decisions[0]?.policies).to.deep.equal([0, 1]);
    expect(calls[0]?.decisions[0]?.deciding).to.deep.equal([
      { policy: 1, index: 0, effect: 'Allow', applied: false, sid: 'Reads' },
    ]);
  });

  it('name only the policies that decided an expected grant', () => {
    const deciding = [inPolicy('q', 0, { applied: true, actionMatched: true })];
    const decision = { value: 'allowed', policies, statements: deciding, deciding };
    const { calls, policies: named } = received([decidedBy(decision)], [probe(100, 110, as('red'))]);
    expect(named.map(({ name }) => name)).to.deep.equal(['q']);
    expect(calls[0]?.decisions[0]?.deciding).to.deep.equal([{ policy: 0, index: 0, applied: true }]);
    expect(calls[0]?.decisions[0]).not.to.have.property('policies');
  });

  it('refer to no policy if no permission is needed, and to all policies if none allows', () => {
    const placesOf = (value: string) =>
      received([decidedBy({ value, policies, statements: [], deciding: [] })], [probe(100, 110, as('red'))]).calls[0]
        ?.decisions[0]?.policies;
    expect(placesOf('allowed')).to.equal(undefined);
    expect(placesOf('implicitlyDenied')).to.deep.equal([0, 1]);
  });

  it('include other statements only for unexpected results', () => {
    const statements = [inPolicy('p', 0), inPolicy('p', 1), inPolicy('q', 0)];
    const othersOf = (deciding: object[], verdict: ProbeOutcome['verdict']) =>
      received(
        [decidedBy({ value: 'implicitlyDenied', policies, statements, deciding })],
        [{ ...probe(100, 110, as('red')), verdict, decisiveCall: 'decisive' }],
      ).calls[0]?.decisions[0]?.others?.map(({ policy, index }) => [policy, index]);
    expect(othersOf([], 'failed')).to.deep.equal([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(othersOf(statements.slice(0, 1), 'failed')).to.deep.equal([
      [0, 1],
      [1, 0],
    ]);
    expect(othersOf(statements.slice(0, 1), 'passed')).to.equal(undefined);
  });

  it('are empty if AWS has no call record', () => {
    const probes = [probe(100, 110, as('red'))];
    const aws = { accountId: () => '111122223333' } as unknown as AwsTarget;
    const found = receivedCalls(aWorld(aScenario(), anEnvironment(aws)), probes, STARTED);
    expect(found).to.deep.equal({ probes, calls: [], policies: [] });
  });
});
