/** What a repository declares, in short. Renderers write it as files of each form. */
export interface World {
  readonly roles?: Readonly<Record<string, RoleSpec>>;
  readonly associations?: readonly AssociationSpec[];
  /** Roles of annotated service accounts by `namespace/name`. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Policies of buckets, queues, topics, keys and secrets by `type name`. */
  readonly resources?: Readonly<Record<string, object | undefined>>;
  /** Further Terraform resources or files by their address or path, as they are. */
  readonly more?: Readonly<Record<string, object | string>>;
}
export interface RoleSpec {
  readonly trust: object;
  readonly inline?: Readonly<Record<string, object>>;
  readonly managed?: readonly string[];
  readonly boundary?: object;
  readonly tags?: Readonly<Record<string, string>>;
}
interface AssociationSpec {
  readonly account: string;
  readonly role: string;
  readonly cluster?: string;
  readonly policy?: object;
  readonly target?: string;
  readonly disableSessionTags?: boolean;
}

export const ACCOUNT = '111122223333';
export const roleArn = (name: string): string =>
  name.startsWith('arn:') ? name : `arn:aws:iam::${ACCOUNT}:role/${name}`;
const text = (document: object): string => JSON.stringify(document);
const parts = (account: string): [string, string] => account.split('/') as [string, string];

/** Resource types by the first word of a resource's name: the type, its name's attribute, and the type of its policy. */
const TERRAFORM: Readonly<Record<string, readonly [string, string, string, string]>> = {
  bucket: ['aws_s3_bucket', 'bucket', 'aws_s3_bucket_policy', 'bucket'],
  queue: ['aws_sqs_queue', 'name', 'aws_sqs_queue_policy', 'queue_url'],
  topic: ['aws_sns_topic', 'name', 'aws_sns_topic_policy', 'arn'],
  secret: ['aws_secretsmanager_secret', 'name', 'aws_secretsmanager_secret_policy', 'secret_arn'],
  key: ['aws_kms_key', 'description', 'aws_kms_key_policy', 'key_id'],
};
export const arnOf = (type: string, name: string): string =>
  ({
    bucket: `arn:aws:s3:::${name}`,
    queue: `arn:aws:sqs:us-west-2:${ACCOUNT}:${name}`,
    topic: `arn:aws:sns:us-west-2:${ACCOUNT}:${name}`,
    secret: `arn:aws:secretsmanager:us-west-2:${ACCOUNT}:secret:${name}-AbCdEf`,
    key: `arn:aws:kms:us-west-2:${ACCOUNT}:key/${name}`,
  })[type] ?? name;

function terraformResources(world: World): object[] {
  const one = (type: string, name: string, values: object): object => ({
    ...{ address: `${type}.${name.replaceAll(/\W/g, '_')}`, mode: 'managed', type, values },
  });
  const roles = Object.entries(world.roles ?? {}).flatMap(
    ([name, { trust, inline = {}, managed = [], boundary, tags }]) => [
      one('aws_iam_role', name, {
        ...{ name, arn: roleArn(name), path: '/', assume_role_policy: text(trust), ...(tags && { tags }) },
        ...(boundary && { permissions_boundary: `arn:aws:iam::${ACCOUNT}:policy/${name}-boundary` }),
      }),
      ...(boundary
        ? [
            one('aws_iam_policy', `${name}_boundary`, {
              name: `${name}-boundary`,
              arn: `arn:aws:iam::${ACCOUNT}:policy/${name}-boundary`,
              policy: text(boundary),
            }),
          ]
        : []),
      ...Object.entries(inline).map(([policy, document]) =>
        one('aws_iam_role_policy', `${name}_${policy}`, { name: policy, role: name, policy: text(document) }),
      ),
      ...managed.map((arn) =>
        one('aws_iam_role_policy_attachment', `${name}_${arn.split('/').at(-1)}`, { role: name, policy_arn: arn }),
      ),
    ],
  );
  const associations = (world.associations ?? []).map(
    ({ account, role, cluster = 'production', policy, target, disableSessionTags = false }) =>
      one('aws_eks_pod_identity_association', `${cluster}_${account}`, {
        ...{
          cluster_name: cluster,
          namespace: parts(account)[0],
          service_account: parts(account)[1],
          role_arn: roleArn(role),
        },
        ...{ disable_session_tags: disableSessionTags, ...(policy && { policy: text(policy) }) },
        ...(target && { target_role_arn: roleArn(target) }),
      }),
  );
  const accounts = Object.entries(world.accounts ?? {}).map(([account, role]) =>
    one('kubernetes_service_account', account, {
      metadata: [
        {
          namespace: parts(account)[0],
          name: parts(account)[1],
          annotations: { 'eks.amazonaws.com/role-arn': roleArn(role) },
        },
      ],
    }),
  );
  const resources = Object.entries(world.resources ?? {}).flatMap(([key, policy]) => {
    const [type = '', name = ''] = key.split(' ');
    const [resource, nameOf, policyType, reference] = TERRAFORM[type]!;
    const url = `https://sqs.us-west-2.amazonaws.com/${ACCOUNT}/${name}`;
    const id = { bucket: name, queue: url, key: name }[type] ?? arnOf(type, name);
    return [
      one(resource, name, {
        [nameOf]: name,
        arn: arnOf(type, name),
        id,
        ...(type === 'queue' && { url }),
        ...(type === 'key' && { key_id: name }),
      }),
      ...(policy ? [one(policyType, name, { [reference]: id, policy: text(policy) })] : []),
    ];
  });
  const more = Object.entries(world.more ?? {}).map(([address, values]) =>
    one(address.split('.')[0]!, address.split('.')[1]!, values as object),
  );
  return [...roles, ...associations, ...accounts, ...resources, ...more];
}

