import {
  assumeRole,
  chain,
  denied,
  getObject,
  granted,
  listObjects,
  may,
  mayNot,
  putObject,
} from '../../harness/operations/index.ts';
import type { RawPolicy } from '../../harness/scenario/policy.ts';
import type { ScenarioSpec } from '../../harness/scenario/spec.ts';

const document = (...Statement: readonly object[]): RawPolicy => ({
  document: { Version: '2012-10-17', Statement },
  from: 'policy.json',
});
const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];
const POD_IDENTITY = { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ASSUME_AND_TAG };
const s3 = (path: string): string => `arn:aws:s3:::${path.replace(/^[^/]*/, (bucket) => `<bucket:${bucket}>`)}`;
const allow = (Action: unknown, Resource: unknown, Condition?: object): object => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});

/** EKS User Guide, "Grant Pods access to AWS resources based on tags", and the trust policy of "EKS Pod Identity role". */
const ABAC: ScenarioSpec = {
  roles: {
    app: {
      trust: document({
        ...POD_IDENTITY,
        Condition: {
          StringEquals: {
            'aws:SourceAccount': '<account:main>',
            'aws:RequestTag/kubernetes-namespace': '<namespace:red>',
          },
          ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' },
        },
      }),
      permissions: document(
        allow(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], '*', {
          StringEquals: {
            'secretsmanager:ResourceTag/kubernetes-namespace': '${aws:PrincipalTag/kubernetes-namespace}',
            'secretsmanager:ResourceTag/eks-cluster-name': '${aws:PrincipalTag/eks-cluster-name}',
          },
        }),
        allow(['s3:GetObject', 's3:PutObject'], s3('home/${aws:PrincipalTag/kubernetes-service-account}/*')),
        allow('s3:ListBucket', s3('home'), {
          StringLike: { 's3:prefix': ['${aws:PrincipalTag/kubernetes-service-account}/*'] },
        }),
        {
          Effect: 'Deny',
          Action: 's3:PutObject',
          Resource: s3('home/*'),
          Condition: { 'ForAnyValue:StringEquals': { 's3:RequestObjectTagKeys': ['owner', 'classification'] } },
        },
      ),
    },
  },
  workloads: { app: { namespace: 'red', serviceAccount: 'app', role: 'app' } },
  objects: ['home/app/notes', 'home/other/notes'],
  probes: [
    granted('app', getObject('home/app/notes')),
    denied('app', getObject('home/other/notes'), { by: 's3', code: 'AccessDenied' }),
    granted('app', listObjects('home', { prefix: 'app/' })),
  ],
};

/** IRSA with the policies of aws-load-balancer-controller, cluster-autoscaler and external-dns. */
const CONTROLLERS: ScenarioSpec = {
  roles: {
    controller: {
      trust: document({
        Effect: 'Allow',
        Principal: { Federated: '<provider-arn:c1>' },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            '<issuer:c1>:aud': 'sts.amazonaws.com',
            '<issuer:c1>:sub': 'system:serviceaccount:<namespace:kube>:controller',
          },
        },
      }),
      permissions: document(
        allow('ec2:CreateTags', 'arn:aws:ec2:*:*:security-group/*', {
          StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' },
          Null: { 'aws:RequestTag/elbv2.k8s.aws/cluster': 'false' },
        }),
        allow(['ec2:AuthorizeSecurityGroupIngress', 'ec2:DeleteSecurityGroup'], '*', {
          Null: { 'aws:ResourceTag/elbv2.k8s.aws/cluster': 'false' },
        }),
        allow(['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'], '*', {
          StringEquals: { 'aws:ResourceTag/k8s.io/cluster-autoscaler/my-cluster': 'owned' },
        }),
        allow('route53:ChangeResourceRecordSets', 'arn:aws:route53:::hostedzone/Z0123456789', {
          'ForAllValues:StringLike': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*.apps.example.com'],
          },
          'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsRecordTypes': ['A', 'TXT'] },
        }),
        allow(['route53:ListHostedZones', 'route53:ListResourceRecordSets'], '*'),
      ),
    },
  },
  workloads: { controller: { namespace: 'kube', serviceAccount: 'controller', irsa: 'controller' } },
  probes: [
    may('controller', 'route53:ListResourceRecordSets', 'arn:aws:route53:::hostedzone/Z0123456789'),
    may('controller', 'ec2:DeleteSecurityGroup', 'arn:aws:ec2:us-west-2:<account:main>:security-group/sg-1', {
      context: { 'aws:ResourceTag/elbv2.k8s.aws/cluster': 'my-cluster' },
    }),
    mayNot(
      'controller',
      'autoscaling:SetDesiredCapacity',
      'arn:aws:autoscaling:us-west-2:<account:main>:autoScalingGroup:1:autoScalingGroupName/a',
    ),
  ],
};

