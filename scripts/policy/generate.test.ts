import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CallRecord } from '../../emulator/index.ts';
import { generalize, inPlaces, withoutCovered } from '../cloud/generalize.ts';
import { boundaryPolicy, jobPolicy, otherAccountPolicy, LONGEST_POLICY, longestOf, type Recorded } from './generate.ts';
import { outsidePolicy } from '../cloud/outside.ts';

const PLACES = {
  account: '111122223333',
  region: 'us-west-2',
  otherAccountRole: 'arn:aws:iam::444455556666:role/other',
};
const OTHER_POLICY = 'nightly-other-account-policy';
const JOB = { jobRoleName: 'nightly', jobPolicyName: 'nightly-policy' };
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const inEks = (what: string): string => `arn:aws:eks:us-west-2:111122223333:${what}`;

type Kind = 'identity' | 'boundary' | 'trust';

/** Returns a call by the job's role that one policy decides. */
function call(action: string, resource: string, kind: Kind = 'identity', value = 'allowed'): CallRecord {
  const policy = kind === 'identity' ? 'managed policy nightly-policy' : `the ${kind}`;
  const statement = { policy, kind, effect: 'Allow', applied: value === 'allowed' };
  return {
    caller: 'arn:aws:sts::111122223333:assumed-role/nightly/job',
    authorizations: [{ action, resource, decision: { value, statements: [statement] } }],
  } as unknown as CallRecord;
}

const recorded = (...calls: CallRecord[]): Recorded => ({ ...PLACES, calls, ...JOB, otherPolicyName: OTHER_POLICY });
const statementsOf = (text: string): Record<string, unknown>[] =>
  (JSON.parse(text) as { Statement: Record<string, unknown>[] }).Statement;

