import { expect } from 'chai';
import { decideWithin } from './decide-within.ts';
import type { PolicySource } from './policy-source.ts';
import { podIdentitySession } from './pod-identity.ts';
import { follow } from './question.ts';

const OBJECT = 'arn:aws:s3:::data/red/1';
/** A session of a pod that is not known. */
const SESSION = follow(
  podIdentitySession({
    cluster: { name: 'blue', arn: 'arn:aws:eks:us-west-2:111122223333:cluster/blue' },
    subject: { namespace: 'shop', serviceAccount: 'reader' },
    role: { arn: 'arn:aws:iam::111122223333:role/app', id: 'AROAAPP', tags: [] },
  }),
  () => true,
)!;

const policy = (kind: PolicySource['kind'], ...statements: readonly object[]): PolicySource => ({
  kind,
  name: `${kind} policy`,
  text: JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((one) => ({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...one })),
  }),
});
const unread = (kind: PolicySource['kind']): PolicySource => ({ kind, name: `${kind} policy`, reason: 'AccessDenied' });
const vpce = (operator: string) => ({ [operator]: { 'aws:SourceVpce': 'vpce-1' } });
const everyone = { Principal: { AWS: '*' } };

function decided(...sources: readonly PolicySource[]) {
  const { value, decision, uncertain } = decideWithin(
    {
      ...SESSION,
      action: 's3:GetObject',
      resource: OBJECT,
      resourceAccount: '111122223333',
      context: { 'aws:PrincipalTag/team': 'red' },
    },
    sources,
  );
  return { value, without: decision.value, uncertain: uncertain.map(({ text }) => text) };
}

describe('decideWithin', () => {
  const ALLOW = policy('identity', {});
  const dependent = (kind: string, statement: string) =>
    `${statement} of ${kind} policy, which depends on aws:SourceVpce`;

  const cases: [
    title: string,
    sources: readonly PolicySource[],
    value: string,
    without?: string,
    uncertain?: readonly string[],
  ][] = [
    ['allows by policies that were read', [ALLOW], 'allowed'],
    ['denies without an Allow', [policy('identity', { Action: 's3:PutObject' })], 'denied'],
    [
      'does not know an Allow with an unknown key',
      [policy('identity', { Condition: vpce('StringEquals') })],
      'unknown',
      'implicitlyDenied',
      [dependent('identity', 'statement 1')],
    ],
    [
      'does not know a Deny with an unknown key',
      [ALLOW, policy('resource', { ...everyone, Sid: 'Vpc', Effect: 'Deny', Condition: vpce('StringNotEquals') })],
      'unknown',
      'allowed',
      [dependent('resource', 'statement 1 "Vpc"')],
    ],
    [
      'ignores an unknown key if another condition does not hold',
      [
        ALLOW,
        policy('resource', {
          ...everyone,
          Effect: 'Deny',
          Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1', 'aws:PrincipalTag/team': 'red' } },
        }),
      ],
      'allowed',
    ],
    [
      'ignores an unknown key if another statement allows',
      [policy('identity', {}, { Condition: vpce('StringEquals') })],
      'allowed',
    ],
    [
      'keeps a Deny of a policy that was read, next to unread ones',
      [policy('identity', { Effect: 'Deny' }), unread('resource'), unread('boundary')],
      'denied',
    ],
    [
      'does not know an unread bucket policy',
      [ALLOW, unread('resource')],
      'unknown',
      'allowed',
      ['resource policy, which was not read (AccessDenied)'],
    ],
    [
      'does not know an unread boundary',
      [ALLOW, unread('boundary')],
      'unknown',
      'allowed',
      ['boundary policy, which was not read (AccessDenied)'],
    ],
    [
      'does not know unread policies of the role',
      [unread('identity')],
      'unknown',
      'implicitlyDenied',
      ['identity policy, which was not read (AccessDenied)'],
    ],
    [
      'names only what matters',
      [policy('identity', { Condition: vpce('StringEquals') }), policy('session', {}), { ...unread('boundary') }],
      'unknown',
      'implicitlyDenied',
      [dependent('identity', 'statement 1'), 'boundary policy, which was not read (AccessDenied)'],
    ],
    [
      'lets a variable without a known value match every text',
      [policy('identity', { Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-pod-name}/*' })],
      'unknown',
      'implicitlyDenied',
      ['statement 1 of identity policy, which depends on aws:PrincipalTag/kubernetes-pod-name'],
    ],
    [
      'keeps the resources without such a variable',
      [
        policy('identity', {
          Resource: ['arn:aws:s3:::data/red/*', 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-pod-name}/*'],
        }),
      ],
      'allowed',
    ],
    [
      'does not know a policy that cannot be evaluated',
      [ALLOW, { kind: 'resource', name: 'resource policy', text: '{}' }],
      'unknown',
      'allowed',
      [
        'resource policy, which was not read (it cannot be evaluated: Syntax errors in policy: the policy has no Statement.)',
      ],
    ],
  ];
  for (const [title, operator, value, decision] of [
    ['a pattern that all its values match', 'StringLike', 'AROAAPP:*', 'allowed'],
    ['a pattern that no value matches', 'StringLike', 'AROAOTHER:*', 'denied'],
    ['another value', 'StringEquals', 'AROAOTHER:eks-blue-x', 'denied'],
    ['patterns of which one matches', 'StringLike', ['AROAOTHER:*', 'AROAAPP:eks-*'], 'allowed'],
    ['a negated pattern', 'StringNotLike', 'AROAAPP:*', 'denied'],
    ['a pattern that only some values match', 'StringLike', 'AROAAPP:eks-blue-ledger-*', 'unknown'],
    ['an operator without patterns', 'NumericEquals', '1', 'unknown'],
  ] as const)
    cases.push([
      `compares the known beginning of a session's aws:userid with ${title}`,
      [policy('identity', { Condition: { [operator]: { 'aws:userid': value } } })],
      decision,
      decision === 'allowed' ? 'allowed' : 'implicitlyDenied',
      decision === 'unknown' ? ['statement 1 of identity policy, which depends on aws:userid'] : [],
    ]);
  for (const [title, sources, value, without, uncertain = []] of cases)
    it(title, () => {
      const answer = decided(...sources);
      expect(answer.value).to.equal(value);
      if (without !== undefined) expect(answer.without).to.equal(without);
      expect(answer.uncertain).to.deep.equal(uncertain);
    });
});
