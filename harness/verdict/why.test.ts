import { expect } from 'chai';
import type { CallRecord } from '../../emulator/index.ts';
import type { Expectation } from '../scenario/spec.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { AwsTarget } from '../aws-target/target.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { decisiveCall, explain, whyOf } from './why.ts';

const ARN = 'arn:aws:sts::111122223333:assumed-role/run-app/session';

const call = (requestId: string, values: Partial<CallRecord> = {}): CallRecord => ({
  requestId,
  time: 0,
  service: 's3',
  operation: 'GetObject',
  caller: ARN,
  applicationId: undefined,
  status: 200,
  errorCode: undefined,
  authorizations: [],
  notes: [],
  receivedAt: 0,
  connection: 1,
  milliseconds: 1,
  ...values,
});
type Value = CallRecord['authorizations'][number]['decision']['value'];
const authorization = (action: string, value: Value, reason: string): CallRecord['authorizations'][number] => ({
  action,
  resource: 'arn:aws:s3:::data/key',
  decision: { value, reason, statements: [] } as unknown as CallRecord['authorizations'][number]['decision'],
});

describe('the call that decided a result', () => {
  const opened = { notes: [`opened the session ${ARN}`] };
  const calls = [
    call('first', { ...opened, service: 'eks-auth' }),
    call('second', { ...opened, service: 'eks-auth' }),
    call('other', { notes: ['opened the session of somebody else'] }),
    call('refused', { applicationId: 'AB-01', service: 'sts', errorCode: 'AccessDenied' }),
    call('again', { applicationId: 'AB-01', service: 'sts', errorCode: 'AccessDenied' }),
    call('of-others', { applicationId: 'AB-02', service: 'sts', errorCode: 'AccessDenied' }),
    call('of-s3', { applicationId: 'AB-01', service: 's3', errorCode: 'AccessDenied' }),
    call('of-another-code', { applicationId: 'AB-01', service: 'sts', errorCode: 'ExpiredToken' }),
  ];
  const controls = { calls: () => calls, findCall: (id: string) => calls.find(({ requestId }) => requestId === id) };
  const worldWith = (record: object | undefined) => {
    const aws = { region: 'us-west-2', accountId: () => '111122223333', controls: record } as unknown as AwsTarget;
    return aWorld(aScenario(), anEnvironment(aws));
  };
  const decided = (expected: Expectation['outcome'], result: ProbeResult, isWrongIdentity = false) =>
    decisiveCall(worldWith(controls), { outcome: expected }, result, isWrongIdentity)?.requestId;
  const identity = { arn: ARN, account: '111122223333' };
  const answered = { identity, requestId: 'of-s3' };

  for (const [what, decidedId, requestId] of [
    [
      "STS's denial of a further role",
      decided('refused', { identity, requestId: 'refused', outcome: 'denied', layer: 'sts' }),
      'refused',
    ],
    ['the answered call', decided('granted', { ...answered, outcome: 'denied', layer: 's3' }), 'of-s3'],
    [
      'the last call that opened the session of a wrong identity',
      decided('granted', { ...answered, outcome: 'granted' }, true),
      'second',
    ],
    [
      'the last call that opened the session if a refusal was expected',
      decided('refused', { ...answered, outcome: 'granted' }),
      'second',
    ],
    ['the answered call if the refusal differs', decided('refused', { ...answered, outcome: 'refused' }), 'of-s3'],
    [
      'the answered call if no identity is reported',
      decided('refused', { outcome: 'granted', requestId: 'first' }),
      'first',
    ],
    [
      'the last refused call of the scenario if an SDK reports no request',
      decided('granted', { outcome: 'refused', layer: 'sts', code: 'AccessDenied' }),
      'again',
    ],
    [
      'undefined for a denial without a request',
      decided('granted', { outcome: 'denied', layer: 'sts', code: 'AccessDenied' }),
      undefined,
    ],
    [
      'undefined if AWS has no such call',
      decided('granted', { outcome: 'refused', layer: 'sts', code: 'Other' }),
      undefined,
    ],
  ] as const)
    it(`is ${what}`, () => expect(decidedId).to.equal(requestId));
  it('is undefined if AWS has no call record', () =>
    expect(
      decisiveCall(worldWith(undefined), { outcome: 'granted' }, { outcome: 'denied', requestId: 'first' }, true),
    ).to.equal(undefined));
});