describe('policy generated from calls', () => {
  const forms: readonly (readonly [action: string, resource: string, expected: string])[] = [
    ['iam:CreateRole', role('conformance-c012345-pi-01-app'), 'arn:aws:iam::<account>:role/conformance-*'],
    ['iam:CreateRole', role('conformance-apps/conformance-c012345-a'), 'arn:aws:iam::<account>:role/conformance-*'],
    ['iam:CreateRole', role('conformance-c012345-c1-node'), 'arn:aws:iam::<account>:role/conformance-*-c?-node'],
    ['sts:AssumeRole', role('conformance-c012345-canary'), 'arn:aws:iam::<account>:role/conformance-*-canary'],
    ['iam:ListRoles', 'arn:aws:iam::111122223333:role/', '*'],
    ['s3:PutObject', 'arn:aws:s3:::conformance-c012345-data/red/key', 'arn:aws:s3:::conformance-*/*'],
    ['s3:GetObject', 'arn:aws:s3:::conformance-c012345-data/red/k\ney', 'arn:aws:s3:::conformance-*/*'],
    [
      'eks:DescribeAddon',
      inEks('addon/conformance-c012345-c1/a/b'),
      'arn:aws:eks:<region>:<account>:addon/conformance-*/*/*',
    ],
    ['sts:AssumeRole', PLACES.otherAccountRole, '<other-account-role>'],
    ['sts:AssumeRole', 'arn:aws:iam::444455556666:role/conformance-c012345-a', 'arn:aws:iam::*:role/conformance-*'],
    ['s3:PutObject', 'arn:aws:s3:::somebodys/key', 'arn:aws:s3:::somebodys/key'],
  ];
  for (const [action, resource, expected] of forms)
    it(`contains ${expected} for ${action} on ${JSON.stringify(resource)}`, () => {
      expect(generalize(action, resource, PLACES)).to.equal(expected);
    });

  it('has replaceable placeholders', () => {
    expect(inPlaces('<account> <region> <other-account-role>', PLACES)).to.equal(
      '111122223333 us-west-2 arn:aws:iam::444455556666:role/other',
    );
  });

  it('is measured with the longest placeholder values', () => {
    expect(longestOf('{ "a": "<account> <region>" }')).to.equal('{"a":"111122223333ap-southeast-2"}'.length);
    const many = Array.from({ length: 150 }, (_, index) =>
      call('eks-auth:AssumeRoleForPodIdentity', inEks(`cluster/a${index}`)),
    );
    expect(() => jobPolicy(recorded(...many))).to.throw(
      /^The policy can have \d+ characters, but a managed policy at most/,
    );
  });

  for (const name of [
    'nightly-policy.json',
    'auto-mode-policy.json',
    'other-account-policy.json',
    'permissions-boundary.json',
  ])
    it(`fits into a managed policy in every account and region (docs/iam/${name})`, () => {
      expect(longestOf(readFileSync(join('docs', 'iam', name), 'utf8'))).to.be.at.most(LONGEST_POLICY);
    });

  it('omits resources that another one covers', () => {
    expect(withoutCovered(['role/a-*', 'role/a-*-c?-node', 'role/b', 'role/a-*'])).to.deep.equal([
      'role/a-*',
      'role/b',
    ]);
  });

  it('contains actions that its own statements allowed, and no others', () => {
    const made = statementsOf(
      jobPolicy(
        recorded(
          call('iam:CreateRole', role('conformance-c012345-a')),
          call('iam:CreateRole', role('conformance-c012345-c1-node')),
          call('iam:DeleteRole', role('conformance-c012345-a'), 'identity', 'implicitDeny'),
          call('sts:AssumeRole', role('conformance-c012345-a'), 'trust'),
        ),
      ),
    );
    expect(made.map(({ Sid, Action }) => [Sid, Action])).to.deep.equal([
      ['MakeRolesWithinTheBoundary', ['iam:CreateRole']],
      ['MakeRolesOfClusters', ['iam:CreateRole']],
    ]);
    expect(made[0]).to.have.nested.property('Condition.StringEquals.iam:PermissionsBoundary');
    expect(made[1]).not.to.have.property('Condition');
  });

  it('fails for an action without a statement group', () => {
    expect(() => jobPolicy(recorded(call('kms:Decrypt', 'arn:aws:kms:us-west-2:1:key/a')))).to.throw(
      'No statement covers kms:Decrypt on arn:aws:kms:<region>:1:key/a',
    );
  });

  it('contains the actions of the second account in a separate policy', () => {
    const there = call('iam:CreateRole', 'arn:aws:iam::444455556666:role/conformance-c012345-a');
    const [authorization] = there.authorizations;
    const byOther = JSON.parse(JSON.stringify(authorization).replaceAll(JOB.jobPolicyName, OTHER_POLICY)) as object;
    const calls = [
      { ...there, authorizations: [byOther] } as CallRecord,
      call('iam:DeleteRole', role('conformance-c012345-a')),
    ];
    expect(statementsOf(otherAccountPolicy(recorded(...calls)))).to.deep.equal([
      {
        Sid: 'MakeChangeAndDeleteRoles',
        Effect: 'Allow',
        Action: ['iam:CreateRole'],
        Resource: ['arn:aws:iam::<account>:role/conformance-*'],
      },
    ]);
  });

  it('limits a boundary to the actions that it allowed', () => {
    const calls = [
      call('s3:GetObject', 'arn:aws:s3:::conformance-c012345-data/key', 'boundary'),
      call('s3:GetObject', 'arn:aws:s3:::conformance-c012345-data/key', 'boundary', 'implicitDeny'),
      call('iam:CreateRole', role('conformance-c012345-a')),
    ];
    expect(statementsOf(boundaryPolicy(recorded(...calls)))).to.deep.equal([
      { Sid: 'Objects', Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::conformance-*/*'] },
    ]);
  });

  it('is not exceeded when a trust policy denies', () => {
    const beyond = call('iam:GetRole', role('a'), 'identity', 'implicitDeny');
    const untrusted = call('sts:AssumeRole', role('a'), 'trust', 'implicitDeny');
    expect(outsidePolicy([beyond, untrusted, call('iam:GetRole', role('b'))], JOB)).to.deep.equal([
      `iam:GetRole on ${role('a')}`,
    ]);
  });
});
