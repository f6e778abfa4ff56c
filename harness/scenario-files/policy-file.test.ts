import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { policyFile, roleFile } from './policy-file.ts';

describe('policyFile', () => {
  const file = join(temporaryFolder(), 'policy.json');
  const cluster = 'arn:aws:eks:us-west-2:111122223333:cluster/production';
  before(() =>
    writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: [], Id: `${cluster} 111122223333` })),
  );

  for (const keys of [
    ['111122223333', cluster],
    [cluster, '111122223333'],
  ])
    it(`replaces the longest key first in any order: ${keys[0]}`, () => {
      const replace = Object.fromEntries(
        keys.map((key) => [key, key === cluster ? '<cluster-arn:c1>' : '<account:main>']),
      );
      expect(policyFile(file, { replace }).document['Id']).to.equal('<cluster-arn:c1> <account:main>');
    });

  it('replaces no text twice', () => {
    const replace = { production: '111122223333', '111122223333': 'x' };
    expect(policyFile(file, { replace }).document['Id']).to.equal('arn:aws:eks:us-west-2:x:cluster/111122223333 x');
  });

  it('accepts a key that matches nothing with allowUnused', () => {
    const shared = { replace: { 'cluster/prodution': '<cluster:c1>', production: 'p' }, allowUnused: true };
    expect(policyFile(file, shared).document['Id']).to.include('cluster/p');
  });

  it('rejects a key that matches nothing', () =>
    expect(() => policyFile(file, { replace: { 'cluster/prodution': '<cluster:c1>' } })).to.throw(
      `Policy file ${file} does not contain "cluster/prodution", which "replace" names.`,
    ));
});

const example = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const statements = (policy: unknown): unknown[] =>
  (policy as { document: { Statement: unknown[] } } | undefined)?.document.Statement ?? [];

describe('roleFile', () => {
  const folder = temporaryFolder();
  const written = (content: object): string => {
    const path = join(folder, 'file.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const policy = (...sids: readonly string[]) => ({
    Version: '2012-10-17',
    Statement: sids.map((Sid) => ({ Sid, Effect: 'Allow', Action: 's3:GetObject', Resource: '*' })),
  });
  const text = (...sids: readonly string[]): string => JSON.stringify(policy(...sids));

  for (const file of ['plan', 'state'])
    it(`reads trust and inline policy of a role from a Terraform ${file}`, () => {
      const { trust, permissions, ...rest } = roleFile(example(`terraform/${file}.json`), {
        resource: 'aws_iam_role.ledger',
      });
      expect(statements(trust)).to.have.nested.property('[0].Sid', 'PodsOfTheLedger');
      expect(statements(permissions)).to.have.nested.property('[0].Sid', 'OwnNamespace');
      expect(rest).to.deep.equal({});
    });

  it('joins the inline policies of a CDK role', () => {
    const values = {
      'Data666C94C7.Arn': 'arn:aws:s3:::data',
      'AWS::Region': 'us-west-2',
      'AWS::AccountId': '111122223333',
    };
    const role = roleFile(example('cloudformation/cdk.template.json'), { resource: 'Role1ABCC5F0', values });
    expect(statements(role.permissions)).to.have.length(2);
    expect(role.permissions).to.have.property(
      'address',
      'Role1ABCC5F0, inline policy read and RoleDefaultPolicy5FFB7DAB',
    );
  });

  const AWS_MANAGED = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';

  it('reads attached policies and the boundary of a template, and of other files by ARN', () => {
    const properties = { AssumeRolePolicyDocument: policy('Trust'), PermissionsBoundary: { Ref: 'Limit' } };
    const managed = (sid: string, more: object = {}) => ({
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { PolicyDocument: policy(sid), ...more },
    });
    const path = written({
      Resources: {
        App: {
          Type: 'AWS::IAM::Role',
          Properties: { ...properties, ManagedPolicyArns: [{ Ref: 'Read' }, AWS_MANAGED] },
        },
        Read: managed('Same'),
        List: managed('Same', { Roles: [{ Ref: 'App' }] }),
        Limit: managed('Limit'),
        Other: managed('Other', { Roles: [{ Ref: 'Another' }] }),
      },
    });
    const documents = { [AWS_MANAGED]: { document: policy('Aws'), from: 'aws.json' } };
    const role = roleFile(path, { resource: 'App', documents });
    const sids = (part: unknown): unknown[] => statements(part).map((one) => (one as { Sid?: string }).Sid);
    expect([sids(role.trust), sids(role.attached), sids(role.boundary), role.permissions]).to.deep.equal([
      ['Trust'],
      ['Same', undefined, 'Aws'],
      ['Limit'],
      undefined,
    ]);
    expect(() => roleFile(path, { resource: 'App' })).to.throw(
      `Policy file ${path} does not contain ${AWS_MANAGED} of App. Add "documents": { "${AWS_MANAGED}": policyFile(…) }.`,
    );
    expect(() => roleFile(path, { resource: 'Ap' })).to.throw(
      'has no resource "Ap" with a policy: did you mean "App"?',
    );
  });

  it('follows the references of a Terraform plan, each instance by its key', () => {
    const resource = (address: string, type: string, values: object) => ({ address, type, values });
    const role = (key: string) =>
      resource(`aws_iam_role.app["${key}"]`, 'aws_iam_role', { name: key, assume_role_policy: text('Trust') });
    const reference = (name: string) => ({ references: [`${name}.id`, name] });
    const path = written({
      format_version: '1.2',
      planned_values: {
        root_module: {
          resources: [
            role('a'),
            role('b'),
            resource('aws_iam_role_policy.own["a"]', 'aws_iam_role_policy', { policy: text('OwnA') }),
            resource('aws_iam_role_policy.own["b"]', 'aws_iam_role_policy', { policy: text('OwnB') }),
            resource('aws_iam_policy.read', 'aws_iam_policy', { policy: text('Read') }),
            resource('aws_iam_policy.limit', 'aws_iam_policy', { policy: text('Limit') }),
            resource('aws_iam_role_policy_attachment.read', 'aws_iam_role_policy_attachment', { role: 'a' }),
          ],
        },
      },
      configuration: {
        root_module: {
          resources: [
            { address: 'aws_iam_role.app', expressions: { permissions_boundary: reference('aws_iam_policy.limit') } },
            {
              address: 'aws_iam_role_policy.own',
              expressions: { role: { references: ['aws_iam_role.app', 'each.key'] } },
            },
            {
              address: 'aws_iam_role_policy_attachment.read',
              expressions: { policy_arn: reference('aws_iam_policy.read') },
            },
          ],
        },
      },
    });
    const parts = (key: string) => {
      const { permissions, attached, boundary } = roleFile(path, { resource: `aws_iam_role.app["${key}"]` });
      return [permissions, attached, boundary].map(
        (part) => (statements(part)[0] as { Sid?: string } | undefined)?.Sid,
      );
    };
    expect(parts('a')).to.deep.equal(['OwnA', 'Read', 'Limit']);
    expect(parts('b')).to.deep.equal(['OwnB', undefined, 'Limit']);
  });
});
