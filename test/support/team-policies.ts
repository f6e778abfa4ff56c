import {
  assumeRole,
  chain,
  denied,
  fetchCredentials,
  getObject,
  granted,
  listObjects,
} from '../../harness/operations/index.ts';
import type { PolicyKind } from '../../identity/policy/index.ts';
import type { RawPolicy, RoleSpec } from '../../harness/scenario/policy.ts';
import type { Scenario, ScenarioSpec } from '../../harness/scenario/spec.ts';
import { aScenario } from './scenarios.ts';

const document = (...Statement: readonly object[]): RawPolicy => ({
  document: { Version: '2012-10-17', Statement },
  from: 'policy.json',
});
const POD_IDENTITY = { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' } };
const ASSUME_AND_TAG = ['sts:AssumeRole', 'sts:TagSession'];
const byToken = (cluster: string, operator: string, sub: string): object => ({
  Effect: 'Allow',
  Principal: { Federated: `<provider-arn:${cluster}>` },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: {
    StringEquals: { [`<issuer:${cluster}>:aud`]: 'sts.amazonaws.com' },
    ...(operator === 'StringEquals' ? {} : { [operator]: { [`<issuer:${cluster}>:sub`]: sub } }),
    ...(operator === 'StringEquals' && {
      StringEquals: { [`<issuer:${cluster}>:aud`]: 'sts.amazonaws.com', [`<issuer:${cluster}>:sub`]: sub },
    }),
  },
});

/** Pod Identity with access by tags. */
const LEDGER: ScenarioSpec = {
  exactNames: true,
  roles: {
    ledger: {
      trust: document({
        ...POD_IDENTITY,
        Action: ASSUME_AND_TAG,
        Condition: {
          StringEquals: {
            'aws:SourceAccount': '<account:main>',
            'aws:RequestTag/kubernetes-namespace': 'payments',
            'aws:RequestTag/kubernetes-service-account': 'ledger',
          },
          ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' },
        },
      }),
      permissions: document(
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject'],
          Resource: 'arn:aws:s3:::team-ledger/${aws:PrincipalTag/kubernetes-namespace}/*',
        },
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::team-ledger',
          Condition: { StringLike: { 's3:prefix': '${aws:PrincipalTag/kubernetes-namespace}/*' } },
        },
        {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::team-ledger/shared/*',
          Condition: { StringEquals: { 's3:ExistingObjectTag/team': 'payments' } },
        },
        {
          Effect: 'Deny',
          Action: ['s3:PutObject', 's3:GetObject'],
          Resource: ['arn:aws:s3:::team-ledger/payments/closed/*', 'arn:aws:s3:::team-ledger/payments/audit/*'],
        },
      ),
    },
  },
  workloads: { ledger: { namespace: 'payments', serviceAccount: 'ledger', role: 'ledger' } },
  buckets: {
    'team-ledger': {
      policy: document({
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::team-ledger/*',
        Condition: { StringNotEquals: { 'aws:PrincipalTag/kubernetes-namespace': ['payments', 'audit'] } },
      }),
    },
  },
  objects: [
    'team-ledger/payments/2025',
    'team-ledger/payments/closed/2024',
    'team-ledger/audit/2025',
    { at: 'team-ledger/shared/report', tags: { team: 'payments' } },
  ],
  probes: [
    granted('ledger', getObject('team-ledger/payments/2025')),
    granted('ledger', getObject('team-ledger/shared/report')),
    granted('ledger', listObjects('team-ledger', { prefix: 'payments/' })),
    denied('ledger', getObject('team-ledger/audit/2025'), { by: 's3', code: 'AccessDenied' }),
  ],
};

/** IRSA on two clusters. */
const SHOP: ScenarioSpec = {
  exactNames: true,
  roles: {
    catalog: {
      trust: document(
        byToken('c1', 'StringEquals', 'system:serviceaccount:shop:catalog'),
        byToken('c2', 'StringEquals', 'system:serviceaccount:shop:catalog'),
      ),
      permissions: document(
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::team-shop/catalog/*' },
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::team-shop',
          Condition: { StringEquals: { 's3:prefix': ['catalog/', 'images/'] } },
        },
        { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::team-shop/catalog/private/*' },
      ),
      boundary: document({
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
        Resource: ['arn:aws:s3:::team-shop', 'arn:aws:s3:::team-shop/*'],
      }),
    },
    admin: {
      trust: document(byToken('c1', 'StringLike', 'system:serviceaccount:shop-*:admin')),
      permissions: document({
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: 'arn:aws:s3:::team-shop/*',
      }),
    },
  },
  workloads: {
    one: { namespace: 'shop', serviceAccount: 'catalog', irsa: 'catalog' },
    two: { namespace: 'shop', serviceAccount: 'catalog', irsa: 'catalog', cluster: 'c2' },
    admin: { namespace: 'shop-eu', serviceAccount: 'admin', irsa: 'admin' },
  },
  objects: ['team-shop/catalog/book', 'team-shop/catalog/private/price', 'team-shop/orders/1'],
  probes: [
    granted('one', getObject('team-shop/catalog/book')),
    granted('two', getObject('team-shop/catalog/book')),
    granted('admin', getObject('team-shop/orders/1')),
    denied('one', getObject('team-shop/orders/1'), { by: 's3', code: 'AccessDenied' }),
  ],
};

const EXTERNAL_ID = 'partner-7f3a';
const IN_RED = { StringEquals: { 'aws:RequestTag/kubernetes-namespace': '<namespace:red>' } };

/** Roles and buckets of another account. */
const PARTNER: ScenarioSpec = {
  roles: {
    base: {
      trust: document({ ...POD_IDENTITY, Action: ASSUME_AND_TAG, Condition: IN_RED }),
      permissions: document({
        Effect: 'Allow',
        Action: ASSUME_AND_TAG,
        Resource: ['<role:target>', '<role:remote>'],
      }),
    },
    target: {
      account: 'other',
      trust: document(
        {
          Effect: 'Allow',
          Principal: { AWS: '<role:base>' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
        },
        { Effect: 'Allow', Principal: { AWS: '<role:base>' }, Action: 'sts:TagSession', Condition: IN_RED },
      ),
      permissions: document({
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::<bucket:data>/reports/*',
      }),
    },
    remote: {
      account: 'other',
      trust: document({
        Effect: 'Allow',
        Principal: { AWS: '<role:base>' },
        Action: ASSUME_AND_TAG,
        Condition: { StringEquals: { 'aws:RequestTag/kubernetes-service-account': 'remote' } },
      }),
      permissions: document({
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::<bucket:data>',
        Condition: { StringEquals: { 's3:prefix': 'reports/' } },
      }),
    },
    direct: {
      trust: document({ ...POD_IDENTITY, Action: ASSUME_AND_TAG }),
      permissions: document({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::<bucket:shared>/*' }),
    },
  },
  workloads: {
    app: { namespace: 'red', role: 'base' },
    remote: { namespace: 'red', serviceAccount: 'remote', role: { role: 'base', targetRole: 'remote' } },
    direct: { namespace: 'red', serviceAccount: 'direct', role: 'direct' },
  },
  buckets: {
    data: { account: 'other' },
    shared: {
      account: 'other',
      policy: document({
        Effect: 'Allow',
        Principal: { AWS: '<role:direct>' },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::<bucket:shared>/public/*',
        Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:red>' } },
      }),
    },
  },
  objects: ['data/reports/1', 'data/salaries/1', 'shared/public/1', 'shared/internal/1'],
  probes: [
    granted('app', assumeRole('target', { externalId: EXTERNAL_ID })),
    granted('app', getObject('data/reports/1', { through: chain('target', { externalId: EXTERNAL_ID }) })),
    granted('remote', fetchCredentials()),
    granted('direct', getObject('shared/public/1')),
    denied('direct', getObject('shared/internal/1'), { by: 's3', code: 'AccessDenied' }),
  ],
};

export type Part = 'trust' | 'permissions' | 'boundary' | 'bucket';
type Replacement = readonly [from: string, to: string];
/** The part, its owner, and texts of the document's JSON to replace. */
type Loosening = readonly [Part, string, ...(readonly Replacement[])];

const AUD = (cluster: string): string => `"<issuer:${cluster}>:aud":"sts.amazonaws.com"`;
const SUB = (cluster: string): string => `"<issuer:${cluster}>:sub":"system:serviceaccount:shop:catalog"`;
const NAMESPACE = '"aws:RequestTag/kubernetes-namespace":"payments"';
const ACCOUNT = '"aws:RequestTag/kubernetes-service-account":"ledger"';
const OWN_FOLDER = 'team-ledger/${aws:PrincipalTag/kubernetes-namespace}/*"';
const RED = '"aws:RequestTag/kubernetes-namespace":"<namespace:red>"';
const CONDITION = /,"Condition":\{.*\}\}/.source;

/** Wrong versions, by hand, of the policies of three teams. A text in slashes is a pattern. */
export const TEAMS: Readonly<
  Record<string, { readonly spec: ScenarioSpec; readonly loosenings: readonly Loosening[] }>
> = {
  ledger: {
    spec: LEDGER,
    loosenings: [
      ['trust', 'ledger', [`${NAMESPACE},`, '']],
      ['trust', 'ledger', [`,${ACCOUNT}`, '']],
      ['trust', 'ledger', ['"StringEquals"', '"StringLike"'], [ACCOUNT, ACCOUNT.replace('ledger', 'ledger*')]],
      ['trust', 'ledger', ['"StringEquals"', '"StringLike"'], [NAMESPACE, NAMESPACE.replace('payments', 'pay*')]],
      ['trust', 'ledger', ['"StringEquals"', '"StringLike"'], [NAMESPACE, NAMESPACE.replace('payments', '*')]],
      ['trust', 'ledger', ['"StringEquals"', '"StringEqualsIfExists"']],
      ['trust', 'ledger', ['"StringEquals"', '"StringEqualsIgnoreCase"']],
      [
        'trust',
        'ledger',
        ['"ArnEquals"', '"ArnLike"'],
        ['<cluster-arn:c1>', 'arn:aws:eks:us-west-2:<account:main>:cluster/*'],
      ],
      ['trust', 'ledger', [',"ArnEquals":{"aws:SourceArn":"<cluster-arn:c1>"}', '']],
      ['trust', 'ledger', ['"aws:SourceAccount":"<account:main>",', '']],
      ['trust', 'ledger', [ACCOUNT, ACCOUNT.replace('"ledger"', '["ledger","batch"]')]],
      ['trust', 'ledger', [NAMESPACE, NAMESPACE.replace('"payments"', '["payments","staging"]')]],
      ['trust', 'ledger', [CONDITION, '}']],
      ['permissions', 'ledger', [OWN_FOLDER, 'team-ledger/*"']],
      ['permissions', 'ledger', ['s3:PutObject"],"Resource":"', 's3:Put*"],"Resource":"']],
      ['permissions', 'ledger', ['["s3:GetObject","s3:PutObject"]', '"s3:*"']],
      ['permissions', 'ledger', ['/shared/*"', '/*"']],
      ['permissions', 'ledger', [',"Condition":{"StringEquals":{"s3:ExistingObjectTag/team":"payments"}}', '']],
      ['permissions', 'ledger', ['"StringEquals":{"s3:Existing', '"StringEqualsIfExists":{"s3:Existing']],
      [
        'permissions',
        'ledger',
        [',"Condition":{"StringLike":{"s3:prefix":"${aws:PrincipalTag/kubernetes-namespace}/*"}}', ''],
      ],
      ['permissions', 'ledger', [',"arn:aws:s3:::team-ledger/payments/audit/*"', '']],
      ['permissions', 'ledger', ['["s3:PutObject","s3:GetObject"]', '"s3:PutObject"']],
      ['permissions', 'ledger', [',{"Effect":"Deny".*?\\]\\}', '']],
      ['bucket', 'team-ledger', ['["payments","audit"]', '["payments","audit","reports"]']],
      ['bucket', 'team-ledger', ['StringNotEquals', 'StringNotLike'], ['["payments","audit"]', '"*"']],
      ['bucket', 'team-ledger', ['team-ledger/\\*', 'team-ledger/payments/*']],
    ],
  },
  shop: {
    spec: SHOP,
    loosenings: [
      ['trust', 'catalog', [`,${SUB('c1')}`, '']],
      ['trust', 'catalog', [`,${SUB('c2')}`, '']],
      ['trust', 'catalog', [`${AUD('c1')},`, '']],
      [
        'trust',
        'catalog',
        [
          `"StringEquals":{${AUD('c1')},${SUB('c1')}`,
          `"StringLike":{${AUD('c1')},${SUB('c1').replace('catalog', '*')}`,
        ],
      ],
      [
        'trust',
        'catalog',
        [
          `"StringEquals":{${AUD('c1')},${SUB('c1')}`,
          `"StringLike":{${AUD('c1')},${SUB('c1').replace('catalog', 'catalog*')}`,
        ],
      ],
      [
        'trust',
        'catalog',
        [`"StringEquals":{${AUD('c2')},${SUB('c2')}`, `"StringLike":{${AUD('c2')},${SUB('c2').replace('shop', '*')}`],
      ],
      ['trust', 'catalog', [`"StringEquals":{${AUD('c2')}`, `"StringEqualsIfExists":{${AUD('c2')}`]],
      [
        'trust',
        'catalog',
        [SUB('c1'), SUB('c1').replace(/("system.*)/, '[$1,"system:serviceaccount:default:default"]')],
      ],
      [
        'trust',
        'catalog',
        [SUB('c1'), SUB('c1').replace('"system', '"*system')],
        [`"StringEquals":{${AUD('c1')}`, `"StringLike":{${AUD('c1')}`],
      ],
      ['trust', 'admin', ['shop-*:admin', '*:admin']],
      ['trust', 'admin', ['shop-*:admin', 'shop*:admin']],
      ['trust', 'admin', ['shop-*:admin', 'shop-*:*']],
      ['trust', 'admin', [',"StringLike":\\{.*?\\}', '']],
      ['permissions', 'catalog', ['team-shop/catalog/*"', 'team-shop/*"']],
      ['permissions', 'catalog', ['"s3:GetObject"', '"s3:Get*"']],
      ['permissions', 'catalog', ['["catalog/","images/"]', '["catalog/","images/","orders/"]']],
      ['permissions', 'catalog', ['"StringEquals":{"s3:prefix"', '"StringEqualsIfExists":{"s3:prefix"']],
      ['permissions', 'catalog', ['"StringEquals":{"s3:prefix":["catalog/"', '"StringLike":{"s3:prefix":["catalog*"']],
      ['permissions', 'catalog', [',{"Effect":"Deny".*\\*"\\}', '']],
      ['permissions', 'catalog', ['"s3:*"', '"s3:PutObject"']],
      ['boundary', 'catalog', ['["s3:GetObject","s3:ListBucket","s3:PutObject"]', '"s3:*"']],
    ],
  },
  partner: {
    spec: PARTNER,
    loosenings: [
      ['trust', 'base', [CONDITION, '}']],
      ['trust', 'base', ['StringEquals', 'StringEqualsIfExists']],
      ['trust', 'base', ['StringEquals', 'StringLike'], [RED, RED.replace('<namespace:red>', '*')]],
      ['trust', 'target', [`,"Condition":{"StringEquals":{"sts:ExternalId":"${EXTERNAL_ID}"}}`, '']],
      ['trust', 'target', ['"StringEquals":{"sts:ExternalId"', '"StringEqualsIfExists":{"sts:ExternalId"']],
      [
        'trust',
        'target',
        ['"StringEquals":{"sts:ExternalId"', '"StringLike":{"sts:ExternalId"'],
        [EXTERNAL_ID, 'partner-*'],
      ],
      ['trust', 'target', [`"${EXTERNAL_ID}"`, `["${EXTERNAL_ID}","partner-old"]`]],
      [
        'trust',
        'target',
        ['"<role:base>"', '"arn:aws:iam::<account:main>:root"'],
        ['"<role:base>"', '"arn:aws:iam::<account:main>:root"'],
      ],
      ['trust', 'target', ['"<role:base>"', '"*"'], ['"<role:base>"', '"*"']],
      ['trust', 'target', [`,"Condition":{"StringEquals":{${RED}}}`, '']],
      ['trust', 'remote', [CONDITION, '}']],
      ['trust', 'remote', ['"StringEquals"', '"StringLike"'], [':"remote"', ':"rem*"']],
      ['trust', 'remote', ['"StringEquals"', '"StringEqualsIfExists"']],
      ['permissions', 'base', ['["<role:target>","<role:remote>"]', '"*"']],
      ['permissions', 'target', ['/reports/*"', '/*"']],
      ['permissions', 'target', ['s3:GetObject', 's3:*']],
      ['permissions', 'remote', [CONDITION, '}']],
      ['permissions', 'remote', ['"arn:aws:s3:::<bucket:data>"', '"*"']],
      ['bucket', 'shared', ['/public/*"', '/*"']],
      ['bucket', 'shared', ['"<role:direct>"', '"arn:aws:iam::<account:main>:root"']],
      ['bucket', 'shared', ['s3:GetObject', 's3:Get*']],
      ['bucket', 'shared', [CONDITION, '}']],
      ['bucket', 'shared', ['"StringEquals"', '"StringEqualsIfExists"']],
    ],
  },
};

export interface TeamChange {
  readonly name: string;
  readonly scenario: Scenario;
  readonly part: Part;
  readonly kind: PolicyKind;
  readonly owner: string;
  readonly changed: ScenarioSpec;
  readonly documents: readonly [original: object, changed: object];
}

const KINDS = { trust: 'trust', permissions: 'identity', boundary: 'boundary', bucket: 'resource' } as const;

/** Returns the wrong versions of a team's policies. Throws if a text is not in its document. */
export function teamChanges(team: string): readonly TeamChange[] {
  const { spec, loosenings } = TEAMS[team]!;
  return loosenings.map(([part, owner, ...replacements], index) => {
    const policy = (part === 'bucket' ? spec.buckets?.[owner]?.policy : spec.roles?.[owner]?.[part]) as RawPolicy;
    const original = JSON.stringify(policy.document);
    const changed = replacements.reduce((text, [from, to]) => {
      const after = text.includes(from) ? text.replace(from, () => to) : text.replace(new RegExp(from), () => to);
      if (after === text) throw new Error(`${team} ${index}: ${from} is not in ${text}`);
      return after;
    }, original);
    const document = JSON.parse(changed) as RawPolicy['document'];
    const raw: RawPolicy = { ...policy, document };
    return {
      name: `${team} ${index + 1}, ${part} of ${owner}: ${replacements.map(([from, to]) => `${from} -> ${to}`).join('; ')}`,
      ...{ scenario: aScenario(spec, `${team.toUpperCase()}-01`, team), part, kind: KINDS[part], owner },
      changed:
        part === 'bucket'
          ? { ...spec, buckets: { ...spec.buckets, [owner]: { ...spec.buckets?.[owner], policy: raw } } }
          : { ...spec, roles: { ...spec.roles, [owner]: { ...(spec.roles?.[owner] as RoleSpec), [part]: raw } } },
      documents: [policy.document, document],
    };
  });
}
