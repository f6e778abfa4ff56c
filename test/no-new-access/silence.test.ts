import { expect } from 'chai';
import { compareAccess } from '../../identity/new-access/compare.ts';
import { sideOf } from '../../identity/new-access/files.ts';
import { ACCOUNT, roleArn } from './worlds.ts';

const OTHER = '444455556666';
const policy = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string, Resource: string | readonly string[] = '*', Condition?: object) => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...(Condition && { Condition }),
});
const trust = (Principal: object, Action: string | readonly string[] = 'sts:AssumeRole', Condition?: object) =>
  policy({ Effect: 'Allow', Principal, Action, ...(Condition && { Condition }) });
const EC2 = trust({ Service: 'ec2.amazonaws.com' });
const PODS = trust({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']);
const IRSA = trust(
  { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE` },
  'sts:AssumeRoleWithWebIdentity',
);
const READ = allow('s3:GetObject', 'arn:aws:s3:::data/*');

type Files = Readonly<Record<string, object | string>>;
const folder = (statements: readonly object[], assume: object = EC2): Files => ({
  'app/trust.json': assume,
  'app/permissions.json': policy(...statements),
});
const state = (...resources: readonly (readonly [type: string, name: string, values: object])[]): Files => ({
  'state.json': {
    ...{ format_version: '1.0', terraform_version: '1.9.0' },
    values: {
      root_module: {
        resources: [['aws_iam_role', 'app', roleValues({})] as const, ...resources].map(([type, name, values]) => ({
          ...{ address: `${type}.${name}`, mode: 'managed', type, name, values },
        })),
      },
    },
  },
});
const roleValues = (more: object) => ({
  ...{ name: 'app', arn: roleArn('app'), path: '/', assume_role_policy: JSON.stringify(EC2) },
  ...more,
});
const template = (Resources: object): Files => ({
  'template.json': { AWSTemplateFormatVersion: '2010-09-09', Resources },
});
const serviceAccount = (role: string): string =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: app\n  namespace: web\n  annotations:\n    eks.amazonaws.com/role-arn: ${role}\n`;
const podRole = (name: string, statement: object) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    ...{ RoleName: name, AssumeRolePolicyDocument: PODS },
    Policies: [{ PolicyName: 'p', PolicyDocument: policy(statement) }],
  },
});
const association = (cluster: string, role: string) => ({
  Type: 'AWS::EKS::PodIdentityAssociation',
  Properties: {
    ...{ ClusterName: { 'Fn::ImportValue': cluster }, Namespace: 'n', ServiceAccount: 's' },
    RoleArn: roleArn(role),
  },
});
const ackAssociation = (role: string): string =>
  `apiVersion: eks.services.k8s.aws/v1alpha1\nkind: PodIdentityAssociation\nmetadata:\n  name: web\nspec:\n  clusterName: prod\n  namespace: web\n  serviceAccount: app\n  ${role}\n`;
const ROLES = { Low: podRole('low', READ), High: podRole('high', allow('*')) };
const principalArn = (...roles: readonly string[]) =>
  trust({ AWS: ACCOUNT }, 'sts:AssumeRole', { ArnLike: { 'aws:PrincipalArn': roles.map(roleArn) } });
const bucket = (properties: object) => template({ Data: { Type: 'AWS::S3::Bucket', Properties: properties } });

/** Changes that give access, or may, in ways that a comparison of roles and their own resources does not see. */
const CASES: readonly (readonly [title: string, before: Files, after: Files])[] = [
  ...[
    `arn:aws:sqs:us-east-1:${OTHER}:orders`,
    `arn:aws:iam::${OTHER}:role/deploy`,
    `arn:aws:kms:us-east-1:${OTHER}:key/x`,
  ].map((arn): (typeof CASES)[number] => [
    `a grant on ${arn}`,
    folder([READ]),
    folder([READ, allow(`${arn.split(':')[2] === 'iam' ? 'sts' : arn.split(':')[2]}:*`, arn)]),
  ]),
  [
    'aws:ResourceAccount is dropped',
    folder([allow('s3:GetObject', '*', { StringEquals: { 'aws:ResourceAccount': ACCOUNT } })]),
    folder([allow('s3:GetObject')]),
  ],
  [
    'a grant in another partition',
    folder([allow('s3:GetObject', 'arn:aws-us-gov:s3:::data/*')]),
    folder([allow('s3:*', 'arn:aws-us-gov:s3:::*')]),
  ],
  ['a second role in aws:PrincipalArn', folder([READ], principalArn('ci')), folder([READ], principalArn('ci', 'dev'))],
  [
    'a user name more',
    folder([READ], trust({ AWS: ACCOUNT }, 'sts:AssumeRole', { StringEquals: { 'aws:username': 'a' } })),
    folder([READ], trust({ AWS: ACCOUNT }, 'sts:AssumeRole', { StringEquals: { 'aws:username': ['a', 'b'] } })),
  ],
  [
    'a grant by the name of the session',
    folder([READ]),
    folder([READ, allow('s3:PutObject', '*', { StringLike: { 'aws:userid': '*:admin' } })]),
  ],
  [
    'a grant by a tag of the role to assume',
    folder([READ]),
    folder([READ, allow('sts:AssumeRole', '*', { StringEquals: { 'iam:ResourceTag/team': 'a' } })]),
  ],
  [
    'the account of an annotation',
    { ...folder([READ], IRSA), 'sa.yaml': serviceAccount(roleArn('app')) },
    { ...folder([READ], IRSA), 'sa.yaml': serviceAccount(`arn:aws:iam::${OTHER}:role/app`) },
  ],
  [
    'another role in roleRef of an association of ACK',
    { ...folder([READ], PODS), 'web.yaml': ackAssociation('roleRef: { from: { name: low } }') },
    { ...folder([READ], PODS), 'web.yaml': ackAssociation('roleRef: { from: { name: high } }') },
  ],
  [
    'the association of one of two clusters without a known name',
    template({ ...ROLES, A: association('dev', 'low'), B: association('prod', 'low') }),
    template({ ...ROLES, A: association('dev', 'high'), B: association('prod', 'low') }),
  ],
  [
    'one of two folders with a role of the same name',
    { ...folder([allow('s3:*')]), 'b/app/trust.json': EC2, 'b/app/permissions.json': policy(READ) },
    { 'b/app/trust.json': EC2, 'b/app/permissions.json': policy(allow('s3:*')) },
  ],
  [
    'a policy for a role outside of the files',
    state(),
    state(['aws_iam_role_policy', 'q', { role: 'elsewhere', name: 'q', policy: JSON.stringify(policy(allow('*'))) }]),
  ],
  [
    'a managed policy that no role of the files has',
    template({ P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policy(READ) } } }),
    template({ P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policy(allow('*')) } } }),
  ],
  [
    'a policy inside of the properties of a table',
    template({ T: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 't' } } }),
    template({
      T: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          ...{ TableName: 't' },
          ResourcePolicy: { PolicyDocument: policy({ ...allow('dynamodb:*'), Principal: { AWS: OTHER } }) },
        },
      },
    }),
  ],
  [
    'an access control list',
    state(['aws_s3_bucket', 'b', { bucket: 'b' }]),
    state(['aws_s3_bucket', 'b', { bucket: 'b', acl: 'public-read' }]),
  ],
  [
    'public access is no longer blocked',
    bucket({ PublicAccessBlockConfiguration: { BlockPublicPolicy: true } }),
    bucket({}),
  ],
  [
    'a key policy is removed',
    state(
      [
        'aws_kms_key_policy',
        'k',
        { key_id: 'k', policy: JSON.stringify(policy({ ...allow('kms:*'), Principal: { AWS: roleArn('x') } })) },
      ],
      ['aws_iam_role_policy', 'p', { role: 'app', name: 'p', policy: JSON.stringify(policy(allow('kms:*'))) }],
    ),
    state(['aws_iam_role_policy', 'p', { role: 'app', name: 'p', policy: JSON.stringify(policy(allow('kms:*'))) }]),
  ],
  [
    'a managed policy next to an Allow of everything with a Deny',
    state([
      'aws_iam_role_policy',
      'p',
      { role: 'app', name: 'p', policy: JSON.stringify(policy(allow('*'), { ...allow('s3:*'), Effect: 'Deny' })) },
    ]),
    state(
      ['aws_iam_role_policy', 'p', { role: 'app', name: 'p', policy: JSON.stringify(policy(allow('ec2:*'))) }],
      [
        'aws_iam_role_policy_attachment',
        'q',
        { role: 'app', policy_arn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' },
      ],
    ),
  ],
  ...['removed', 'detached'].map((title): (typeof CASES)[number] => {
    const scp = (TargetIds: readonly string[]) => ({
      Guard: {
        Type: 'AWS::Organizations::Policy',
        Properties: {
          Name: 'a',
          Type: 'SERVICE_CONTROL_POLICY',
          TargetIds,
          Content: policy({ ...READ, Effect: 'Deny' }),
        },
      },
    });
    const role = { App: podRole('app', READ) };
    return [
      `a service control policy of a template is ${title}`,
      template({ ...role, ...scp([ACCOUNT]) }),
      template({ ...role, ...(title === 'detached' && scp([])) }),
    ];
  }),
  [
    'a service control policy of a plan is removed',
    state([
      'aws_organizations_policy',
      'guard',
      { name: 'a', content: JSON.stringify(policy({ ...READ, Effect: 'Deny' })) },
    ]),
    state(),
  ],
  [
    'a service control policy of a plan is attached to other targets',
    state(['aws_organizations_policy_attachment', 'guard', { policy_id: 'p-1', target_id: ACCOUNT }]),
    state(['aws_organizations_policy_attachment', 'guard', { policy_id: 'p-1', target_id: OTHER }]),
  ],
];

describe('no-new-access is not silent about', () => {
  const side = (files: Files) =>
    sideOf(
      Object.entries(files).map(([path, content]) => ({
        ...{ path, text: typeof content === 'string' ? content : JSON.stringify(content, undefined, 1) },
      })),
      { accountId: ACCOUNT, region: 'us-west-2' },
    );

  for (const [title, before, after] of CASES)
    it(title, () => {
      const { changes, undecided } = compareAccess(side(before), side(after));
      const all = [...changes.filter(({ newly }) => newly === 'allowed'), ...undecided];
      expect(all).to.not.have.length(0);
      const same = compareAccess(side(after), side(after));
      expect([...same.changes, ...same.undecided]).to.deep.equal([]);
    });

  it('compareAccess: an association of ACK in a manifest gives its service account the role', () => {
    const role = folder([READ], PODS);
    const after = { ...role, 'web.yaml': ackAssociation(`roleARN: ${roleArn('app')}`) };
    const { changes, undecided } = compareAccess(side(role), side(after));
    expect(undecided).to.deep.equal([]);
    expect(changes.map(({ newly, subject }) => [newly, subject])).to.deep.equal([
      ['allowed', 'web/app in cluster prod'],
    ]);
  });
});