describe('the reason for the answer to a call', () => {
  const allowed = (action: string, where: string, what = '') =>
    authorization(action, 'allowed', `allowed by ${where}${what && `: ${what}`}`);
  for (const [what, values, why] of [
    [
      'the last decision other than an allow',
      {
        authorizations: [
          allowed('s3:GetObject', 'a'),
          authorization('s3:GetObject', 'implicitlyDenied', 'denied by b'),
          authorization('s3:PutObject', 'implicitlyDenied', 'no policy allows s3:PutObject'),
          allowed('s3:ListBucket', 'c'),
        ],
        notes: ['n'],
      },
      'no policy allows s3:PutObject',
    ],
    [
      'prefixed with the action if it begins with the verdict',
      { authorizations: [authorization('s3:GetObject', 'explicitlyDenied', 'denied by statement 1')] },
      's3:GetObject denied by statement 1',
    ],
    [
      'a missing object before the permission to learn of it',
      {
        authorizations: [authorization('s3:ListBucket', 'implicitlyDenied', 'no policy allows s3:ListBucket')],
        notes: ['object key does not exist, which only callers with s3:ListBucket may learn'],
      },
      'object key does not exist, which only callers with s3:ListBucket may learn; no policy allows s3:ListBucket',
    ],
    [
      'the last note of an error',
      {
        errorCode: 'InvalidToken',
        notes: ['a', 'b', 'the token is expired'],
        authorizations: [allowed('sts:AssumeRole', 'a')],
      },
      'the token is expired',
    ],
    [
      'the decision of an error without notes',
      { errorCode: 'InvalidToken', authorizations: [allowed('sts:AssumeRole', 'a')] },
      'sts:AssumeRole allowed by a',
    ],
    [
      'the last decision of a grant',
      { authorizations: [allowed('s3:GetObject', 'a'), allowed('s3:PutObject', 'b')], notes: ['n'] },
      's3:PutObject allowed by b',
    ],
    [
      'the statements that allowed a role to be assumed, each policy once',
      {
        authorizations: [
          allowed('sts:AssumeRole', 'a', 'x'),
          allowed('sts:TagSession', 'a', 'y'),
          allowed('sts:AssumeRole', 'b'),
          allowed('s3:GetObject', 'c'),
        ],
      },
      'sts:AssumeRole allowed by a: x; sts:AssumeRole allowed by b',
    ],
    [
      'preceded by the association',
      {
        authorizations: [allowed('s3:GetObject', 'a')],
        notes: ['opened the session x', 'association a-1 is of ns/sa'],
      },
      'association a-1 is of ns/sa; s3:GetObject allowed by a',
    ],
    ['undefined if the record has none', { notes: ['opened the session x'] }, undefined],
  ] as const satisfies readonly (readonly [string, Partial<CallRecord>, string | undefined])[])
    it(`is ${what}`, () => expect(whyOf(call('c', values))).to.equal(why));

  it('can be listed statement by statement', () => {
    const record = call('c', { notes: ['n'], authorizations: [allowed('s3:GetObject', 'a')] });
    expect(explain(record)).to.deep.equal({
      requestId: 'c',
      service: 's3',
      operation: 'GetObject',
      notes: ['n'],
      authorizations: [
        {
          action: 's3:GetObject',
          resource: 'arn:aws:s3:::data/key',
          decision: 'allowed',
          reason: 'allowed by a',
          statements: [],
        },
      ],
    });
  });
});
