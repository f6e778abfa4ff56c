/**
 * Pairs of what a pull request has before and after, written before the comparison. Policies follow the modules of terraform-aws-modules
 * (iam, eks, eks-pod-identity), AWS's documentation and issues of add-ons.
 */
import { ACCOUNT, arnOf, roleArn, type RoleSpec, type World } from './worlds.ts';

export interface Pair {
  readonly name: string;
  /** `plan`: one Terraform plan; `state`: two states; `template`; `folder`; `git`: a folder in two commits. */
  readonly form: 'plan' | 'state' | 'template' | 'folder' | 'git';
  readonly before: World;
  readonly after: World;
  readonly widens: boolean;
}

type Texts = string | readonly string[];
const document = (...statements: object[]): object => ({ Version: '2012-10-17', Statement: statements });
const allow = (Action: Texts, Resource: Texts = '*', Condition?: object): object => ({
  ...{ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) },
});
const deny = (Action: Texts, Resource: Texts = '*', Condition?: object): object => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});
const for_ = (Principal: object | string, Action: Texts, Resource?: Texts, Condition?: object): object => ({
  ...{ Effect: 'Allow', Principal, Action, ...(Resource && { Resource }), ...(Condition && { Condition }) },
});

const PODS = document(for_({ Service: 'pods.eks.amazonaws.com' }, ['sts:AssumeRole', 'sts:TagSession']));
const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
const irsa = (sub: string, operator = 'StringEquals'): object =>
  document(
    for_({ Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}` }, 'sts:AssumeRoleWithWebIdentity', undefined, {
      StringEquals: { [`${ISSUER}:aud`]: 'sts.amazonaws.com' },
      ...(operator === 'StringEquals'
        ? { StringEquals: { [`${ISSUER}:aud`]: 'sts.amazonaws.com', [`${ISSUER}:sub`]: sub } }
        : { [operator]: { [`${ISSUER}:sub`]: sub } }),
    }),
  );
const SA = 'system:serviceaccount:payments:ledger';

/** Returns a role `app` for pods with one inline policy, and the association of payments/ledger with it. */
const pods = (statements: readonly object[], role: Partial<RoleSpec> = {}, more: World = {}): World => ({
  roles: { app: { trust: PODS, inline: { permissions: document(...statements) }, ...role } },
  associations: [{ account: 'payments/ledger', role: 'app' }],
  ...more,
});
/** Returns the same with an annotation. */
const annotated = (statements: readonly object[], role: Partial<RoleSpec> = {}, more: World = {}): World => ({
  roles: { app: { trust: irsa(SA), inline: { permissions: document(...statements) }, ...role } },
  accounts: { 'payments/ledger': 'app' },
  ...more,
});

const S3 = 'arn:aws:s3:::example-ledger';
const GET = allow('s3:GetObject', `${S3}/*`);
const QUEUE = arnOf('queue', 'orders');
const RECEIVE = allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage'], QUEUE);
const TABLE = `arn:aws:dynamodb:us-west-2:${ACCOUNT}:table/ledger`;
const SECRET = arnOf('secret', 'ledger');
const KEY = arnOf('key', '1234abcd-12ab-34cd-56ef-1234567890ab');
const [ZONE, ZONES] = ['arn:aws:route53:::hostedzone/Z3M3LMPEXAMPLE', 'arn:aws:route53:::hostedzone/*'];
const CHANGE = 'route53:ChangeResourceRecordSets';
const ROOT = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
const AUTOSCALER = ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'];
const OWNED = { StringEquals: { 'aws:ResourceTag/k8s.io/cluster-autoscaler/production': 'owned' } };
const nonTls = (...arns: string[]): object => ({
  ...{
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: arns,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  },
});

const pair =
  (widens: boolean) =>
  (form: Pair['form'], name: string, before: World, after: World): Pair => ({
    ...{ form, name, before, after, widens },
  });
const widens = pair(true);
const same = pair(false);

export const PAIRS: readonly Pair[] = [
  // Policies of roles.
  widens('plan', 'an action is added', pods([GET]), pods([allow(['s3:GetObject', 's3:PutObject'], `${S3}/*`)])),
  widens(
    'plan',
    'a folder of objects becomes the bucket',
    pods([allow('s3:GetObject', `${S3}/ledger/*`)]),
    pods([GET]),
  ),
  widens(
    'state',
    'a wildcard in the name of a bucket',
    pods([GET]),
    pods([allow('s3:GetObject', 'arn:aws:s3:::example-*/*')]),
  ),
  widens('template', 'all actions of S3', pods([GET]), pods([allow('s3:*', [S3, `${S3}/*`])])),
  widens('plan', 'external-dns may change all zones', pods([allow(CHANGE, ZONE)]), pods([allow(CHANGE, ZONES)])),
  widens(
    'template',
    'the autoscaler loses its tag condition',
    pods([allow(AUTOSCALER, '*', OWNED)]),
    pods([allow(AUTOSCALER)]),
  ),
  widens('state', 'a queue consumer may send', pods([RECEIVE]), pods([RECEIVE, allow('sqs:SendMessage', QUEUE)])),
  widens(
    'plan',
    'a Deny of deletion is removed',
    pods([allow('dynamodb:*', TABLE), deny('dynamodb:DeleteTable')]),
    pods([allow('dynamodb:*', TABLE)]),
  ),
  widens(
    'folder',
    'a Deny gets a condition',
    annotated([allow('dynamodb:*', TABLE), deny('dynamodb:DeleteTable')]),
    annotated([
      allow('dynamodb:*', TABLE),
      deny('dynamodb:DeleteTable', '*', { Bool: { 'aws:SecureTransport': 'false' } }),
    ]),
  ),
  widens(
    'git',
    'NotAction in place of a list',
    annotated([allow(['ec2:DescribeInstances', 'ec2:DescribeVolumes'])]),
    annotated([{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }]),
  ),
  widens(
    'plan',
    'External Secrets may read all secrets',
    pods([allow('secretsmanager:GetSecretValue', SECRET)]),
    pods([allow('secretsmanager:GetSecretValue', `arn:aws:secretsmanager:us-west-2:${ACCOUNT}:secret:*`)]),
  ),
  widens(
    'state',
    'a condition gets a second value',
    pods([allow('ec2:RunInstances', '*', { StringEquals: { 'aws:RequestedRegion': 'us-west-2' } })]),
    pods([allow('ec2:RunInstances', '*', { StringEquals: { 'aws:RequestedRegion': ['us-west-2', 'us-east-1'] } })]),
  ),
  widens(
    'template',
    'StringEquals becomes StringLike with a wildcard',
    pods([allow('kms:Decrypt', KEY, { StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com' } })]),
    pods([allow('kms:Decrypt', KEY, { StringLike: { 'kms:ViaService': '*.us-west-2.amazonaws.com' } })]),
  ),
  widens(
    'plan',
    'StringEqualsIfExists in place of StringEquals',
    pods([allow('s3:GetObject', `${S3}/*`, { StringEquals: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } })]),
    pods([allow('s3:GetObject', `${S3}/*`, { StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } })]),
  ),
  widens(
    'git',
    'iam:PassRole for all roles',
    annotated([allow('iam:PassRole', roleArn('node'))]),
    annotated([allow('iam:PassRole', '*')]),
  ),
  widens(
    'plan',
    'a second inline policy',
    pods([GET]),
    pods([], {
      inline: { permissions: document(GET), more: document(allow('sns:Publish', arnOf('topic', 'alerts'))) },
    }),
  ),
  widens(
    'plan',
    'an AWS managed policy is attached',
    pods([GET]),
    pods([GET], { managed: ['arn:aws:iam::aws:policy/AmazonSQSFullAccess'] }),
  ),
  widens(
    'template',
    'AdministratorAccess is attached',
    pods([GET]),
    pods([GET], { managed: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
  ),
  widens(
    'plan',
    'a tag of the session in the resource becomes a wildcard',
    pods([allow('s3:GetObject', `${S3}/\${aws:PrincipalTag/kubernetes-namespace}/*`)]),
    pods([GET]),
  ),
  widens(
    'folder',
    'a plain policy file without a role',
    { more: { 'policy.json': JSON.stringify(document(RECEIVE)) } },
    { more: { 'policy.json': JSON.stringify(document(allow('sqs:*', QUEUE))) } },
  ),
  widens('git', 'a new role with a policy', annotated([GET]), {
    ...annotated([GET]),
    roles: {
      ...annotated([GET]).roles,
      other: { trust: irsa('system:serviceaccount:web:shop'), inline: { read: document(RECEIVE) } },
    },
  }),
  // Limits.
  widens('plan', 'a boundary is removed', pods([allow('s3:*')], { boundary: document(GET) }), pods([allow('s3:*')])),
  widens(
    'state',
    'a boundary is widened',
    pods([allow('*')], { boundary: document(GET) }),
    pods([allow('*')], { boundary: document(GET, RECEIVE) }),
  ),
  widens(
    'plan',
    'a session policy is removed',
    pods(
      [GET],
      {},
      {
        associations: [
          { account: 'payments/ledger', role: 'app', policy: document(allow('s3:GetObject', `${S3}/a/*`)) },
        ],
      },
    ),
    pods([GET]),
  ),
  widens(
    'template',
    'a session policy is widened',
    pods(
      [allow('sqs:*', QUEUE)],
      {},
      { associations: [{ account: 'payments/ledger', role: 'app', policy: document(RECEIVE) }] },
    ),
    pods(
      [allow('sqs:*', QUEUE)],
      {},
      { associations: [{ account: 'payments/ledger', role: 'app', policy: document(allow('sqs:*', QUEUE)) }] },
    ),
  ),
  // Paths.
  widens(
    'plan',
    'a new association',
    pods([RECEIVE]),
    pods(
      [RECEIVE],
      {},
      {
        associations: [
          { account: 'payments/ledger', role: 'app' },
          { account: 'payments/batch', role: 'app' },
        ],
      },
    ),
  ),
  widens(
    'template',
    'an association with a wider role',
    {
      roles: {
        read: { trust: PODS, inline: { p: document(GET) } },
        admin: { trust: PODS, inline: { p: document(allow('s3:*')) } },
      },
      associations: [{ account: 'payments/ledger', role: 'read' }],
    },
    {
      roles: {
        read: { trust: PODS, inline: { p: document(GET) } },
        admin: { trust: PODS, inline: { p: document(allow('s3:*')) } },
      },
      associations: [{ account: 'payments/ledger', role: 'admin' }],
    },
  ),
  widens(
    'state',
    'an association in a second cluster',
    pods([RECEIVE]),
    pods(
      [RECEIVE],
      {},
      {
        associations: [
          { account: 'payments/ledger', role: 'app' },
          { account: 'payments/ledger', role: 'app', cluster: 'staging' },
        ],
      },
    ),
  ),
  widens(
    'folder',
    'a trust policy for all service accounts of a namespace',
    annotated([RECEIVE]),
    annotated([RECEIVE], { trust: irsa('system:serviceaccount:payments:*', 'StringLike') }),
  ),
  widens(
    'git',
    'a trust policy without a subject',
    annotated([GET]),
    annotated([GET], {
      trust: document(
        for_(
          { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}` },
          'sts:AssumeRoleWithWebIdentity',
          undefined,
          { StringEquals: { [`${ISSUER}:aud`]: 'sts.amazonaws.com' } },
        ),
      ),
    }),
  ),
  widens(
    'plan',
    'a trust policy that admits EKS Pod Identity besides IRSA',
    annotated([RECEIVE]),
    annotated([RECEIVE], {
      trust: {
        ...irsa(SA),
        Statement: [...(irsa(SA) as { Statement: object[] }).Statement, ...(PODS as { Statement: object[] }).Statement],
      },
    }),
  ),
  widens(
    'plan',
    'a trust policy that admits another account',
    pods([GET]),
    pods([GET], {
      trust: document(
        ...(PODS as { Statement: object[] }).Statement,
        for_({ AWS: 'arn:aws:iam::444455556666:root' }, 'sts:AssumeRole'),
      ),
    }),
  ),
  widens(
    'folder',
    'a newly annotated service account',
    annotated([RECEIVE], { trust: irsa('system:serviceaccount:payments:*', 'StringLike') }),
    annotated(
      [RECEIVE],
      { trust: irsa('system:serviceaccount:payments:*', 'StringLike') },
      { accounts: { 'payments/ledger': 'app', 'payments/batch': 'app' } },
    ),
  ),
  widens(
    'plan',
    'a target role is added',
    {
      roles: {
        app: { trust: PODS, inline: { p: document(allow(['sts:AssumeRole', 'sts:TagSession'], roleArn('target'))) } },
        target: {
          trust: document(for_({ AWS: roleArn('app') }, ['sts:AssumeRole', 'sts:TagSession'])),
          inline: { p: document(RECEIVE) },
        },
      },
      associations: [{ account: 'payments/ledger', role: 'app' }],
    },
    {
      roles: {
        app: { trust: PODS, inline: { p: document(allow(['sts:AssumeRole', 'sts:TagSession'], roleArn('target'))) } },
        target: {
          trust: document(for_({ AWS: roleArn('app') }, ['sts:AssumeRole', 'sts:TagSession'])),
          inline: { p: document(RECEIVE) },
        },
      },
      associations: [{ account: 'payments/ledger', role: 'app', target: 'target' }],
    },
  ),
  widens(
    'template',
    'a chain: the role may assume a further role',
    {
      roles: {
        app: { trust: PODS, inline: { p: document(GET) } },
        target: { trust: document(for_(ROOT, 'sts:AssumeRole')), inline: { p: document(RECEIVE) } },
      },
    },
    {
      roles: {
        app: { trust: PODS, inline: { p: document(GET, allow('sts:AssumeRole', roleArn('target'))) } },
        target: { trust: document(for_(ROOT, 'sts:AssumeRole')), inline: { p: document(RECEIVE) } },
      },
    },
  ),
  // Policies of resources.
  widens(
    'plan',
    'a bucket policy allows another account',
    pods([GET], {}, { resources: { 'bucket example-ledger': document(nonTls(S3, `${S3}/*`)) } }),
    pods(
      [GET],
      {},
      {
        resources: {
          'bucket example-ledger': document(
            nonTls(S3, `${S3}/*`),
            for_({ AWS: 'arn:aws:iam::444455556666:role/reader' }, 's3:GetObject', `${S3}/*`),
          ),
        },
      },
    ),
  ),
  widens(
    'state',
    'a bucket policy loses its Deny',
    pods([GET], {}, { resources: { 'bucket example-ledger': document(nonTls(S3, `${S3}/*`)) } }),
    pods([GET], {}, { resources: { 'bucket example-ledger': undefined } }),
  ),
  widens(
    'plan',
    'a queue policy allows everyone',
    pods(
      [RECEIVE],
      {},
      { resources: { 'queue orders': document(for_({ AWS: roleArn('app') }, 'sqs:SendMessage', QUEUE)) } },
    ),
    pods([RECEIVE], {}, { resources: { 'queue orders': document(for_('*', 'sqs:SendMessage', QUEUE)) } }),
  ),
  widens(
    'template',
    'a topic policy allows another service',
    {
      resources: {
        'topic alerts': document(
          for_({ Service: 'cloudwatch.amazonaws.com' }, 'sns:Publish', arnOf('topic', 'alerts')),
        ),
      },
    },
    {
      resources: {
        'topic alerts': document(
          for_({ Service: ['cloudwatch.amazonaws.com', 's3.amazonaws.com'] }, 'sns:Publish', arnOf('topic', 'alerts')),
        ),
      },
    },
  ),
  widens(
    'plan',
    'a key policy allows the role',
    pods([], {}, { resources: { 'key 1234abcd-12ab-34cd-56ef-1234567890ab': document(for_(ROOT, 'kms:*', '*')) } }),
    pods(
      [],
      {},
      {
        resources: {
          'key 1234abcd-12ab-34cd-56ef-1234567890ab': document(
            for_(ROOT, 'kms:*', '*'),
            for_({ AWS: roleArn('app') }, 'kms:Decrypt', '*'),
          ),
        },
      },
    ),
  ),
  // Not wider.
  same('plan', 'the same policy in another order', pods([GET, RECEIVE]), pods([RECEIVE, GET])),
  same('state', 'an action is removed', pods([allow(['s3:GetObject', 's3:PutObject'], `${S3}/*`)]), pods([GET])),
  same(
    'template',
    'two statements become one',
    pods([allow('sqs:ReceiveMessage', QUEUE), allow('sqs:DeleteMessage', QUEUE)]),
    pods([RECEIVE]),
  ),
  same(
    'folder',
    'a statement moves to another policy of the role',
    annotated([], { inline: { a: document(GET, RECEIVE) } }),
    annotated([], { inline: { a: document(GET), b: document(RECEIVE) } }),
  ),
  same(
    'git',
    'a redundant statement',
    annotated([allow('dynamodb:*', TABLE)]),
    annotated([allow('dynamodb:*', TABLE), allow('dynamodb:GetItem', TABLE)]),
  ),
  same('plan', 'another case of an action', pods([allow('S3:getobject', `${S3}/*`)]), pods([GET])),
  same(
    'template',
    'a Deny is added',
    pods([allow('route53:*')]),
    pods([allow('route53:*'), deny('route53:DeleteHostedZone')]),
  ),
  same('plan', 'a condition is added', pods([allow(AUTOSCALER)]), pods([allow(AUTOSCALER, '*', OWNED)])),
  same(
    'plan',
    'a policy is wider than the boundary, which stays',
    pods([GET], { boundary: document(GET) }),
    pods([GET, RECEIVE], { boundary: document(GET) }),
  ),
  same(
    'state',
    'a policy is wider than the session policy of the only association',
    pods([GET], {}, { associations: [{ account: 'payments/ledger', role: 'app', policy: document(GET) }] }),
    pods([GET, RECEIVE], {}, { associations: [{ account: 'payments/ledger', role: 'app', policy: document(GET) }] }),
  ),
  same(
    'plan',
    'the bucket policy denies what the role newly allows',
    pods(
      [allow('s3:GetObject', `${S3}/*`)],
      {},
      {
        resources: {
          'bucket example-ledger': document({
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:PutObject',
            Resource: `${S3}/*`,
          }),
        },
      },
    ),
    pods(
      [allow(['s3:GetObject', 's3:PutObject'], `${S3}/*`)],
      {},
      {
        resources: {
          'bucket example-ledger': document({
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:PutObject',
            Resource: `${S3}/*`,
          }),
        },
      },
    ),
  ),
  same(
    'template',
    'the queue policy already allows it',
    pods([], {}, { resources: { 'queue orders': document(for_({ AWS: roleArn('app') }, 'sqs:*', QUEUE)) } }),
    pods([RECEIVE], {}, { resources: { 'queue orders': document(for_({ AWS: roleArn('app') }, 'sqs:*', QUEUE)) } }),
  ),
  same(
    'plan',
    'the policy of the queue allows what the role may do already',
    pods([RECEIVE], {}, { resources: { 'queue orders': undefined } }),
    pods(
      [RECEIVE],
      {},
      { resources: { 'queue orders': document(for_({ AWS: roleArn('app') }, 'sqs:ReceiveMessage', QUEUE)) } },
    ),
  ),
  same(
    'plan',
    'an association ends',
    pods(
      [RECEIVE],
      {},
      {
        associations: [
          { account: 'payments/ledger', role: 'app' },
          { account: 'payments/batch', role: 'app' },
        ],
      },
    ),
    pods([RECEIVE]),
  ),
  same(
    'git',
    'a role is deleted',
    {
      ...annotated([GET]),
      roles: { ...annotated([GET]).roles, other: { trust: irsa(SA), inline: { read: document(RECEIVE) } } },
    },
    annotated([GET]),
  ),
  same(
    'folder',
    'a trust policy is narrowed',
    annotated([RECEIVE], { trust: irsa('system:serviceaccount:payments:*', 'StringLike') }),
    annotated([RECEIVE]),
  ),
  same(
    'plan',
    'the role may assume a role that does not trust it',
    {
      roles: {
        app: { trust: PODS, inline: { p: document(GET) } },
        target: { trust: irsa(SA), inline: { p: document(RECEIVE) } },
      },
    },
    {
      roles: {
        app: { trust: PODS, inline: { p: document(GET, allow('sts:AssumeRole', roleArn('target'))) } },
        target: { trust: irsa(SA), inline: { p: document(RECEIVE) } },
      },
    },
  ),
  same(
    'template',
    'an association moves to a narrower role',
    {
      roles: {
        read: { trust: PODS, inline: { p: document(RECEIVE) } },
        admin: { trust: PODS, inline: { p: document(allow('sqs:*', QUEUE)) } },
      },
      associations: [{ account: 'payments/ledger', role: 'admin' }],
    },
    {
      roles: {
        read: { trust: PODS, inline: { p: document(RECEIVE) } },
        admin: { trust: PODS, inline: { p: document(allow('sqs:*', QUEUE)) } },
      },
      associations: [{ account: 'payments/ledger', role: 'read' }],
    },
  ),
  same(
    'plan',
    'AdministratorAccess is replaced by a list',
    pods([], { inline: {}, managed: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
    pods([GET, RECEIVE]),
  ),
  same(
    'plan',
    'an AWS managed policy that was there stays',
    pods([GET, RECEIVE], { managed: ['arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'] }),
    pods([GET], { managed: ['arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'] }),
  ),
];
