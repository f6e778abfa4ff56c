import { expect } from 'chai';
import type { ChosenClient } from '../../components/clients/client.ts';
import type { CallRecord } from '../../emulator/index.ts';
import type { ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { agentGet, getObject, granted, listObjects, succeeds, whoAmI } from '../operations/index.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import { workload } from '../scenario/scenario-context.ts';
import { asRecorded } from './client-calls.ts';

const SESSION = 'arn:aws:sts::111122223333:assumed-role/run-app/session';
const [STARTED, ENDED] = [1000, 2000];
const read = granted('red', getObject('data/red/key'));
const report = (values: Partial<ProbeReport> = {}): ProbeReport => ({
  number: 0,
  startedAt: STARTED,
  endedAt: ENDED,
  outcome: 'granted',
  layer: 's3',
  ...values,
});

const GO = { client: { name: 'go' }, installed: {} } as unknown as ChosenClient;
function worldOf(calls: readonly CallRecord[] | undefined, client: ChosenClient | undefined = GO) {
  const controls = calls && {
    calls: () => calls,
    findCall: (id: string) => calls.find(({ requestId }) => requestId === id),
  };
  const aws = { region: 'us-west-2', accountId: () => '111122223333', controls } as unknown as AwsTarget;
  return aWorld({ ...aScenario(), ...(client && { client }) }, anEnvironment(aws));
}
const { names } = worldOf([]);
const BUCKET = names.bucket('data');
const call = (requestId: string, values: Partial<CallRecord> = {}, place = `${BUCKET}/red/key`): CallRecord => ({
  requestId,
  time: 0,
  service: 's3',
  operation: 'GetObject',
  caller: SESSION,
  applicationId: undefined,
  status: 200,
  errorCode: undefined,
  notes: [],
  receivedAt: 1500,
  connection: 1,
  milliseconds: 1,
  authorizations: [
    { action: 's3:GetObject', resource: `arn:aws:s3:::${place}` },
  ] as unknown as CallRecord['authorizations'],
  ...values,
});
const identity = { arn: SESSION, account: '111122223333' };

describe('what a client says of an operation on S3', () => {
  const recorded = (
    calls: readonly CallRecord[] | undefined,
    said: Partial<ProbeReport> = {},
    step: ProbeStep = read,
    client?: ChosenClient,
  ): ProbeReport => asRecorded(worldOf(calls, client), step, report(said));

  for (const [what, calls, said] of [
    ['the call that it tells', [call('told', { receivedAt: 0 }), call('other')], { requestId: 'told' }],
    ['the last call about its object meanwhile', [call('first'), call('told')], {}],
    ['one from its first moment', [call('told', { receivedAt: STARTED })], {}],
    ['one until its last moment', [call('told', { receivedAt: ENDED })], {}],
    ['the last one where the call that it tells is in no record', [call('told')], { requestId: 'unknown' }],
    ['one about the bucket itself', [call('told', {}, BUCKET)], {}],
    [
      'one that asked for more than its object',
      [call('told', { authorizations: [...call('a', {}, 'else').authorizations, ...call('b').authorizations] })],
      {},
    ],
    ['one before it, about another object of the bucket', [call('told'), call('b', {}, `${BUCKET}/blue/key`)], {}],
    ['one before it, about the bucket itself', [call('told'), call('b', {}, BUCKET)], {}],
    ['the last of several sessions of a role', [call('a', { caller: `${SESSION}-2` }), call('told')], {}],
    ['one before it, of another service', [call('told'), call('sts', { service: 'sts' })], {}],
    ['one before it, of another bucket', [call('told'), call('b', {}, `${BUCKET}-2/red/key`)], {}],
    ['one before it, of a key like its bucket', [call('told'), call('b', {}, `x/${BUCKET}/`)], {}],
    ['one before one that came too late', [call('told'), call('late', { receivedAt: ENDED + 1 })], {}],
    ['one before one that came too early', [call('told'), call('early', { receivedAt: STARTED - 1 })], {}],
    [
      'one before one about something else',
      [call('told'), call('b', { authorizations: [{ resource: '*' }] as unknown as CallRecord['authorizations'] })],
      {},
    ],
  ] as const satisfies readonly (readonly [string, readonly CallRecord[], Partial<ProbeReport>])[])
    it(`is told with whose session S3 saw in ${what}`, () =>
      expect(recorded(calls, said)).to.deep.equal({ ...report(said), requestId: 'told', identity }));

  it('is of an anonymous caller where S3 saw one', () =>
    expect(recorded([call('told', { caller: 'anonymous' })]).identity).to.deep.equal({
      arn: 'anonymous',
      account: '',
    }));

  for (const [outcome, status, isRight] of [
    ['granted', 200, true],
    ['granted', 399, true],
    ['granted', 400, false],
    ['denied', 403, true],
    ['denied', 400, true],
    ['denied', 200, false],
    ['absent', 404, true],
    ['absent', 200, false],
  ] as const)
    it(`${isRight ? 'stands' : 'is an error'} where it was ${outcome} and S3 answered ${status}`, () => {
      const found = recorded([call('told', { status })], { outcome });
      if (isRight) expect(found).to.include({ outcome, requestId: 'told' });
      else
        expect(found).to.include({
          outcome: 'error',
          message: `client go says that GetObject was ${outcome}, and S3 answered ${status}`,
        });
    });

  describe('where several roles asked for it meanwhile', () => {
    const other = SESSION.replace('run-app', 'run-other');
    const both = [call('told'), call('other', { caller: other })];
    const { namespace, serviceAccount } = workload(worldOf([]), 'red');
    const opening = (note: string, session: string): CallRecord =>
      call('opened', {
        service: 'sts',
        receivedAt: 0,
        notes: [note, `opened the session ${session}`],
        authorizations: [],
      });

    for (const note of [
      `token is of ${namespace}/${serviceAccount}, bound to pod red-1`,
      `token issuer is https://x, subject is system:serviceaccount:${namespace}:${serviceAccount}`,
    ])
      it(`is told with the session that its own token opened: ${note.split(' of ')[0]}`, () => {
        const opened = [opening(note.replace(serviceAccount, `${serviceAccount}-2`), other), opening(note, SESSION)];
        expect(recorded([...opened, ...both])).to.include({ outcome: 'granted', requestId: 'told' });
        expect(recorded([...opened, opening(note, other), ...both])).to.include({ outcome: 'error' });
      });
    it('is an error where nothing tells which is its own', () =>
      expect(recorded(both)).to.include({
        outcome: 'error',
        message:
          'client go says that GetObject was granted, and S3 received calls for it of several roles at that time',
      }));
  });

  it('is an error where S3 received no such call', () =>
    expect(recorded([], { code: 'x' })).to.deep.equal({
      ...report({ code: 'x' }),
      outcome: 'error',
      message: 'client go says that GetObject was granted, and S3 received no call of it',
    }));

  it('stands by its own identity alone where AWS keeps no record', () => {
    expect(recorded(undefined, { identity })).to.deep.equal(report({ identity }));
    expect(recorded(undefined)).to.include({
      outcome: 'error',
      message: 'client go says that GetObject was granted, and neither it nor a record of AWS tells as whom',
    });
  });

  it('is looked for by the bucket of an operation on a bucket too', () =>
    expect(
      recorded([call('told', {}, BUCKET), call('other')], {}, granted('red', listObjects('data'))).requestId,
    ).to.equal('told'));

  for (const [what, said, step, client] of [
    ['a refusal', { outcome: 'refused' }, read, GO],
    ['an error', { outcome: 'error' }, read, GO],
    ['an answer of STS', { outcome: 'denied', layer: 'sts' }, read, GO],
    ['what is no operation of S3', {}, granted('red', whoAmI()), GO],
    ['what no pod does', {}, succeeds(agentGet(80, '/')), GO],
    ['what the probe program does itself', {}, read, { client: { name: 'go' } } as unknown as ChosenClient],
  ] as const satisfies readonly (readonly [string, Partial<ProbeReport>, ProbeStep, ChosenClient])[])
    it(`is taken as it is of ${what}`, () => expect(recorded([], said, step, client)).to.deep.equal(report(said)));

  it('is taken as it is without a client', () =>
    expect(asRecorded(aWorld(aScenario(), worldOf([]).environment), read, report())).to.deep.equal(report()));
});