/** S3 User Guide, "Examples of Amazon S3 bucket policies". */
const BUCKETS: ScenarioSpec = {
  roles: {
    writer: { trust: document(POD_IDENTITY), permissions: document(allow('s3:*', [s3('lake'), s3('lake/*')])) },
  },
  workloads: {
    writer: {
      serviceAccount: 'writer',
      role: 'writer',
      context: { 'aws:SourceVpce': 'vpce-1a2b3c4d', 'aws:PrincipalOrgID': 'o-xxxxxxxxxx' },
    },
    outside: { serviceAccount: 'writer', role: 'writer', context: { 'aws:PrincipalOrgID': 'o-xxxxxxxxxx' } },
  },
  buckets: {
    lake: {
      policy: document(
        {
          Sid: 'RestrictToTLSRequestsOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [s3('lake'), s3('lake/*')],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
        {
          Sid: 'EndpointOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: ['s3:GetObject', 's3:ListBucket'],
          Resource: [s3('lake'), s3('lake/*')],
          Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } },
        },
        {
          Sid: 'OrganizationOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: s3('lake/*'),
          Condition: { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-xxxxxxxxxx' } },
        },
        {
          Sid: 'TaggedOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: s3('lake/restricted/*'),
          Condition: { StringNotEquals: { 's3:ExistingObjectTag/class': ['public', 'internal'] } },
        },
      ),
    },
  },
  objects: ['lake/a', { at: 'lake/restricted/a', tags: { class: 'public' } }],
  probes: [
    granted('writer', getObject('lake/a')),
    granted('writer', getObject('lake/restricted/a')),
    granted('writer', putObject('lake/b')),
    denied('outside', getObject('lake/a'), { by: 's3', code: 'AccessDenied' }),
  ],
};

/** IAM User Guide, "Permissions boundaries for IAM entities" and "Denies access to AWS based on the requested Region". */
const BOUNDARY: ScenarioSpec = {
  roles: {
    delegate: {
      trust: document(POD_IDENTITY),
      permissions: document(
        allow(['s3:GetObject', 's3:PutObject'], s3('team/*')),
        allow(['sqs:SendMessage', 'sqs:ReceiveMessage'], 'arn:aws:sqs:us-west-2:<account:main>:orders'),
        allow('iam:CreateUser', '*', {
          StringEquals: { 'iam:PermissionsBoundary': 'arn:aws:iam::<account:main>:policy/XCompanyBoundaries' },
        }),
      ),
      boundary: document(
        allow(['s3:GetObject', 's3:PutObject', 's3:ListBucket'], [s3('team'), s3('team/*')]),
        allow(['sqs:SendMessage', 'iam:CreateUser'], '*'),
        {
          Effect: 'Deny',
          NotAction: ['s3:*', 'iam:*'],
          Resource: '*',
          Condition: { StringNotEquals: { 'aws:RequestedRegion': ['us-west-2', 'eu-central-1'] } },
        },
        { Effect: 'Deny', Action: 's3:*', Resource: s3('team/payroll/*') },
      ),
    },
  },
  workloads: { app: { serviceAccount: 'app', role: 'delegate' } },
  objects: ['team/a', 'team/payroll/a'],
  probes: [
    granted('app', getObject('team/a')),
    denied('app', getObject('team/payroll/a'), { by: 's3', code: 'AccessDenied' }),
    may('app', 'sqs:SendMessage', 'arn:aws:sqs:us-west-2:<account:main>:orders'),
  ],
};

const KEY = 'arn:aws:kms:us-west-2:<account:main>:key/11111111-2222-3333-4444-555555555555';
const VIA = { 'kms:ViaService': 's3.us-west-2.amazonaws.com', 'kms:CallerAccount': '<account:main>' };
const keyPolicy = document(
  {
    Effect: 'Allow',
    Principal: { AWS: '<role:app>' },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: '*',
    Condition: {
      StringEquals: { ...VIA, 'kms:EncryptionContext:team': 'red' },
    },
  },
  {
    Effect: 'Deny',
    Principal: '*',
    Action: ['kms:ScheduleKeyDeletion', 'kms:Decrypt'],
    Resource: '*',
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': ['<role:app>', '<role:admin>'] } },
  },
);

/** KMS Developer Guide, "kms:ViaService" and "kms:EncryptionContext:context-key". */
const KEYS: ScenarioSpec = {
  roles: {
    app: { trust: document(POD_IDENTITY), permissions: document(allow('s3:GetObject', s3('data/*'))) },
    admin: { trust: document(POD_IDENTITY), permissions: document(allow('kms:*', '*')) },
  },
  workloads: { app: { serviceAccount: 'app', role: 'app' }, admin: { serviceAccount: 'admin', role: 'admin' } },
  probes: [
    may('app', 'kms:Decrypt', KEY, {
      resourcePolicy: keyPolicy,
      context: { ...VIA, 'kms:EncryptionContext:team': 'red' },
    }),
    mayNot('app', 'kms:Decrypt', KEY, { resourcePolicy: keyPolicy, context: { 'kms:EncryptionContext:team': 'red' } }),
  ],
};

/** S3 User Guide, "Requiring SSE-KMS for all writes to a bucket"; KMS Developer Guide, "Default key policy", "kms:ViaService". */
const ENCRYPTION: ScenarioSpec = {
  roles: {
    writer: {
      trust: document(POD_IDENTITY),
      permissions: document(
        allow(['s3:GetObject', 's3:PutObject'], s3('vault/*')),
        allow(['kms:GenerateDataKey', 'kms:Decrypt'], ['<key:vault>', '<key:spare>'], {
          StringEquals: { 'kms:ViaService': 's3.<region:c1>.amazonaws.com' },
        }),
      ),
    },
  },
  workloads: { writer: { serviceAccount: 'writer', role: 'writer' } },
  keys: {
    vault: {
      policy: document(
        {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::<account:main>:root' },
          Action: 'kms:*',
          Resource: '*',
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'kms:Decrypt',
          Resource: '*',
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': '<role:writer>' } },
        },
      ),
    },
    spare: {},
  },
  buckets: {
    vault: {
      policy: document(
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: s3('vault/*'),
          Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: s3('vault/*'),
          Condition: {
            Null: { 's3:x-amz-server-side-encryption-aws-kms-key-id': 'false' },
            ArnNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': '<key:vault>' },
          },
        },
      ),
    },
  },
  objects: ['vault/key'],
  probes: [
    granted('writer', getObject('vault/key')),
    granted('writer', putObject('vault/new', { kmsKey: 'vault' })),
    denied('writer', putObject('vault/new', { encryption: 'AES256' }), { by: 's3', code: 'AccessDenied' }),
  ],
};

/** EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"; IAM User Guide, "Access to AWS accounts owned by third parties". */
const CHAINS: ScenarioSpec = {
  roles: {
    base: {
      trust: document(POD_IDENTITY),
      permissions: document(allow(ASSUME_AND_TAG, ['<role:vendor>', '<role:target>'])),
    },
    vendor: {
      account: 'other',
      trust: document(
        {
          Effect: 'Allow',
          Principal: { AWS: '<role:base>' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'Unique-ID-Assigned-by-Example-Corp' } },
        },
        {
          Effect: 'Allow',
          Principal: { AWS: '<role:base>' },
          Action: 'sts:TagSession',
          Condition: { StringLike: { 'aws:RequestTag/kubernetes-namespace': '<namespace:red>' } },
        },
      ),
      permissions: document(
        allow('s3:GetObject', s3('reports/${aws:PrincipalTag/kubernetes-namespace}/*')),
        allow('s3:PutObject', s3('reports/inbox/*')),
      ),
    },
    target: {
      account: 'other',
      trust: document({
        Effect: 'Allow',
        Principal: { AWS: '<role:base>' },
        Action: ASSUME_AND_TAG,
        Condition: { StringEquals: { 'aws:RequestTag/kubernetes-service-account': ['worker', 'batch'] } },
      }),
      permissions: document(allow(['s3:GetObject', 's3:DeleteObject'], s3('reports/*'))),
    },
    reader: {
      trust: document(POD_IDENTITY),
      permissions: document(allow(['s3:GetObject', 's3:DeleteObject'], s3('archive/*'))),
    },
  },
  workloads: {
    app: { namespace: 'red', serviceAccount: 'app', role: 'base' },
    worker: {
      namespace: 'red',
      serviceAccount: 'worker',
      role: { role: 'base', targetRole: 'target' },
    },
    reader: {
      serviceAccount: 'reader',
      role: {
        role: 'reader',
        disableSessionTags: true,
        policy: document(allow('s3:GetObject', s3('archive/out/*'))) as never,
      },
    },
  },
  buckets: { reports: { account: 'other' } },
  objects: ['reports/<namespace:red>/a', 'reports/out/a', 'reports/inbox/a', 'archive/out/a'],
  probes: [
    granted('app', assumeRole('vendor', { externalId: 'Unique-ID-Assigned-by-Example-Corp' })),
    denied('app', assumeRole('vendor', { externalId: 'guess' }), { by: 'sts', code: 'AccessDenied' }),
    granted(
      'app',
      getObject('reports/<namespace:red>/a', {
        through: chain('vendor', { externalId: 'Unique-ID-Assigned-by-Example-Corp' }),
      }),
    ),
    granted('worker', getObject('reports/out/a')),
    granted('reader', getObject('archive/out/a')),
  ],
};

const GITHUB = 'token.actions.githubusercontent.com';
const BUILDS = 'arn:aws:sqs:us-west-2:<account:main>:builds';
const queuePolicy = document(
  {
    Effect: 'Allow',
    Principal: { AWS: '<role:ci>' },
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
    Resource: BUILDS,
  },
  {
    ...{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: BUILDS },
    Condition: {
      ArnEquals: { 'aws:SourceArn': 'arn:aws:sns:us-west-2:<account:main>:pushes' },
      StringEquals: { 'aws:SourceAccount': '<account:main>' },
    },
  },
);

/**
 * GitHub, "Configuring OpenID Connect in Amazon Web Services"; IAM User Guide, "aws:ResourceAccount", "Permissions boundaries for IAM
 * entities", "Pass session tags in AWS STS" and "The confused deputy problem".
 */
const PERIMETERS: ScenarioSpec = {
  roles: {
    ci: {
      trust: document(POD_IDENTITY, {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::<account:main>:oidc-provider/${GITHUB}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: { [`${GITHUB}:aud`]: 'sts.amazonaws.com' },
          StringLike: { [`${GITHUB}:sub`]: 'repo:shop/web:*' },
        },
      }),
      permissions: document(
        allow(['s3:GetObject', 's3:PutObject'], '*', { StringEquals: { 'aws:ResourceAccount': '<account:main>' } }),
        allow(ASSUME_AND_TAG, '<role:release>'),
      ),
      boundary: document(allow(['s3:*', 'sts:*', 'sqs:ReceiveMessage'], '*')),
    },
    release: {
      trust: document({
        ...{ Effect: 'Allow', Principal: { AWS: '<role:ci>' }, Action: ASSUME_AND_TAG },
        Condition: { StringEquals: { 'aws:RequestTag/team': ['web', 'api'] } },
      }),
      permissions: document(
        allow('s3:PutObject', s3('out/*'), { StringEquals: { 'aws:PrincipalTag/team': 'web' } }),
        allow('s3:GetObject', s3('out/*'), { StringLike: { 'aws:userid': '*:probe' } }),
      ),
    },
    app: {
      trust: document({
        ...POD_IDENTITY,
        Condition: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': '<namespace:red>' } },
      }),
      permissions: document(allow('sqs:ListQueues', '*')),
    },
  },
  workloads: {
    ci: { namespace: 'ci', serviceAccount: 'ci', role: 'ci' },
    app: { namespace: 'red', serviceAccount: 'app', role: 'app' },
  },
  buckets: {
    data: {
      policy: document({
        ...{ Effect: 'Allow', Principal: { AWS: '<role:app>' }, Action: 's3:GetObject', Resource: s3('data/*') },
        Condition: {
          StringEquals: {
            'aws:PrincipalTag/kubernetes-namespace': '<namespace:red>',
            'aws:PrincipalAccount': '<account:main>',
          },
        },
      }),
    },
  },
  objects: ['in/a', 'out/a', 'data/a'],
  probes: [
    granted('ci', getObject('in/a')),
    may('ci', 'sqs:ReceiveMessage', BUILDS, { resourcePolicy: queuePolicy }),
    granted('ci', putObject('out/b', { through: chain('release', { tags: { team: 'web' } }) })),
    granted('ci', getObject('out/a', { through: chain('release', { tags: { team: 'web' } }) })),
    granted('app', getObject('data/a')),
  ],
};

type Part = 'trust' | 'permissions' | 'boundary' | 'bucket' | 'key' | 'session' | 'resource';
/** `hole`: no probe notices it. `caught`: one does. `equivalent`: AWS and Kubernetes rule out every request that tells the versions apart. */
export type Expected = 'hole' | 'equivalent' | 'caught';
/** The policy, a text of its JSON, the replacement, and what `loosen` should say. */
export type Weakening = readonly [part: Part, owner: string, from: string, to: string, expected: Expected];

const IN_RED = '"aws:RequestTag/kubernetes-namespace":"<namespace:red>"';
const OWN_HOME = '<bucket:home>/${aws:PrincipalTag/kubernetes-service-account}/*"';
const HAS_ENCRYPTION = '"Null":{"s3:x-amz-server-side-encryption":"false"}';
const SUB = '"<issuer:c1>:sub":"system:serviceaccount:<namespace:kube>:controller"';
const ACCOUNT_ROOT = '"arn:aws:iam::<account:main>:root"';

/** Policies of other people's documentation, a small suite for each, and weakenings with the expected verdict. */
export const PUBLIC_SUITES: Readonly<
  Record<string, { readonly spec: ScenarioSpec; readonly weakenings: readonly Weakening[] }>
> = {
  ABAC: {
    spec: ABAC,
    weakenings: [
      ['trust', 'app', `,${IN_RED}`, '', 'hole'],
      ['trust', 'app', ',"ArnEquals":{"aws:SourceArn":"<cluster-arn:c1>"}', '', 'hole'],
      ['trust', 'app', '"aws:SourceAccount":"<account:main>",', '', 'equivalent'],
      ['trust', 'app', `,${IN_RED}}`, `},"StringLike":{${IN_RED.replace('red>', 'red>*')}}`, 'hole'],
      [
        'permissions',
        'app',
        ',"secretsmanager:ResourceTag/eks-cluster-name":"${aws:PrincipalTag/eks-cluster-name}"',
        '',
        'hole',
      ],
      ['permissions', 'app', '"StringEquals":{"secretsmanager', '"StringEqualsIfExists":{"secretsmanager', 'hole'],
      ['permissions', 'app', '"secretsmanager:GetSecretValue",', '"secretsmanager:Get*",', 'hole'],
      ['permissions', 'app', OWN_HOME, OWN_HOME.replace('/*"', '*"'), 'hole'],
      ['permissions', 'app', OWN_HOME, '<bucket:home>/*"', 'caught'],
      [
        'permissions',
        'app',
        '["${aws:PrincipalTag/kubernetes-service-account}/*"]',
        '["${aws:PrincipalTag/kubernetes-service-account}/*",""]',
        'hole',
      ],
      ['permissions', 'app', 'ForAnyValue:', 'ForAllValues:', 'hole'],
      ['permissions', 'app', '["owner","classification"]', '"owner"', 'hole'],
    ],
  },
  CONTROLLERS: {
    spec: CONTROLLERS,
    weakenings: [
      ['trust', 'controller', `,${SUB}`, '', 'hole'],
      ['trust', 'controller', '"<issuer:c1>:aud":"sts.amazonaws.com",', '', 'equivalent'],
      ['trust', 'controller', `,${SUB}}`, `},"StringLike":{${SUB.replace('<namespace:kube>', '*')}}`, 'hole'],
      ['trust', 'controller', '"StringEquals"', '"StringEqualsIfExists"', 'equivalent'],
      ['permissions', 'controller', ',"Null":{"aws:RequestTag/elbv2.k8s.aws/cluster":"false"}', '', 'hole'],
      ['permissions', 'controller', '"StringEquals":{"ec2:CreateAction":"CreateSecurityGroup"},', '', 'hole'],
      [
        'permissions',
        'controller',
        ',"Condition":{"Null":{"aws:ResourceTag/elbv2.k8s.aws/cluster":"false"}}',
        '',
        'hole',
      ],
      ['permissions', 'controller', '"ec2:DeleteSecurityGroup"', '"ec2:Delete*"', 'hole'],
      [
        'permissions',
        'controller',
        ',"Condition":{"StringEquals":{"aws:ResourceTag/k8s.io/cluster-autoscaler/my-cluster":"owned"}}',
        '',
        'caught',
      ],
      [
        'permissions',
        'controller',
        '"StringEquals":{"aws:ResourceTag/k8s',
        '"StringEqualsIfExists":{"aws:ResourceTag/k8s',
        'caught',
      ],
      ['permissions', 'controller', '"owned"', '["owned","shared"]', 'hole'],
      ['permissions', 'controller', 'hostedzone/Z0123456789', 'hostedzone/*', 'hole'],
      ['permissions', 'controller', '*.apps.example.com', '*.example.com', 'hole'],
      [
        'permissions',
        'controller',
        '["*.apps.example.com"]',
        '["*.apps.example.com","*.eu.apps.example.com"]',
        'equivalent',
      ],
    ],
  },
  ENCRYPTION: {
    spec: ENCRYPTION,
    weakenings: [
      ['bucket', 'vault', '"StringNotEquals"', '"StringNotEqualsIfExists"', 'equivalent'],
      ['bucket', 'vault', '"StringNotEquals"', `${HAS_ENCRYPTION},"StringNotEquals"`, 'hole'],
      ['bucket', 'vault', '"aws:kms"', '["aws:kms","AES256"]', 'caught'],
      ['bucket', 'vault', '"<key:vault>"', '["<key:vault>","<key:spare>"]', 'hole'],
      ['key', 'vault', '"kms:Decrypt"', '"kms:Encrypt"', 'hole'],
      ['key', 'vault', '"kms:*"', '"kms:Decrypt"', 'caught'],
      ['permissions', 'writer', '"StringEquals"', '"StringEqualsIfExists"', 'hole'],
      ['permissions', 'writer', '"<key:spare>"', '"*"', 'hole'],
    ],
  },
  BUCKETS: {
    spec: BUCKETS,
    weakenings: [
      ['bucket', 'lake', '"Action":"s3:*"', '"Action":"s3:GetObject"', 'hole'],
      ['bucket', 'lake', '"Bool"', '"BoolIfExists"', 'equivalent'],
      [
        'bucket',
        'lake',
        '"StringNotEquals":{"aws:SourceVpce"',
        '"StringNotEqualsIfExists":{"aws:SourceVpce"',
        'equivalent',
      ],
      ['bucket', 'lake', '"vpce-1a2b3c4d"', '["vpce-1a2b3c4d","vpce-9"]', 'hole'],
      ['bucket', 'lake', '"vpce-1a2b3c4d"', '"vpce-1a2b3c4d"},"Null":{"aws:SourceVpce":"false"', 'caught'],
      ['bucket', 'lake', '["s3:GetObject","s3:ListBucket"]', '"s3:GetObject"', 'hole'],
      ['bucket', 'lake', 'StringNotEqualsIfExists', 'StringNotEquals', 'equivalent'],
      ['bucket', 'lake', '"o-xxxxxxxxxx"', '["o-xxxxxxxxxx","o-partner"]', 'hole'],
      ['bucket', 'lake', '"Action":"s3:PutObject"', '"Action":"s3:PutObjectTagging"', 'hole'],
      ['bucket', 'lake', '["public","internal"]', '["public","internal","secret"]', 'hole'],
      ['bucket', 'lake', '/restricted/*', '/restricted/top/*', 'hole'],
      ['permissions', 'writer', '<bucket:lake>/*', '<bucket:lake>*', 'hole'],
    ],
  },
  BOUNDARY: {
    spec: BOUNDARY,
    weakenings: [
      ['boundary', 'delegate', '"Action":"s3:*"', '"Action":"s3:PutObject"', 'caught'],
      ['boundary', 'delegate', '"Action":"s3:*"', '"Action":"s3:GetObject"', 'hole'],
      ['boundary', 'delegate', 'payroll/*', 'payroll/2024/*', 'caught'],
      ['boundary', 'delegate', '"s3:ListBucket"', '"s3:ListBucket","s3:DeleteObject"', 'equivalent'],
      ['boundary', 'delegate', '"s3:PutObject"', '"s3:Put*"', 'equivalent'],
      ['permissions', 'delegate', 'arn:aws:s3:::<bucket:team>/*', '*', 'equivalent'],
      ['permissions', 'delegate', '["sqs:SendMessage","sqs:ReceiveMessage"]', '"sqs:*"', 'equivalent'],
      ['permissions', 'delegate', ':orders', ':orders*', 'hole'],
      ['permissions', 'delegate', 'arn:aws:sqs:us-west-2:<account:main>:orders', '*', 'hole'],
      [
        'permissions',
        'delegate',
        ',"Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::<account:main>:policy/XCompanyBoundaries"}}',
        '',
        'hole',
      ],
    ],
  },
  KEYS: {
    spec: KEYS,
    weakenings: [
      ['resource', KEY, '"kms:ViaService":"s3.us-west-2.amazonaws.com",', '', 'hole'],
      ['resource', KEY, ',"kms:EncryptionContext:team":"red"', '', 'hole'],
      ['resource', KEY, '{"AWS":"<role:app>"}', `{"AWS":["<role:app>",${ACCOUNT_ROOT}]}`, 'hole'],
      ['resource', KEY, '["kms:Decrypt","kms:GenerateDataKey"]', '"kms:*"', 'hole'],
      ['resource', KEY, '["kms:ScheduleKeyDeletion","kms:Decrypt"]', '"kms:ScheduleKeyDeletion"', 'equivalent'],
      ['resource', KEY, '["<role:app>","<role:admin>"]', '"<role:app>"', 'equivalent'],
      ['resource', KEY, '"StringEquals"', '"StringEqualsIfExists"', 'caught'],
    ],
  },
  CHAINS: {
    spec: CHAINS,
    weakenings: [
      ['permissions', 'base', '["<role:vendor>","<role:target>"]', '"*"', 'hole'],
      [
        'trust',
        'vendor',
        ',"Condition":{"StringEquals":{"sts:ExternalId":"Unique-ID-Assigned-by-Example-Corp"}}',
        '',
        'caught',
      ],
      [
        'trust',
        'vendor',
        '"Unique-ID-Assigned-by-Example-Corp"',
        '["Unique-ID-Assigned-by-Example-Corp","legacy"]',
        'hole',
      ],
      ['trust', 'vendor', '"<namespace:red>"', '"*"', 'hole'],
      ['permissions', 'vendor', '${aws:PrincipalTag/kubernetes-namespace}/*', '*', 'hole'],
      ['permissions', 'vendor', '/inbox/*', '/in*', 'hole'],
      ['trust', 'target', '["worker","batch"]', '["worker","batch","app"]', 'hole'],
      [
        'trust',
        'target',
        '"StringEquals":{"aws:RequestTag/kubernetes-service-account":["worker"',
        '"StringLike":{"aws:RequestTag/kubernetes-service-account":["worker*"',
        'hole',
      ],
      ['trust', 'target', '"<role:base>"', ACCOUNT_ROOT, 'hole'],
      ['session', 'reader', '/out/*', '/*', 'hole'],
      ['session', 'reader', '"s3:GetObject"', '"s3:*"', 'hole'],
    ],
  },
  PERIMETERS: {
    spec: PERIMETERS,
    weakenings: [
      ['trust', 'ci', `,"StringLike":{"${GITHUB}:sub":"repo:shop/web:*"}`, '', 'hole'],
      ['permissions', 'ci', ',"Condition":{"StringEquals":{"aws:ResourceAccount":"<account:main>"}}', '', 'hole'],
      ['boundary', 'ci', '"sqs:ReceiveMessage"', '"sqs:*"', 'hole'],
      ['permissions', 'release', ',"Condition":{"StringEquals":{"aws:PrincipalTag/team":"web"}}', '', 'hole'],
      [
        'permissions',
        'release',
        '"aws:PrincipalTag/team":"web"',
        '"aws:PrincipalTag/team":["web","ops"]',
        'equivalent',
      ],
      ['permissions', 'release', '"*:probe"', '"*"', 'hole'],
      ['permissions', 'release', '"*:probe"', '"*:probe*"', 'hole'],
      ['permissions', 'release', '"*:probe"', '["*:probe","*:probe-2"]', 'hole'],
      [
        'permissions',
        'release',
        '{"StringLike":{"aws:userid":"*:probe"}}',
        '{"StringLike":{"aws:userid":"*:p*"},"StringNotLike":{"aws:userid":["*:p","*:px"]}}',
        'hole',
      ],
      ['trust', 'app', '["sts:AssumeRole","sts:TagSession"]', '"sts:*"', 'equivalent'],
      ['bucket', 'data', '"aws:PrincipalTag/kubernetes-namespace":"<namespace:red>",', '', 'equivalent'],
      ['bucket', 'data', ',"aws:PrincipalAccount":"<account:main>"', '', 'equivalent'],
      ['resource', BUILDS, ',"StringEquals":{"aws:SourceAccount":"<account:main>"}', '', 'equivalent'],
      ['resource', BUILDS, '"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-west-2:<account:main>:pushes"},', '', 'hole'],
    ],
  },
};
