import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { allow, deny, forPrincipal, trustPodIdentity, trustRole, trustWebIdentity } from './policy.ts';
import type { ScenarioSpec } from './spec.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { Names } from './names.ts';

const sources = {
  run: 'crun',
  accountId: (alias: 'main' | 'other') => (alias === 'main' ? '111122223333' : '444455556666'),
  cluster: (alias: string) =>
    alias === 'c1'
      ? {
          name: 'crun-c1',
          arn: 'arn:aws:eks:us-west-2:111122223333:cluster/crun-c1',
          issuer: 'oidc.example/c1',
          providerArn: 'arn:provider',
        }
      : undefined,
};
const names = (spec: Partial<ScenarioSpec> = {}): Names => new Names(aScenario(spec), sources);

describe('the names of a scenario', () => {
  for (const [text, expanded] of [
    ['<namespace:red>', 'ab-01-red-crun'],
    ['<bucket:data>', 'conformance-crun-ab-01-data'],
    ['<role:app>', 'arn:aws:iam::111122223333:role/conformance-crun-ab-01-app'],
    ['<role-name:app>', 'conformance-crun-ab-01-app'],
    ['<cluster:c1>/<cluster-arn:c1>', 'crun-c1/arn:aws:eks:us-west-2:111122223333:cluster/crun-c1'],
    ['<region:c1>', 'us-west-2'],
    ['<issuer:c1>:sub <provider-arn:c1>', 'oidc.example/c1:sub arn:provider'],
    ['<account:main> <account:other>', '111122223333 444455556666'],
    ['no name, <not one>, a<b and ${aws:x}', 'no name, <not one>, a<b and ${aws:x}'],
  ] as const)
    it(`expand "${text}"`, () => expect(names().expand(text)).to.equal(expanded));

  for (const text of ['<pod:red>', '<association-id:red>', '<cluster:c2>', '<nonsense:x>', '<constructor:x>'])
    it(`reject ${text} while it is unknown`, () =>
      expect(() => names().expand(text)).to.throw(HarnessError, `AB-01: ${text} is unknown at this point`));

  it('include names that are learned later', () => {
    const some = names();
    some.learn('pod:red', 'red-1');
    expect(some.expand('of <pod:red>')).to.equal('of red-1');
  });

  it('expand all strings of a value, including keys', () => {
    expect(names().expandAll({ '<issuer:c1>:aud': ['<cluster:c1>', 1, null, { a: true }] })).to.deep.equal({
      'oidc.example/c1:aud': ['crun-c1', 1, null, { a: true }],
    });
  });

  it('stay as written with exactNames, except those of roles', () => {
    const exact = names({ exactNames: true });
    expect([exact.namespace('red'), exact.bucket('data'), exact.roleName('app')]).to.deep.equal([
      'red',
      'data',
      'conformance-crun-ab-01-app',
    ]);
  });

  it('include the account of a role', () => {
    const other = names({ roles: { app: { trust: [trustPodIdentity()], account: 'other' } } });
    expect(other.roleArn('app')).to.equal('arn:aws:iam::444455556666:role/conformance-crun-ab-01-app');
  });

  for (const [resource, arn] of [
    ['data/red/*', 'arn:aws:s3:::conformance-crun-ab-01-data/red/*'],
    ['data', 'arn:aws:s3:::conformance-crun-ab-01-data'],
    ['data/${aws:PrincipalTag/x}/*', 'arn:aws:s3:::conformance-crun-ab-01-data/${aws:PrincipalTag/x}/*'],
    ['data/<namespace:red>/key', 'arn:aws:s3:::conformance-crun-ab-01-data/ab-01-red-crun/key'],
    ['*', '*'],
    ['arn:aws:s3:::other/<cluster:c1>', 'arn:aws:s3:::other/crun-c1'],
    ['<role:app>', 'arn:aws:iam::111122223333:role/conformance-crun-ab-01-app'],
  ] as const)
    it(`give the ARN of ${resource}`, () => expect(names().resourceArn(resource)).to.equal(arn));

  it('give the real bucket and key of an object', () =>
    expect(names().place('data/a/<cluster:c1>')).to.deep.equal({
      bucket: 'conformance-crun-ab-01-data',
      key: 'a/crun-c1',
    }));

  it('are replaced in a permission policy', () => {
    const text = names().policyText([
      allow('s3:GetObject', ['data/*', '*'], { StringEquals: { 'aws:x': '<cluster:c1>' } }),
      forPrincipal('<role:app>', deny(['s3:*'], 'data')),
      forPrincipal('*', allow('s3:ListBucket', 'data')),
    ]);
    expect(JSON.parse(text)).to.deep.equal({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:GetObject'],
          Resource: ['arn:aws:s3:::conformance-crun-ab-01-data/*', '*'],
          Condition: { StringEquals: { 'aws:x': 'crun-c1' } },
        },
        {
          Effect: 'Deny',
          Principal: { AWS: 'arn:aws:iam::111122223333:role/conformance-crun-ab-01-app' },
          Action: ['s3:*'],
          Resource: ['arn:aws:s3:::conformance-crun-ab-01-data'],
        },
        {
          Effect: 'Allow',
          Principal: '*',
          Action: ['s3:ListBucket'],
          Resource: ['arn:aws:s3:::conformance-crun-ab-01-data'],
        },
      ],
    });
  });

  it('are replaced in a trust policy', () => {
    const text = names().policyText([trustPodIdentity(), trustWebIdentity({ subject: 'red/app' }), trustRole('app')]);
    const { Statement } = JSON.parse(text) as { Statement: Record<string, unknown>[] };
    expect(Statement.map(({ Principal }) => Principal)).to.deep.equal([
      { Service: 'pods.eks.amazonaws.com' },
      { Federated: 'arn:provider' },
      { AWS: 'arn:aws:iam::111122223333:role/conformance-crun-ab-01-app' },
    ]);
    expect(Statement[1]?.['Condition']).to.deep.equal({
      StringEquals: {
        'oidc.example/c1:aud': 'sts.amazonaws.com',
        'oidc.example/c1:sub': 'system:serviceaccount:ab-01-red-crun:app',
      },
    });
  });

  it("are the only change in a user's document", () => {
    const document = { Version: '2012-10-17', Id: '<cluster:c1>' };
    expect(JSON.parse(names().policyText({ document, from: 'x' }))).to.deep.equal({ ...document, Id: 'crun-c1' });
  });
});
