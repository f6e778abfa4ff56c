import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { executed } from '../../test/support/executed.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';

const ARN = 'arn:aws:iam::111122223333:role/r';
const TRUST = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'] },
  ],
};
const statement = (Effect: string, more: object = {}) => ({ Effect, Action: 's3:*', Resource: '*', ...more });
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const ALLOW = policy(statement('Allow'));
const DENY = policy(statement('Deny'));
const DENY_BY_TAG = policy(
  statement('Allow'),
  statement('Deny', { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'red' } } }),
);

/** Writes a file, and returns its path. */
function file(name: string, content: object | string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

type Resource = readonly [address: string, values: object, unknown?: object];
/** Returns a plan with an association of p/a with a role. */
function plan(
  role: Resource[1],
  {
    unknown = {},
    association = {},
    more = [],
    top = {},
    document = ALLOW,
  }: { unknown?: object; association?: object; more?: readonly Resource[]; top?: object; document?: object } = {},
): string[] {
  const all: readonly Resource[] = [
    ['aws_iam_role.r', { name: 'r', arn: ARN, assume_role_policy: JSON.stringify(TRUST), ...role }, unknown],
    ['aws_iam_role_policy.p', { name: 'p', role: 'r', policy: JSON.stringify(document) }],
    [
      'aws_eks_pod_identity_association.a',
      { cluster_name: 'c', namespace: 'p', service_account: 'a', role_arn: ARN },
      association,
    ],
    ...more,
  ];
  const resources = all.map(([address, values]) => ({ address, mode: 'managed', type: address.split('.')[0], values }));
  const changes = all.map(([address, , after]) => ({ address, change: { after_unknown: after ?? {} } }));
  const content = {
    format_version: '1.2',
    planned_values: { root_module: { resources } },
    resource_changes: changes,
    ...top,
  };
  return ['--terraform', file('plan.json', content)];
}

/** Returns a template with an association of p/a with a role. */
function template(resources: object, top: object = {}, role: object = {}, association: object = {}): string[] {
  const Properties = {
    AssumeRolePolicyDocument: TRUST,
    Policies: [{ PolicyName: 'p', PolicyDocument: ALLOW }],
    ...role,
  };
  const A = {
    ClusterName: 'c',
    Namespace: 'p',
    ServiceAccount: 'a',
    RoleArn: { 'Fn::GetAtt': ['R', 'Arn'] },
    ...association,
  };
  const own = {
    R: { Type: 'AWS::IAM::Role', Properties },
    A: { Type: 'AWS::EKS::PodIdentityAssociation', Properties: A },
  };
  return ['--template', file('template.json', { Resources: { ...own, ...resources }, ...top })];
}
const denied = (Type: string, properties: object): object => ({
  Type,
  Properties: { PolicyDocument: DENY, PolicyName: 'd', ...properties },
});

/** Pods of service account p/a. */
const pods = (spec: object, labels: object = {}): string[] => [
  '--manifest',
  file('pod.json', {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'p', labels } },
    spec: { serviceAccountName: 'a', containers: [{ name: 'app', image: 'app' }], ...spec },
  }),
];
const KEYS = [
  { name: 'AWS_ACCESS_KEY_ID', value: 'x' },
  { name: 'AWS_SECRET_ACCESS_KEY', value: 'y' },
];

