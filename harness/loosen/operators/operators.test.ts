import { expect } from 'chai';
import type { PolicyKind } from '../../../identity/policy/index.ts';
import { Names } from '../../scenario/names.ts';
import { aScenario } from '../../../test/support/scenarios.ts';
import { changesOf, OPERATORS, type OperatorId } from './index.ts';

const policy = (...statements: readonly object[]): object => ({ Version: '2012-10-17', Statement: statements });
const trust = (Condition: object, Action: unknown = 'sts:AssumeRole'): object =>
  policy({ Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action, Condition });
const identity = (element: object): object =>
  policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...element });
const deny = (element: object): object =>
  policy({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::data/*', ...element });
const NAMESPACE = 'aws:RequestTag/kubernetes-namespace';

/** The operator, the policy, and what becomes of it: statements as JSON, or a part of one. */
const CASES: readonly (readonly [OperatorId, PolicyKind, object, ...(readonly string[])])[] = [
  [
    'drop-condition',
    'trust',
    trust({ StringEquals: { [NAMESPACE]: 'red', 'aws:SourceAccount': '111122223333' } }),
    '"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}',
    `"Condition":{"StringEquals":{"${NAMESPACE}":"red"}}`,
  ],
  [
    'like-prefix',
    'trust',
    trust({ StringEquals: { [NAMESPACE]: 'red', 'aws:SourceAccount': '111122223333' } }),
    `{"StringLike":{"${NAMESPACE}":"red*"},"StringEquals":{"aws:SourceAccount":"111122223333"}}`,
  ],
  [
    'like-prefix',
    'identity',
    identity({ Condition: { StringLike: { 's3:prefix': 'red/*' } } }),
    '{"StringLike":{"s3:prefix":"red*"}}',
  ],
  [
    'like-prefix',
    'trust',
    trust({ StringLike: { [NAMESPACE]: 'tenant-*' } }),
    `{"StringLike":{"${NAMESPACE}":"tenant*"}}`,
  ],
  ['prefix-resource', 'identity', identity({ Resource: 'arn:aws:s3:::data/red-*' }), '"arn:aws:s3:::data/red*"'],
  [
    'like-segment',
    'trust',
    trust({ ArnEquals: { 'aws:SourceArn': 'arn:aws:eks:us-west-2:111122223333:cluster/production' } }),
    '{"ArnLike":{"aws:SourceArn":"arn:aws:eks:us-west-2:111122223333:cluster/*"}}',
  ],
  [
    'like-segment',
    'trust',
    trust({ ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' } }),
    '{"ArnLike":{"aws:SourceArn":"arn:aws:eks:<region:c1>:<account:main>:cluster/*"}}',
  ],
  [
    'like-segment',
    'trust',
    trust({ StringEquals: { '<issuer:c1>:sub': 'system:serviceaccount:<namespace:red>:app' } }),
    '"system:serviceaccount:<namespace:red>:*"',
    '"system:serviceaccount:*:app"',
  ],
  ['like-any', 'trust', trust({ StringEquals: { 'sts:ExternalId': 'one' } }), '{"StringLike":{"sts:ExternalId":"*"}}'],
  [
    'if-exists',
    'trust',
    trust({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'team' } }),
    '{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"team"}}',
  ],
  ['if-exists', 'trust', trust({ StringNotEquals: { [NAMESPACE]: 'red' } })],
  [
    'lose-if-exists',
    'resource',
    deny({ Condition: { BoolIfExists: { 'aws:SecureTransport': 'false' } } }),
    '{"Bool":{"aws:SecureTransport":"false"}}',
  ],
  [
    'swap-set',
    'trust',
    trust({ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }),
    '{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}',
  ],
  [
    'swap-set',
    'trust',
    trust({ 'ForAnyValue:StringLike': { 'aws:TagKeys': 'a*' } }),
    '{"ForAllValues:StringLike":{"aws:TagKeys":"a*"}}',
  ],
  [
    'widen-set',
    'trust',
    trust({ ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' } }),
    '["<cluster-arn:c1>","<cluster-arn:c2>"]',
  ],
  [
    'widen-set',
    'resource',
    deny({ Condition: { StringNotEquals: { 'aws:PrincipalTag/team': ['a', 'b'] } } }),
    '["a","b","a-2"]',
  ],
  ['widen-set', 'trust', trust({ StringEquals: { 'aws:SourceAccount': '111122223333' } })],
  [
    'lose-value',
    'identity',
    identity({ Condition: { StringNotEquals: { 'aws:PrincipalTag/team': ['a', 'b'] } } }),
    ':"b"}',
    ':"a"}',
  ],
  [
    'parent-resource',
    'identity',
    identity({ Resource: ['arn:aws:s3:::data/${aws:PrincipalTag/team}/*', 'arn:aws:s3:::data'] }),
    '["arn:aws:s3:::data/*","arn:aws:s3:::data"]',
    '["arn:aws:s3:::data/${aws:PrincipalTag/team}/*","arn:aws:s3:::data*"]',
  ],
  [
    'parent-resource',
    'resource',
    deny({ NotResource: 'arn:aws:s3:::data/red/*', Resource: undefined }),
    '"NotResource":"arn:aws:s3:::data/*"',
  ],
  ['any-resource', 'identity', identity({ Resource: '<role:target>' }), '"Resource":"*"'],
  [
    'account-principal',
    'trust',
    policy({
      Effect: 'Allow',
      Principal: { AWS: ['arn:aws:iam::444455556666:role/x', '<role:app>'] },
      Action: 'sts:AssumeRole',
    }),
    '["arn:aws:iam::444455556666:root","<role:app>"]',
    '["arn:aws:iam::444455556666:role/x","arn:aws:iam::<account:main>:root"]',
  ],
  [
    'any-principal',
    'trust',
    policy({ Effect: 'Allow', Principal: { AWS: '<role:app>' }, Action: 'sts:AssumeRole' }),
    '"Principal":{"AWS":"*"}',
  ],
  [
    'action-family',
    'identity',
    identity({ Action: ['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject'] }),
    '["s3:Get*","s3:PutObject"]',
    '["s3:GetObject","s3:GetObjectTagging","s3:Put*"]',
  ],
  ['any-action', 'identity', identity({ Action: ['s3:GetObject', 's3:PutObject'] }), '"Action":"s3:*"'],
  [
    'drop-deny',
    'resource',
    policy(
      ...(identity({ Principal: '*' }) as { Statement: object[] }).Statement,
      ...(deny({}) as { Statement: object[] }).Statement,
    ),
    '"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":"*"}]',
  ],
  ['drop-deny', 'resource', deny({}), '"Action":"s3:PutBucketWebsite"'],
  [
    'narrow-deny',
    'resource',
    deny({ Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'] }),
    '"Action":"s3:Get*"',
    '"Resource":"arn:aws:s3:::data/*"',
    '"Resource":"arn:aws:s3:::data"',
  ],
  ['narrow-deny', 'resource', deny({ Action: 's3:GetObject' }), '"Resource":"arn:aws:s3:::data/private/*"'],
  [
    'narrow-deny',
    'identity',
    deny({ Action: 's3:PutObjectTag*', Principal: undefined, Resource: '*' }),
    '"s3:PutObjectTagging"',
  ],
  ['prefix-resource', 'identity', identity({ Resource: 'arn:aws:s3:::data/red/*' }), '"arn:aws:s3:::data/red*"'],
  [
    'lose-variable',
    'identity',
    identity({
      Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*',
      Condition: { StringLike: { 's3:prefix': '${aws:PrincipalTag/team}/*' } },
    }),
    '"arn:aws:s3:::data/*/*"',
    '"s3:prefix":"*/*"',
  ],
  ['add-action', 'identity', identity({}), '["s3:GetObject","s3:PutObject"]'],
  [
    'add-principal',
    'trust',
    policy({ Effect: 'Allow', Principal: { AWS: '<role:app>' }, Action: 'sts:AssumeRole' }),
    '["<role:app>","arn:aws:iam::<account:main>:role/<role-name:app>-2"]',
  ],
  ['add-principal', 'trust', trust({}), '["pods.eks.amazonaws.com","ec2.amazonaws.com"]'],
  [
    'add-principal',
    'trust',
    policy({ Effect: 'Allow', Principal: { Federated: '<provider-arn:c1>' }, Action: 'sts:AssumeRoleWithWebIdentity' }),
    '<issuer:c2>',
  ],
  [
    'any-value-deny',
    'resource',
    deny({ Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } }),
    '"ForAnyValue:StringNotEquals"',
  ],
  ['lose-tag-session', 'trust', trust({}, ['sts:AssumeRole', 'sts:TagSession']), '"Action":"sts:AssumeRole"'],
  [
    'lose-list-bucket',
    'identity',
    policy(
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
    ),
    '"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]',
  ],
];

describe('operators of loosening', () => {
  for (const [operator, kind, document, ...expected] of CASES)
    it(`${operator}: ${JSON.stringify(document).slice(38, 140)} becomes ${expected.length} documents`, () => {
      const changed = changesOf(document, kind)
        .filter((change) => change.operator === operator)
        .map((change) => JSON.stringify(change.apply(document)));
      expect(changed).to.have.length(expected.length);
      for (const part of expected)
        expect(
          changed.some((json) => json.includes(part)),
          part,
        ).to.equal(true);
    });

  it('have a case each, and a public source', () => {
    expect(new Set(CASES.map(([operator]) => operator))).to.deep.equal(new Set(Object.keys(OPERATORS)));
    for (const { source } of Object.values(OPERATORS)) expect(source.url).to.match(/^https:\/\//);
  });

  it('leave the document unchanged, and change each into another one', () => {
    for (const [, kind, document] of CASES) {
      const before = JSON.stringify(document);
      const all = changesOf(document, kind).map((change) => JSON.stringify(change.apply(document)));
      expect(new Set([before, ...all]).size).to.equal(all.length + 1);
      expect(JSON.stringify(document)).to.equal(before);
    }
  });

  it('change a resolved document as they change the one with placeholders', () => {
    const cluster = (name: string) => ({
      name: `run-${name}`,
      arn: `arn:aws:eks:us-west-2:111122223333:cluster/run-${name}`,
      issuer: `oidc.example.com/id/${name}`,
      providerArn: `arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/${name}`,
    });
    const names = new Names(aScenario(), { run: 'c1', accountId: () => '111122223333', cluster });
    for (const [, kind, document] of CASES) {
      const resolved = names.expandAll(document);
      for (const change of changesOf(document, kind))
        expect(change.apply(resolved), change.text).to.deep.equal(names.expandAll(change.apply(document)));
    }
  });

  it('do not change what IAM rejects', () => {
    expect(changesOf(policy({ Effect: 'Allow', Action: 'GetObject', Resource: '*' }), 'identity')).to.deep.equal([]);
  });
});
