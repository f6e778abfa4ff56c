/** What an access decision is made of: the axes of the decision matrix, and which pairs of their values cannot meet. */

import type { Frame } from './pairs.ts';

const SESSION_TAGS = [
  'kubernetes-namespace',
  'kubernetes-service-account',
  'kubernetes-pod-name',
  'kubernetes-pod-uid',
  'eks-cluster-name',
  'eks-cluster-arn',
] as const;

/** Actions by the operation that makes them: what policies call them. */
export const ACTIONS = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  GetObjectTagging: 's3:GetObjectTagging',
  PutObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  DeleteObjects: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
  GetCallerIdentity: 'sts:GetCallerIdentity',
  AssumeRole: 'sts:AssumeRole',
  AssumeRoleForPodIdentity: 'sts:AssumeRole',
  AssumeRoleWithWebIdentity: 'sts:AssumeRoleWithWebIdentity',
} as const;
export type ActionName = keyof typeof ACTIONS;

const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[];

export const AXES = {
  /** Where the workload's credentials are from. */
  credentials: ['Pod Identity', 'IRSA', 'both', 'node or keys', 'none'],
  /** The association of its service account. */
  association: ['none', 'role', 'target role', 'no session tags', 'session policy', 'changed'],
  /** What trust policies of its roles ask for. */
  trust: ['nothing', 'aud', 'sub', 'session tag', 'source', 'other key', 'Deny'],
  /** The tag that a condition or a resource of a policy names; `other` is a tag of the role, the object or a request. */
  tag: [...SESSION_TAGS, 'other', 'none'],
  /** How it compares; `Resource` is a policy variable there. */
  operator: [
    ...['StringEquals', 'StringNotEquals', 'StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', 'StringLike'],
    ...['StringNotLike', 'ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike', 'Null', 'IfExists', 'ForAnyValue'],
    ...['ForAllValues', 'Resource', 'none'],
  ],
  /** Where the statement stands; `none`: no statement is about the request. */
  policy: ['trust', 'inline', 'managed', 'boundary', 'session', 'bucket', 'none'],
  action: ACTION_NAMES,
  /** Whether policies name the workload's own cluster, or another too. */
  cluster: ['same', 'other'],
  account: ['same', 'role in another', 'bucket in another'],
  /** Whether policies name the workload's own namespace, or another too. */
  namespace: ['same', 'other'],
} as const satisfies Record<string, readonly string[]>;
export type Axis = keyof typeof AXES;
export const AXIS_NAMES = Object.keys(AXES) as readonly Axis[];

type Values = Readonly<Partial<Record<Axis, readonly string[]>>>;
/** Values that cannot meet: any of the first with any of the second, and why. */
type Impossible = readonly [reason: string, one: Values, other: Values];

const others = (axis: Axis, ...named: string[]): string[] => AXES[axis].filter((one) => !named.includes(one));
const OF_S3 = ACTION_NAMES.filter((name) => ACTIONS[name].startsWith('s3:'));
const BY_TOKEN = ['AssumeRoleForPodIdentity', 'AssumeRoleWithWebIdentity'];
const ASSOCIATED = others('association', 'none', 'changed');
/** What policies say, whoever they are of. */
const ASKED_OF_POLICIES = {
  policy: others('policy', 'none'),
  tag: others('tag', 'none'),
  operator: others('operator', 'none'),
};
/** What a role's trust policy says, and what policies name. */
const SAID_OF_ROLES = {
  trust: ['session tag', 'source', 'other key', 'Deny'],
  cluster: ['other'],
  account: others('account', 'same'),
  namespace: ['other'],
};

