/**
 * Pairs of policies, written before the procedure. The policies are those of AWS's documentation and of well-known add-ons (cluster
 * autoscaler, load balancer controller, EBS CSI driver, external-dns, cert-manager, Karpenter, Velero, External Secrets).
 */
type Expected = 'allowed' | 'denied' | 'equivalent';

export interface Pair {
  readonly name: string;
  readonly kind: 'identity' | 'trust' | 'resource' | 'boundary' | 'session';
  readonly before: readonly object[];
  readonly after: readonly object[];
  readonly expect: Expected;
  /** Policies of the role, if the changed one is a boundary or session policy, or a resource policy of the same account. */
  readonly identity?: readonly object[];
}

type Texts = string | readonly string[];
const allow = (Action: Texts, Resource: Texts = '*', Condition?: object): object => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const deny = (Action: Texts, Resource: Texts = '*', Condition?: object): object => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});
const trust = (Principal: unknown, Action: Texts, Condition?: object): object => ({
  Effect: 'Allow',
  Principal,
  Action,
  ...(Condition && { Condition }),
});
const bucket = (Effect: string, Principal: unknown, Action: Texts, Resource: Texts, Condition?: object): object => ({
  ...allow(Action, Resource, Condition),
  Effect,
  Principal,
});

const of =
  (kind: Pair['kind']) =>
  (
    expect: Expected,
    name: string,
    before: readonly object[],
    after: readonly object[],
    identity?: readonly object[],
  ): Pair => ({ kind, expect, name, before, after, ...(identity && { identity }) });
const identity = of('identity');
const trusted = of('trust');
const resource = of('resource');
const boundary = of('boundary');
const session = of('session');

const S3 = 'arn:aws:s3:::amzn-s3-demo-bucket';
const HOME = `${S3}/home/\${aws:username}/*`;
const TEAM = 'aws:PrincipalTag/team';
const ISSUER = 'oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
const OIDC = { Federated: `arn:aws:iam::111122223333:oidc-provider/${ISSUER}` };
const WEB = 'sts:AssumeRoleWithWebIdentity';
const POD = { Service: 'pods.eks.amazonaws.com' };
const POD_ACTIONS = ['sts:AssumeRole', 'sts:TagSession'];
const everything = [allow('*')];
const outside = (...regions: string[]): object => ({ StringNotEquals: { 'aws:RequestedRegion': regions } });
const GLOBAL = ['cloudfront:*', 'iam:*', 'route53:*', 'support:*'];
const exceptGlobal = (regions: string[], NotAction: readonly string[] = GLOBAL): object => ({
  Effect: 'Deny',
  NotAction,
  Resource: '*',
  Condition: outside(...regions),
});
const ASG = 'autoscaling:SetDesiredCapacity';
const owned = { StringEquals: { 'aws:ResourceTag/k8s.io/cluster-autoscaler/my-cluster': 'owned' } };
const sub = (value: string, operator = 'StringEquals'): object => ({
  [operator]: { [`${ISSUER}:sub`]: value },
  StringEquals: {
    [`${ISSUER}:aud`]: 'sts.amazonaws.com',
    ...(operator === 'StringEquals' && { [`${ISSUER}:sub`]: value }),
  },
});
const ACCOUNT = { AWS: 'arn:aws:iam::444455556666:root' };

