import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { brokenKeyRules } from './key-rules.ts';
import type { AuthorizationInput } from './types.ts';

type Question = Parameters<typeof brokenKeyRules>[0];

const SESSION: Question['principal'] = {
  kind: 'role-session',
  ...{ accountId: '111122223333', roleName: 'app', sessionName: 's', userId: 'AROAAPP:s' },
  arn: 'arn:aws:sts::111122223333:assumed-role/app/s',
  roleArn: 'arn:aws:iam::111122223333:role/app',
  ...{ tags: [], sessionPolicies: [], issuedAt: 0, expiresAt: 0, context: {} },
};

const broken = (context: AuthorizationInput['context'], more: Partial<Question> = {}): readonly string[] =>
  brokenKeyRules({
    principal: SESSION,
    resource: 'arn:aws:s3:::data/key',
    resourceAccount: '111122223333',
    context,
    ...more,
  });

describe('rules between condition keys', () => {
  it('hold in each authorization of the record of 80 scenarios', () => {
    const lines = readFileSync(new URL('../../test/authorizations/recorded.jsonl', import.meta.url), 'utf8');
    const calls = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { authorizations: Question[] });
    const questions = calls.flatMap(({ authorizations }) => authorizations);
    expect(questions).to.have.length.above(900);
    for (const question of questions)
      expect(brokenKeyRules({ ...question, resourceAccount: '' }), JSON.stringify(question)).to.deep.equal([]);
  });

  for (const [context, rule, more = {}] of [
    [{ 'aws:PrincipalAccount': '444455556666' }, 'aws:PrincipalAccount is the account in aws:PrincipalArn'],
    [
      { 'aws:SourceArn': 'arn:aws:eks:us-west-2:111122223333:cluster/c', 'aws:SourceAccount': '444455556666' },
      'aws:SourceAccount is the account in aws:SourceArn',
    ],
    [{ 's3:ResourceAccount': '444455556666' }, 's3:ResourceAccount equals aws:ResourceAccount'],
    [
      { 'aws:CurrentTime': '2026-01-01T00:00:00Z', 'aws:EpochTime': '1' },
      'aws:EpochTime is the time of aws:CurrentTime',
    ],
    [{ 'aws:SourceVpce': 'vpce-1', 'aws:SourceIp': '10.0.0.1' }, 'aws:SourceIp is absent with aws:SourceVpce'],
    [
      {
        'aws:PrincipalTag/eks-cluster-arn': 'arn:aws:eks:us-west-2:1:cluster/a',
        'aws:PrincipalTag/eks-cluster-name': 'b',
      },
      'aws:PrincipalTag/eks-cluster-name is the name in aws:PrincipalTag/eks-cluster-arn',
    ],
    [{ 'aws:TagKeys': ['team', 'step'], 'aws:RequestTag/Team': 'a' }, 'aws:TagKeys lists the keys of aws:RequestTag'],
    [
      { 'aws:TagKeys': ['a'], 'aws:RequestTag/a': '1', 'sts:TransitiveTagKeys': ['b'] },
      'aws:TagKeys lists the keys of sts:TransitiveTagKeys',
    ],
    [
      { 'oidc.example.com:sub': 'system:serviceaccount:shop' },
      'the sub of a service account has the form system:serviceaccount:NAMESPACE:NAME',
    ],
    [
      {},
      'the account in the ARN of the resource is aws:ResourceAccount',
      { resource: 'arn:aws:sqs:us-west-2:444455556666:queue' },
    ],
  ] as const)
    it(`name what a context breaks: ${rule}`, () => {
      expect(broken(context, more)).to.deep.equal([rule]);
    });

  it('hold if a key is absent, and for other forms of values', () => {
    expect(
      broken({ 'aws:SourceAccount': '444455556666', 'aws:RequestTag/a': '1', 'aws:SourceArn': 'arn:aws:s3:::data' }),
    ).to.deep.equal([]);
  });
});