const CALLER = {
  address: 'data.aws_caller_identity.this',
  mode: 'data',
  type: 'aws_caller_identity',
  values: { account_id: ACCOUNT },
};

/** A state in the form of `terraform show -json`. */
export const terraformState = (world: World): object => ({
  ...{ format_version: '1.0', terraform_version: '1.11.4' },
  values: { root_module: { resources: [CALLER, ...terraformResources(world)] } },
});

/** One plan with both sides. */
export const terraformPlan = (before: World, after: World): object => ({
  ...{ format_version: '1.2', terraform_version: '1.11.4', configuration: { root_module: {} } },
  planned_values: { root_module: { resources: terraformResources(after) } },
  prior_state: terraformState(before),
});

/** A template of CloudFormation. */
export function template(world: World): object {
  const id = (name: string): string => name.replaceAll(/\W/g, '');
  const entries: [string, object][] = [
    ...Object.entries(world.roles ?? {}).flatMap(
      ([name, { trust, inline = {}, managed, boundary, tags = {} }]): [string, object][] => [
        [
          id(name),
          {
            Type: 'AWS::IAM::Role',
            Properties: {
              RoleName: name,
              AssumeRolePolicyDocument: trust,
              Policies: Object.entries(inline).map(([PolicyName, PolicyDocument]) => ({ PolicyName, PolicyDocument })),
              ...(managed && { ManagedPolicyArns: managed }),
              ...(boundary && { PermissionsBoundary: { Ref: `${id(name)}Boundary` } }),
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
            },
          },
        ],
        ...(boundary
          ? [
              [
                `${id(name)}Boundary`,
                { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: boundary } },
              ] as [string, object],
            ]
          : []),
      ],
    ),
    ...(world.associations ?? []).map(
      ({ account, role, cluster = 'production', policy, target, disableSessionTags }): [string, object] => [
        `Association${id(cluster + account)}`,
        {
          Type: 'AWS::EKS::PodIdentityAssociation',
          Properties: {
            ...{ ClusterName: cluster, Namespace: parts(account)[0], ServiceAccount: parts(account)[1] },
            RoleArn: world.roles?.[role] ? { 'Fn::GetAtt': [id(role), 'Arn'] } : roleArn(role),
            ...(policy && { Policy: text(policy) }),
            ...(target && { TargetRoleArn: roleArn(target) }),
            ...(disableSessionTags && { DisableSessionTags: true }),
          },
        },
      ],
    ),
    ...Object.entries(world.resources ?? {}).flatMap(([key, policy]): [string, object][] => {
      const [type = '', name = ''] = key.split(' ');
      const named = {
        bucket: 'S3::Bucket',
        queue: 'SQS::Queue',
        topic: 'SNS::Topic',
        secret: 'SecretsManager::Secret',
        key: 'KMS::Key',
      }[type];
      const properties = {
        bucket: { BucketName: name },
        queue: { QueueName: name },
        topic: { TopicName: name },
        secret: { Name: name },
        key: { Description: name, KeyPolicy: policy },
      }[type];
      const reference = {
        bucket: { Bucket: { Ref: id(name) } },
        queue: { Queues: [{ Ref: id(name) }] },
        topic: { Topics: [{ Ref: id(name) }] },
        secret: { SecretId: { Ref: id(name) } },
      }[type];
      const policyType = {
        bucket: 'S3::BucketPolicy',
        queue: 'SQS::QueuePolicy',
        topic: 'SNS::TopicPolicy',
        secret: 'SecretsManager::ResourcePolicy',
      }[type];
      return [
        [id(name), { Type: `AWS::${named}`, Properties: properties }],
        ...(policy && policyType
          ? [
              [
                `${id(name)}Policy`,
                {
                  Type: `AWS::${policyType}`,
                  Properties: { ...reference, [type === 'secret' ? 'ResourcePolicy' : 'PolicyDocument']: policy },
                },
              ] as [string, object],
            ]
          : []),
      ];
    }),
    ...(Object.entries(world.more ?? {}) as [string, object][]),
  ];
  return { AWSTemplateFormatVersion: '2010-09-09', Resources: Object.fromEntries(entries) };
}

/** Files of a folder: a folder for each role with its policies, and manifests. */
export function folder(world: World): Readonly<Record<string, string>> {
  const files: [string, string][] = [
    ...Object.entries(world.roles ?? {}).flatMap(([name, { trust, inline = {}, boundary }]): [string, string][] => [
      [`roles/${name}/trust.json`, text(trust)],
      ...Object.entries(inline).map(([policy, document]): [string, string] => [
        `roles/${name}/${policy}.json`,
        text(document),
      ]),
      ...(boundary ? [[`roles/${name}/boundary.json`, text(boundary)] as [string, string]] : []),
    ]),
    ...Object.entries(world.accounts ?? {}).map(([account, role]): [string, string] => [
      `manifests/${account.replace('/', '-')}.yaml`,
      `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  namespace: ${parts(account)[0]}\n  name: ${parts(account)[1]}\n  annotations:\n    eks.amazonaws.com/role-arn: ${roleArn(role)}\n`,
    ]),
    ...Object.entries(world.resources ?? {}).flatMap(([key, policy]): [string, string][] =>
      policy ? [[`resources/${key.replace(' ', '-')}.json`, text(policy)]] : [],
    ),
    ...(Object.entries(world.more ?? {}) as [string, string][]),
  ];
  return Object.fromEntries(files);
}