export const IMPOSSIBLE: readonly Impossible[] = [
  [
    'only Pod Identity knows associations',
    { credentials: others('credentials', 'Pod Identity', 'both') },
    { association: ASSOCIATED },
  ],
  ['Pod Identity needs an association', { credentials: ['Pod Identity', 'both'] }, { association: ['none'] }],
  ['only tokens have audience and subject', { credentials: ['node or keys', 'none'] }, { trust: ['aud', 'sub'] }],
  ['nothing signs the request', { credentials: ['none'] }, { action: [...OF_S3, 'AssumeRole'] }],
  [
    'without credentials no role is assumed, and no policy asked',
    { credentials: ['none'] },
    { ...ASKED_OF_POLICIES, ...SAID_OF_ROLES },
  ],
  [
    "the role of a node and the keys of a user are the cluster's own: no scenario writes their policies",
    { credentials: ['node or keys'] },
    { ...ASKED_OF_POLICIES, ...SAID_OF_ROLES },
  ],
  [
    'only Pod Identity asks EKS Auth',
    { action: ['AssumeRoleForPodIdentity'] },
    { credentials: ['IRSA', 'node or keys'] },
  ],
  [
    'a web identity token is what makes the credentials those of IRSA',
    { action: ['AssumeRoleWithWebIdentity'] },
    { credentials: others('credentials', 'IRSA') },
  ],
  ['web identity knows no associations', { action: ['AssumeRoleWithWebIdentity'] }, { association: ASSOCIATED }],
  [
    'GetCallerIdentity needs no permission, whatever policies say (AWS STS API Reference)',
    { action: ['GetCallerIdentity'] },
    ASKED_OF_POLICIES,
  ],
  ['the trust policy alone decides about a token', { action: BY_TOKEN }, { policy: others('policy', 'trust', 'none') }],
  ['a trust policy decides who assumes a role, nothing later', { action: OF_S3 }, { policy: ['trust'] }],
  ['no bucket policy takes part', { action: others('action', ...OF_S3) }, { policy: ['bucket'] }],
  ['no bucket takes part', { action: others('action', ...OF_S3) }, { account: ['bucket in another'] }],
  ['where a role is assumed no bucket takes part', { policy: ['trust'] }, { account: ['bucket in another'] }],
  [
    'a tag is compared by an operator, and an operator compares a tag',
    { tag: ['none'] },
    { operator: others('operator', 'none') },
  ],
  ['a tag is compared by an operator', { tag: others('tag', 'none') }, { operator: ['none'] }],
  [
    'names of Kubernetes and of clusters have no colons, and so are no ARNs',
    { tag: SESSION_TAGS.filter((tag) => tag !== 'eks-cluster-arn') },
    { operator: ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike'] },
  ],
  ['a trust policy has no Resource', { policy: ['trust'] }, { operator: ['Resource'] }],
  [
    'a variable in a resource takes part where a resource is asked about: that of a token is the role itself',
    { action: BY_TOKEN },
    { operator: ['Resource'] },
  ],
  ['each role has a trust policy', { action: ['AssumeRole', 'AssumeRoleWithWebIdentity'] }, { policy: ['none'] }],
  ['where no statement is about it none names a tag', { policy: ['none'] }, { tag: others('tag', 'none') }],
  ['where no statement is about it none compares', { policy: ['none'] }, { operator: others('operator', 'none') }],
];

/** Of two axes each. */
const impossible: Frame['impossible'] = IMPOSSIBLE.flatMap(([reason, one, other]) =>
  Object.entries(one).flatMap(([axis, values]) =>
    Object.entries(other).map(([otherAxis, others]) => ({ reason, values: { [axis]: values, [otherAxis]: others } })),
  ),
);

export const FRAME: Frame = { axes: AXES, impossible };

/** The axis value of a tag, by the key of a condition or a policy variable; undefined where it names no tag. */
export function tagOf(key: string): (typeof AXES.tag)[number] | undefined {
  const name = /(?:PrincipalTag|RequestTag|ResourceTag|ExistingObjectTag|RequestObjectTag)\/([^}]+)/i.exec(key)?.[1];
  return name === undefined ? undefined : (SESSION_TAGS.find((tag) => tag === name) ?? 'other');
}

/** What a condition key of a trust policy asks for. */
export function trustOf(key: string): (typeof AXES.trust)[number] {
  if (key.endsWith(':aud')) return 'aud';
  if (key.endsWith(':sub')) return 'sub';
  if (tagOf(key) !== undefined) return 'session tag';
  return /^aws:Source/i.test(key) ? 'source' : 'other key';
}

/** The axis values of an operator: what it compares by, and its modifiers. */
export function operatorsOf(operator: string): readonly string[] {
  const [modifier, base] = operator.includes(':') ? (operator.split(':') as [string, string]) : [undefined, operator];
  const plain = base.replace(/IfExists$/, '');
  return [plain, ...(plain === base ? [] : ['IfExists']), modifier ?? []].flat();
}