export const PAIRS: readonly Pair[] = [
  // Differ.
  identity(
    'allowed',
    'objects of one bucket become objects of all buckets with its prefix',
    [allow('s3:GetObject', `${S3}/*`)],
    [allow('s3:GetObject', `${S3}*`)],
  ),
  identity(
    'allowed',
    'a folder loses its final slash',
    [allow('s3:GetObject', `${S3}/logs/*`)],
    [allow('s3:GetObject', `${S3}/logs*`)],
  ),
  identity(
    'allowed',
    'reading becomes every action on objects',
    [allow(['s3:GetObject', 's3:PutObject'], `${S3}/*`)],
    [allow('s3:*Object', `${S3}/*`)],
  ),
  identity(
    'denied',
    'external-dns without TXT records of one zone',
    [allow('route53:ChangeResourceRecordSets', 'arn:aws:route53:::hostedzone/*')],
    [allow('route53:ChangeResourceRecordSets', 'arn:aws:route53:::hostedzone/Z1EXAMPLE')],
  ),
  identity(
    'allowed',
    'cluster autoscaler without its tag condition',
    [allow([ASG, 'autoscaling:TerminateInstanceInAutoScalingGroup'], '*', owned)],
    [allow([ASG, 'autoscaling:TerminateInstanceInAutoScalingGroup'])],
  ),
  identity(
    'allowed',
    'cluster autoscaler accepts any value of its tag',
    [allow(ASG, '*', owned)],
    [allow(ASG, '*', { StringLike: { 'aws:ResourceTag/k8s.io/cluster-autoscaler/my-cluster': '*' } })],
  ),
  identity(
    'allowed',
    'StringEquals becomes StringEqualsIfExists',
    [allow(ASG, '*', owned)],
    [allow(ASG, '*', { StringEqualsIfExists: owned['StringEquals'] })],
  ),
  identity(
    'allowed',
    'a second region',
    [...everything, deny('*', '*', outside('eu-central-1'))],
    [...everything, deny('*', '*', outside('eu-central-1', 'eu-west-1'))],
  ),
  identity(
    'allowed',
    'one more service is exempt from the regions',
    [...everything, exceptGlobal(['eu-central-1'])],
    [...everything, exceptGlobal(['eu-central-1'], [...GLOBAL, 'organizations:*'])],
  ),
  identity(
    'allowed',
    'MFA is no longer required',
    [...everything, deny('ec2:TerminateInstances', '*', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } })],
    everything,
  ),
  identity(
    'allowed',
    'BoolIfExists becomes Bool in a Deny',
    [...everything, deny('*', '*', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } })],
    [...everything, deny('*', '*', { Bool: { 'aws:MultiFactorAuthPresent': 'false' } })],
  ),
  identity(
    'allowed',
    'addresses: /24 becomes /16',
    [allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } })],
    [allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '203.0.0.0/16' } })],
  ),
  identity(
    'allowed',
    'one address range less is denied',
    [...everything, deny('*', '*', { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24'] } })],
    [...everything, deny('*', '*', { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '203.0.113.0/24'] } })],
  ),
  identity(
    'allowed',
    'a later end',
    [allow('dynamodb:*', '*', { DateLessThan: { 'aws:CurrentTime': '2026-06-30T23:59:59Z' } })],
    [allow('dynamodb:*', '*', { DateLessThan: { 'aws:CurrentTime': '2026-12-31T23:59:59Z' } })],
  ),
  identity(
    'allowed',
    'max-keys: less than becomes at most',
    [allow('s3:ListBucket', S3, { NumericLessThan: { 's3:max-keys': '10' } })],
    [allow('s3:ListBucket', S3, { NumericLessThanEquals: { 's3:max-keys': '10' } })],
  ),
  identity(
    'allowed',
    'prefix: any folder',
    [allow('s3:ListBucket', S3, { StringLike: { 's3:prefix': ['home/bob/*'] } })],
    [allow('s3:ListBucket', S3, { StringLike: { 's3:prefix': ['home/*'] } })],
  ),
  identity(
    'allowed',
    'home folders of everyone',
    [allow('s3:GetObject', HOME.replace('username', 'PrincipalTag/user'))],
    [allow('s3:GetObject', `${S3}/home/*`)],
  ),
  identity(
    'allowed',
    'a tag of the caller is replaced by another',
    [allow('s3:GetObject', `${S3}/\${${TEAM}}/*`)],
    [allow('s3:GetObject', `${S3}/\${aws:PrincipalTag/project}/*`)],
  ),
  identity(
    'allowed',
    'secrets: the tag needs not match',
    [
      allow('secretsmanager:GetSecretValue', '*', {
        StringEquals: { 'secretsmanager:ResourceTag/team': `\${${TEAM}}` },
      }),
    ],
    [allow('secretsmanager:GetSecretValue', '*', { StringLike: { 'secretsmanager:ResourceTag/team': '*' } })],
  ),
  identity(
    'allowed',
    'a default for an absent tag',
    [allow('s3:GetObject', `${S3}/\${${TEAM}}/*`)],
    [allow('s3:GetObject', `${S3}/\${${TEAM}, 'public'}/*`)],
  ),
  identity(
    'allowed',
    'tag keys: every becomes some',
    [
      allow('ec2:CreateTags', '*', {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'env'] },
        Null: { 'aws:TagKeys': 'false' },
      }),
    ],
    [allow('ec2:CreateTags', '*', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['team', 'env'] } })],
  ),
  identity(
    'allowed',
    'tag keys may be absent',
    [
      allow('ec2:CreateTags', '*', {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
        Null: { 'aws:TagKeys': 'false' },
      }),
    ],
    [allow('ec2:CreateTags', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } })],
  ),
  identity(
    'allowed',
    'leading keys are no longer compared',
    [
      allow('dynamodb:GetItem', 'arn:aws:dynamodb:*:111122223333:table/MyTable', {
        'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`\${${TEAM}}`] },
      }),
    ],
    [allow('dynamodb:GetItem', 'arn:aws:dynamodb:*:111122223333:table/MyTable')],
  ),
  identity(
    'allowed',
    'a Deny of everything but one bucket also spares another',
    [...everything, { Effect: 'Deny', Action: 's3:*', NotResource: [S3, `${S3}/*`] }],
    [
      ...everything,
      { Effect: 'Deny', Action: 's3:*', NotResource: [S3, `${S3}/*`, 'arn:aws:s3:::other', 'arn:aws:s3:::other/*'] },
    ],
  ),
  identity(
    'allowed',
    'Deny of unencrypted uploads becomes one of another algorithm',
    [
      ...everything,
      deny('s3:PutObject', `${S3}/*`, { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
      deny('s3:PutObject', `${S3}/*`, { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } }),
    ],
    [
      ...everything,
      deny('s3:PutObject', `${S3}/*`, { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
      deny('s3:PutObject', `${S3}/*`, {
        StringNotEquals: { 's3:x-amz-server-side-encryption': ['aws:kms', 'AES256'] },
      }),
    ],
  ),
  identity(
    'denied',
    'TLS becomes required',
    [allow('s3:*')],
    [allow('s3:*'), deny('s3:*', '*', { Bool: { 'aws:SecureTransport': 'false' } })],
  ),
  identity(
    'allowed',
    'iam:PassRole to any service',
    [
      allow('iam:PassRole', 'arn:aws:iam::111122223333:role/KarpenterNodeRole-*', {
        StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      }),
    ],
    [allow('iam:PassRole', 'arn:aws:iam::111122223333:role/KarpenterNodeRole-*')],
  ),
  identity(
    'allowed',
    'EBS CSI driver: any volume',
    [allow('ec2:DeleteVolume', '*', { StringLike: { 'ec2:ResourceTag/ebs.csi.aws.com/cluster': 'true' } })],
    [allow('ec2:DeleteVolume', '*', { StringLike: { 'ec2:ResourceTag/ebs.csi.aws.com/cluster': ['true', 'false'] } })],
  ),
  identity(
    'allowed',
    'a case-insensitive comparison',
    [allow('s3:GetObject', '*', { StringEquals: { [TEAM]: 'blue' } })],
    [allow('s3:GetObject', '*', { StringEqualsIgnoreCase: { [TEAM]: 'blue' } })],
  ),
  identity(
    'allowed',
    'a Deny loses one of its actions',
    [...everything, deny(['s3:DeleteObject', 's3:DeleteBucket'])],
    [...everything, deny('s3:DeleteBucket')],
  ),
  trusted(
    'allowed',
    'service account: any of the namespace',
    [trust(OIDC, WEB, sub('system:serviceaccount:default:my-service-account'))],
    [trust(OIDC, WEB, sub('system:serviceaccount:default:*', 'StringLike'))],
  ),
  trusted(
    'allowed',
    'service account: no condition',
    [trust(OIDC, WEB, sub('system:serviceaccount:default:my-service-account'))],
    [trust(OIDC, WEB)],
  ),
  trusted(
    'allowed',
    'pods of every namespace',
    [trust(POD, POD_ACTIONS, { StringEquals: { 'aws:RequestTag/kubernetes-namespace': 'default' } })],
    [trust(POD, POD_ACTIONS)],
  ),
  trusted(
    'allowed',
    'any cluster of the account',
    [
      trust(POD, POD_ACTIONS, {
        StringEquals: { 'aws:SourceAccount': '111122223333' },
        ArnEquals: { 'aws:SourceArn': 'arn:aws:eks:us-west-2:111122223333:cluster/a' },
      }),
    ],
    [trust(POD, POD_ACTIONS, { StringEquals: { 'aws:SourceAccount': '111122223333' } })],
  ),
  trusted(
    'allowed',
    'another account without its external id',
    [trust(ACCOUNT, 'sts:AssumeRole', { StringEquals: { 'sts:ExternalId': '12345' } })],
    [trust(ACCOUNT, 'sts:AssumeRole')],
  ),
  trusted(
    'denied',
    'one role instead of its account',
    [trust(ACCOUNT, 'sts:AssumeRole')],
    [trust({ AWS: 'arn:aws:iam::444455556666:role/deployer' }, 'sts:AssumeRole')],
  ),
  resource(
    'allowed',
    'a bucket becomes public',
    [bucket('Allow', ACCOUNT, 's3:GetObject', `${S3}/*`)],
    [bucket('Allow', '*', 's3:GetObject', `${S3}/*`)],
  ),
  resource(
    'allowed',
    'a bucket for one VPC endpoint only',
    [
      bucket('Allow', ACCOUNT, 's3:*', [S3, `${S3}/*`]),
      bucket('Deny', '*', 's3:*', [S3, `${S3}/*`], { StringNotEquals: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } }),
    ],
    [bucket('Allow', ACCOUNT, 's3:*', [S3, `${S3}/*`])],
  ),
  boundary(
    'allowed',
    'a boundary of one more service',
    [allow(['s3:*', 'cloudwatch:*'])],
    [allow(['s3:*', 'cloudwatch:*', 'ec2:*'])],
    everything,
  ),
  session(
    'allowed',
    'a session policy of two folders',
    [allow('s3:GetObject', `${S3}/a/*`)],
    [allow('s3:GetObject', [`${S3}/a/*`, `${S3}/b/*`])],
    everything,
  ),
  // Equivalent.
  identity(
    'equivalent',
    'the order of actions, case and duplicates',
    [allow(['s3:GetObject', 's3:PutObject'])],
    [allow(['S3:putobject', 's3:getObject', 's3:GetObject'])],
  ),
  identity(
    'equivalent',
    'two statements instead of one',
    [allow(['s3:GetObject', 's3:PutObject'], `${S3}/*`)],
    [allow('s3:GetObject', `${S3}/*`), allow('s3:PutObject', `${S3}/*`)],
  ),
  identity(
    'equivalent',
    'a statement that another includes',
    [allow('s3:Get*', `${S3}/*`), allow('s3:GetObject', `${S3}/a/*`)],
    [allow('s3:Get*', `${S3}/*`)],
  ),
  identity(
    'equivalent',
    'a wider Allow under a Deny of the rest',
    [allow('s3:GetObject', `${S3}/a/*`), { Effect: 'Deny', Action: '*', NotResource: `${S3}/a/*` }],
    [allow('s3:GetObject', `${S3}/*`), { Effect: 'Deny', Action: '*', NotResource: `${S3}/a/*` }],
  ),
  identity(
    'equivalent',
    'two halves of a condition',
    [allow('s3:GetObject')],
    [
      allow('s3:GetObject', '*', { Null: { [TEAM]: 'true' } }),
      allow('s3:GetObject', '*', { Null: { [TEAM]: 'false' } }),
    ],
  ),
  identity(
    'equivalent',
    'StringLike without wildcards',
    [allow('ec2:*', '*', { StringLike: { 'aws:RequestedRegion': 'eu-west-1' } })],
    [allow('ec2:*', '*', { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } })],
  ),
  identity(
    'equivalent',
    'two address ranges that make one',
    [allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } })],
    [allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': ['203.0.113.0/25', '203.0.113.128/25'] } })],
  ),
  identity(
    'equivalent',
    'numbers in another form',
    [allow('s3:ListBucket', S3, { NumericLessThanEquals: { 's3:max-keys': '10' } })],
    [allow('s3:ListBucket', S3, { NumericLessThanEquals: { 's3:max-keys': '10.0' } })],
  ),
  identity(
    'equivalent',
    'a Deny of what nothing allows',
    [allow('s3:GetObject', `${S3}/*`)],
    [allow('s3:GetObject', `${S3}/*`), deny('ec2:*')],
  ),
  identity(
    'equivalent',
    'a tag of every service account, as the caller has it',
    [allow('s3:GetObject', `${S3}/\${${TEAM}}/*`), allow('s3:GetObject', `${S3}/*`)],
    [allow('s3:GetObject', `${S3}/*`)],
  ),
  identity(
    'equivalent',
    'negation twice',
    [...everything, deny('*', '*', { StringNotLike: { [TEAM]: ['a*', 'b*'] } })],
    [...everything, deny('*', '*', { StringNotLike: { [TEAM]: ['b*', 'a*', 'ab*'] } })],
  ),
  identity(
    'equivalent',
    'a key that the action does not have',
    [allow('s3:ListBucket', S3)],
    [allow('s3:ListBucket', S3), allow('s3:PutObject', '*', { StringEquals: { 's3:prefix': 'x' } })],
  ),
  identity(
    'equivalent',
    'a resource that the action does not act on',
    [allow('s3:GetObject', `${S3}/*`)],
    [allow('s3:GetObject', [S3, `${S3}/*`])],
  ),
  identity(
    'equivalent',
    'an Allow under a Deny of the same condition',
    [
      deny('*', '*', { Bool: { 'aws:SecureTransport': 'false' } }),
      allow('s3:*', '*', { Bool: { 'aws:SecureTransport': 'true' } }),
    ],
    [
      deny('*', '*', { Bool: { 'aws:SecureTransport': 'false' } }),
      allow('s3:*', '*', { BoolIfExists: { 'aws:SecureTransport': 'true' }, Null: { 'aws:SecureTransport': 'false' } }),
    ],
  ),
  trusted(
    'equivalent',
    'pattern without a wildcard in sub',
    [trust(OIDC, WEB, sub('system:serviceaccount:default:a'))],
    [trust(OIDC, WEB, sub('system:serviceaccount:default:a', 'StringLike'))],
  ),
  trusted(
    'equivalent',
    'an account by its id',
    [trust(ACCOUNT, 'sts:AssumeRole')],
    [trust({ AWS: '444455556666' }, 'sts:AssumeRole')],
  ),
  trusted(
    'equivalent',
    'pods: actions in two statements',
    [trust(POD, POD_ACTIONS)],
    [trust(POD, 'sts:AssumeRole'), trust(POD, 'sts:TagSession')],
  ),
  trusted(
    'equivalent',
    'TagSession for a principal that may not assume the role',
    [trust(POD, POD_ACTIONS)],
    [trust(POD, POD_ACTIONS), trust(ACCOUNT, 'sts:TagSession')],
  ),
  resource(
    'equivalent',
    'everyone, written in two ways',
    [bucket('Allow', '*', 's3:GetObject', `${S3}/*`)],
    [bucket('Allow', { AWS: '*' }, 's3:GetObject', `${S3}/*`)],
  ),
  boundary(
    'equivalent',
    'a boundary beyond the permissions',
    [allow(['s3:*', 'ec2:*'])],
    [allow('s3:*')],
    [allow('s3:Get*')],
  ),
];
