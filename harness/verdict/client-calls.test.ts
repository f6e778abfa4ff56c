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

describe("a client's report of an S3 operation", () => {
  const recorded = (
    calls: readonly CallRecord[] | undefined,
    fields: Partial<ProbeReport> = {},
    step: ProbeStep = read,
    client?: ChosenClient,
  ): ProbeReport => asRecorded(worldOf(calls, client), step, report(fields));

  for (const [what, calls, fields] of [
    ['the reported call', [call('told', { receivedAt: 0 }), call('other')], { requestId: 'told' }],
    ['the last call about its object during the probe', [call('first'), call('told')], {}],
    ['a call at the first moment of the probe', [call('told', { receivedAt: STARTED })], {}],
    ['a call at the last moment of the probe', [call('told', { receivedAt: ENDED })], {}],
    ['the last call if the reported one is not in the record', [call('told')], { requestId: 'unknown' }],
    ['a call about the bucket itself', [call('told', {}, BUCKET)], {}],
    [
      'a call with several resources',
      [call('told', { authorizations: [...call('a', {}, 'else').authorizations, ...call('b').authorizations] })],
      {},
    ],
    [
      'its own call, not one about another object of the bucket',
      [call('told'), call('b', {}, `${BUCKET}/blue/key`)],
      {},
    ],
    ['its own call, not one about the bucket itself', [call('told'), call('b', {}, BUCKET)], {}],
    ['the last of several sessions of a role', [call('a', { caller: `${SESSION}-2` }), call('told')], {}],
    ['its own call, not one of another service', [call('told'), call('sts', { service: 'sts' })], {}],
    ['its own call, not one of another bucket', [call('told'), call('b', {}, `${BUCKET}-2/red/key`)], {}],
    ['its own call, not one of a key like its bucket', [call('told'), call('b', {}, `x/${BUCKET}/`)], {}],
    ['its own call, not one after the probe', [call('told'), call('late', { receivedAt: ENDED + 1 })], {}],
    ['its own call, not one before the probe', [call('told'), call('early', { receivedAt: STARTED - 1 })], {}],
    [
      'its own call, not one about another resource',
      [call('told'), call('b', { authorizations: [{ resource: '*' }] as unknown as CallRecord['authorizations'] })],
      {},
    ],
  ] as const satisfies readonly (readonly [string, readonly CallRecord[], Partial<ProbeReport>])[])
    it(`gets the identity of ${what}`, () =>
      expect(recorded(calls, fields)).to.deep.equal({ ...report(fields), requestId: 'told', identity }));

  it('gets an anonymous identity if S3 saw an anonymous caller', () =>
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
    it(`${isRight ? 'is accepted' : 'is an error'} if it is ${outcome} and S3 answered ${status}`, () => {
      const found = recorded([call('told', { status })], { outcome });
      if (isRight) expect(found).to.include({ outcome, requestId: 'told' });
      else
        expect(found).to.include({
          outcome: 'error',
          message: `client go reports that GetObject was ${outcome}, but S3 answered ${status}`,
        });
    });

  describe('with such calls from several roles', () => {
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
      it(`gets the session that its own token opened: ${note.split(' of ')[0]}`, () => {
        const opened = [opening(note.replace(serviceAccount, `${serviceAccount}-2`), other), opening(note, SESSION)];
        expect(recorded([...opened, ...both])).to.include({ outcome: 'granted', requestId: 'told' });
        expect(recorded([...opened, opening(note, other), ...both])).to.include({ outcome: 'error' });
      });
    it('is an error if nothing shows which call is its own', () =>
      expect(recorded(both)).to.include({
        outcome: 'error',
        message:
          'client go reports that GetObject was granted, but S3 received such calls from several roles at that time',
      }));
  });

  it('is an error if S3 received no such call', () =>
    expect(recorded([], { code: 'x' })).to.deep.equal({
      ...report({ code: 'x' }),
      outcome: 'error',
      message: 'client go reports that GetObject was granted, but S3 received no such call',
    }));

  it('must include the identity if AWS has no call record', () => {
    expect(recorded(undefined, { identity })).to.deep.equal(report({ identity }));
    expect(recorded(undefined)).to.include({
      outcome: 'error',
      message:
        'client go reports that GetObject was granted, but neither the client nor an AWS call record shows the identity',
    });
  });

  it('is matched by the bucket for an operation on a bucket', () =>
    expect(
      recorded([call('told', {}, BUCKET), call('other')], {}, granted('red', listObjects('data'))).requestId,
    ).to.equal('told'));

  for (const [what, fields, step, client] of [
    ['a refusal', { outcome: 'refused' }, read, GO],
    ['an error', { outcome: 'error' }, read, GO],
    ['an answer of STS', { outcome: 'denied', layer: 'sts' }, read, GO],
    ['an operation of another service', {}, granted('red', whoAmI()), GO],
    ['a harness probe', {}, succeeds(agentGet(80, '/')), GO],
    ['a client that is not installed', {}, read, { client: { name: 'go' } } as unknown as ChosenClient],
  ] as const satisfies readonly (readonly [string, Partial<ProbeReport>, ProbeStep, ChosenClient])[])
    it(`is unchanged for ${what}`, () => expect(recorded([], fields, step, client)).to.deep.equal(report(fields)));

  it('is unchanged without a client', () =>
    expect(asRecorded(aWorld(aScenario(), worldOf([]).environment), read, report())).to.deep.equal(report()));
});