/** What a reader could drop in silence, and so answer "allowed". */
const CASES: readonly (readonly [title: string, args: () => readonly string[], code: number])[] = [
  ['a plan that says all', () => plan({}), 0],
  ['a template that says all', () => template({}), 0],
  ['a plan that is not complete', () => plan({}, { top: { complete: false } }), 3],
  ['default tags of the provider', () => plan({ tags_all: { team: 'red' } }, { document: DENY_BY_TAG }), 1],
  ['tags that are known after apply', () => plan({}, { unknown: { tags: true }, document: DENY_BY_TAG }), 3],
  ['session tags that may be off', () => plan({}, { association: { disable_session_tags: true } }), 3],
  [
    'pods of Terraform',
    () => plan({}, { more: [['kubernetes_deployment_v1.d', { spec: [{ service_account_name: 'a' }] }]] }),
    3,
  ],
  [
    'an attachment to a role that is known in part',
    () =>
      plan(
        {},
        {
          more: [
            [
              'aws_iam_policy_attachment.x',
              { roles: ['q'], policy_arn: 'arn:aws:iam::aws:policy/X' },
              { roles: [false, true] },
            ],
          ],
        },
      ),
    3,
  ],
  [
    'a bucket with a KMS key',
    () =>
      plan(
        {},
        {
          more: [
            ['aws_s3_bucket.b', { bucket: 'data' }],
            [
              'aws_s3_bucket_server_side_encryption_configuration.e',
              { bucket: 'data', rule: [{ apply_server_side_encryption_by_default: [{ sse_algorithm: 'aws:kms' }] }] },
            ],
          ],
        },
      ),
    3,
  ],
  [
    'a policy attached by Fn::Sub',
    () => template({ D: denied('AWS::IAM::Policy', { Roles: [{ 'Fn::Sub': '${R}' }] }) }),
    1,
  ],
  [
    'a policy attached by Fn::Select',
    () => template({ D: denied('AWS::IAM::RolePolicy', { RoleName: { 'Fn::Select': [0, [{ Ref: 'R' }]] } }) }),
    1,
  ],
  [
    'a policy attached to a parameter',
    () =>
      template({ D: denied('AWS::IAM::Policy', { Roles: [{ Ref: 'N' }] }) }, { Parameters: { N: { Type: 'String' } } }),
    3,
  ],
  ['a transform', () => template({}, { Transform: 'AWS::LanguageExtensions' }), 3],
  ['a loop', () => template({ 'Fn::ForEach::P': ['x', ['a'], {}] }), 3],
  [
    'session tags by a parameter',
    () => template({}, { Parameters: { D: { Type: 'String' } } }, {}, { DisableSessionTags: { Ref: 'D' } }),
    3,
  ],
  [
    'tags by a parameter',
    () =>
      template(
        {},
        { Parameters: { T: { Type: 'String' } } },
        { Tags: [{ Key: 'team', Value: { Ref: 'T' } }], Policies: [{ PolicyName: 'p', PolicyDocument: DENY_BY_TAG }] },
      ),
    3,
  ],
  [
    'pods that the webhook leaves out',
    () => [...plan({}), ...pods({}, { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' })],
    1,
  ],
  ['pods on Windows', () => [...plan({}), ...pods({ nodeSelector: { 'kubernetes.io/os': 'windows' } })], 1],
  ['pods on Fargate', () => [...plan({}), ...pods({}, { 'eks.amazonaws.com/fargate-profile': 'x' })], 1],
  [
    'keys of a sidecar',
    () => [...plan({}), ...pods({ initContainers: [{ name: 'side', restartPolicy: 'Always', env: KEYS }] })],
    3,
  ],
];

describe('can with files that it cannot read as a whole', () => {
  for (const [title, args, code] of CASES)
    it(`exits with ${code} for ${title}`, async () => {
      const bucket = title === 'a bucket with a KMS key' ? [] : ['--bucket', 'none'];
      const result = await executed('can', ['p/a', 's3:GetObject', 'arn:aws:s3:::data/1', ...args(), ...bucket]);
      expect(result.code, result.out + result.err).to.equal(code);
    });

  it('finds the policy of a bucket whose name is a parameter', async () => {
    const files = template(
      {
        B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { Ref: 'N' } } },
        P: {
          Type: 'AWS::S3::BucketPolicy',
          Properties: { Bucket: { Ref: 'N' }, PolicyDocument: policy(statement('Deny', { Principal: '*' })) },
        },
      },
      { Parameters: { N: { Type: 'String', Default: 'data' } } },
    );
    expect((await executed('can', ['p/a', 's3:GetObject', 'arn:aws:s3:::data/1', ...files])).code).to.equal(1);
  });
});
