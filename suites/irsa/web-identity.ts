/** Calls of AssumeRoleWithWebIdentity: their input, and the sessions that they open. */
import { IAM } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import {
  advanceClock,
  allow,
  asSession,
  assumeByToken,
  between,
  chain,
  check,
  controlSucceeds,
  fails,
  getObject,
  irsaRole,
  isAbsent,
  matching,
  putObject,
  succeeds,
  suite,
  trustRole,
  trustWebIdentity,
  whoAmI,
  type Conditions,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import {
  BAD_WEB_TOKEN,
  INVALID,
  MALFORMED_POLICY,
  NOT_ALLOWED,
  NOT_ASSUMED,
  NOT_IN_SESSION_POLICY,
} from '../lib/outcomes.ts';
import { OIDC_KEYS, WEB_IDENTITY } from '../lib/sources.ts';
import { ASSUME_AND_TAG, BY_TOKEN, READ_ONLY, WEB } from '../lib/worlds.ts';

const SUBJECT = 'system:serviceaccount:<namespace:app>:app';
const byToken = (options: Parameters<typeof assumeByToken>[2] = {}) => assumeByToken('app', 'web', options);
const byApp = trustWebIdentity({ subject: 'app/app' });
const equals = (key: string, value: string): Conditions => ({ StringEquals: { [key]: value } });
const has = (key: string): Conditions => ({ Null: { [key]: 'false' } });
const read = (key: string, conditions?: Conditions) => allow('s3:GetObject', `data/${key}`, conditions);
const NAMESPACE = 'aws:PrincipalTag/kubernetes-namespace';
/** "Present in the request context for all signed API requests". */
const SIGNED_REQUEST_KEYS = [
  'aws:PrincipalArn',
  'aws:PrincipalAccount',
  'aws:PrincipalType',
  'aws:PrincipalIsAWSService',
];

suite('irsa', ({ scenario }) => {
  scenario('IR-18', 'IRSA sessions have no session tags that distinguish namespaces', {
    source: 'Amazon EKS User Guide, "Grant Kubernetes workloads access to AWS": comparison, session tags',
    roles: { app: irsaRole('app/app', read('open'), read('own', equals(NAMESPACE, '<namespace:app>'))) },
    ...BY_TOKEN,
    objects: ['data/open', 'data/own'],
    probes: [controlSucceeds(asSession(WEB, getObject('data/open'))), mayNot(WEB, getObject('data/own'), NOT_ALLOWED)],
  });

  scenario('IR-25', "a web identity session names its token's subject, and has the requested duration and policy", {
    source: `${WEB_IDENTITY}, response elements, DurationSeconds, Policy, PolicyArns`,
    roles: {
      app: { ...irsaRole('app/app', allow(['s3:GetObject', 's3:PutObject'], 'data/*')), maxSessionDuration: 7200 },
    },
    ...BY_TOKEN,
    objects: ['data/a', 'data/b'],
    probes: [
      succeeds(byToken({ sessionName: 'Ann+1=,.@b-_' }), {
        arn: matching(/^arn:aws:sts::<account:main>:assumed-role\/<role-name:app>\/Ann\+1=,\.@b-_$/),
        userId: matching(/^AROA[A-Z0-9]+:Ann\+1=,\.@b-_$/),
        subject: SUBJECT,
        audience: 'sts.amazonaws.com',
        provider: 'https://<issuer:c1>',
        packedPolicySize: isAbsent,
        sourceIdentity: isAbsent,
        secondsLeft: between(3540, 3660),
      }),
      may(WEB, whoAmI(), { arn: matching(/\/Ann\+1=,\.@b-_$/), accountId: '<account:main>' }),
      succeeds(byToken({ durationSeconds: 900 }), { secondsLeft: between(840, 960) }),
      succeeds(byToken({ durationSeconds: 7200 }), { secondsLeft: between(7140, 7260) }),
      fails(byToken({ durationSeconds: 7201 }), INVALID),
      fails(byToken({ durationSeconds: 899 }), INVALID),
      may(WEB, putObject('data/new')),
      succeeds(byToken({ policyArns: [READ_ONLY] }), { packedPolicySize: between(1, 99) }),
      may(WEB, getObject('data/a')),
      mayNot(WEB, putObject('data/new'), NOT_IN_SESSION_POLICY),
      succeeds(byToken({ policy: [allow('s3:GetObject', 'data/a')] }), { packedPolicySize: between(1, 99) }),
      may(WEB, getObject('data/a')),
      mayNot(WEB, getObject('data/b'), NOT_IN_SESSION_POLICY),
      fails(byToken({ policy: [allow('GetObject', 'data/a')] }), MALFORMED_POLICY),
      check("the session's id begins with the role's", async ({ aws, name, outcomes }) => {
        const { Role } = await new IAM(await aws('iam')).getRole({ RoleName: name('<role-name:app>') });
        expect(outcomes[0]?.observed?.facts?.['userId']).to.equal(`${Role?.RoleId}:Ann+1=,.@b-_`);
      }),
    ],
  });

  scenario('IR-35', 'a session is valid for its requested duration and no longer', {
    source: `${WEB_IDENTITY}, DurationSeconds; AWS STS API Reference, "Common errors" and Amazon S3 API Reference, "Error responses": ExpiredToken`,
    roles: { app: irsaRole('app/app', allow('s3:GetObject', 'data/key')) },
    ...BY_TOKEN,
    objects: ['data/key'],
    probes: [
      succeeds(byToken({ durationSeconds: 900 })),
      ...[whoAmI(), getObject('data/key')].map((call) => may(WEB, call)),
      advanceClock(960),
      mayNot(WEB, whoAmI(), { by: 'sts', code: ['ExpiredToken', 'ExpiredTokenException'], status: 403 }),
      mayNot(WEB, getObject('data/key'), { by: 's3', code: 'ExpiredToken', status: 400 }),
      succeeds(byToken()),
      may(WEB, getObject('data/key')),
    ],
  });

  scenario('IR-26', 'STS rejects calls with an invalid token, role, session name or duration', {
    source: `${WEB_IDENTITY}, request parameters and errors`,
    roles: {
      app: irsaRole('app/app'),
      other: irsaRole('app/other'),
      // Trusts another account's provider for the same issuer.
      elsewhere: {
        trust: [{ ...byApp, principal: { Federated: 'arn:aws:iam::999999999999:oidc-provider/<issuer:c1>' } }],
      },
      anyAction: { trust: [{ ...byApp, actions: ['sts:AssumeRole*'] }] },
      otherAction: { trust: [{ ...byApp, actions: ASSUME_AND_TAG }] },
    },
    ...BY_TOKEN,
    probes: [
      succeeds(byToken()),
      fails(assumeByToken('other', 'web'), NOT_ASSUMED),
      fails(assumeByToken('elsewhere', 'web'), NOT_ASSUMED),
      succeeds(assumeByToken('anyAction', 'web')),
      fails(assumeByToken('otherAction', 'web'), NOT_ASSUMED),
      ...['no token', 'a.b.c', 'bm90.YW55.dG9rZW4', 'eyJhbGciOiJSUzI1NiJ9.W10.dG9rZW4'].map((text) =>
        fails(byToken({ text }), BAD_WEB_TOKEN),
      ),
      // A token must have at least four characters.
      fails(byToken({ text: 'a.b' }), INVALID),
      ...(['two-segments', 'garbage-header', 'garbage-claims', 'bearer-prefix'] as const).map((change) =>
        fails(byToken({ change }), BAD_WEB_TOKEN),
      ),
      ...['a', 'a b', 'a'.repeat(65)].map((sessionName) => fails(byToken({ sessionName }), INVALID)),
      // The default maximum duration of a role is one hour.
      fails(byToken({ durationSeconds: 3601 }), INVALID),
      ...['app', 'arn:aws:iam::<account:main>:user/<role-name:app>', 'arn:aws:iam::<account:main>:role/'].map(
        (roleArn) => fails(byToken({ roleArn }), INVALID),
      ),
      ...['role/<role-name:app>-absent', 'role/path/<role-name:app>'].map((role) =>
        fails(byToken({ roleArn: `arn:aws:iam::<account:main>:${role}` }), NOT_ASSUMED),
      ),
      // That account has no provider for the issuer, or does not exist.
      fails(byToken({ roleArn: 'arn:aws:iam::999999999999:role/<role-name:app>' }), {
        by: 'sts',
        code: ['InvalidIdentityToken', 'AccessDenied'],
      }),
    ],
  });

  scenario('IR-27', "policies can use the token's claims, in the trust policy and during the session", {
    source: `${OIDC_KEYS}; IAM User Guide, "AWS global condition context keys", aws:FederatedProvider`,
    roles: {
      app: {
        trust: [byApp],
        // Without session tags, the role's tags are the principal's tags.
        tags: { 'conformance-team': 'red' },
        permissions: [
          read('provider', equals('aws:FederatedProvider', '<provider-arn:c1>')),
          read('subject', equals('<issuer:c1>:sub', SUBJECT)),
          read('audience', equals('<issuer:c1>:aud', 'sts.amazonaws.com')),
          read('else', equals('<issuer:c1>:sub', 'system:serviceaccount:elsewhere:app')),
          read('tag', equals('aws:PrincipalTag/conformance-team', 'red')),
          read('methods', has('<issuer:c1>:amr')),
        ],
      },
      // No identity provider issues the session of this role.
      next: {
        trust: [trustRole('app')],
        permissions: [
          read('audience'),
          read('provider', has('aws:FederatedProvider')),
          read('subject', has('<issuer:c1>:sub')),
        ],
      },
      named: { trust: [under({ StringLike: { 'sts:RoleSessionName': 'named-*' } })] },
      provider: { trust: [under(equals('aws:FederatedProvider', '<provider-arn:c1>'))] },
      // The token does not contain these.
      methods: { trust: [under(has('<issuer:c1>:amr'))] },
      parties: { trust: [under(has('<issuer:c1>:oaud'))] },
      tags: { trust: [under(has('aws:TagKeys'))] },
      // The call is not signed, so these keys are missing.
      unsigned: { trust: [under({ Null: Object.fromEntries(SIGNED_REQUEST_KEYS.map((key) => [key, 'true'])) })] },
      ...Object.fromEntries(SIGNED_REQUEST_KEYS.map((key, index) => [`signed-${index}`, { trust: [under(has(key))] }])),
    },
    ...BY_TOKEN,
    objects: ['provider', 'subject', 'audience', 'tag', 'else', 'methods'].map((key) => `data/${key}`),
    probes: [
      ...['provider', 'subject', 'audience', 'tag'].map((key) => may(WEB, getObject(`data/${key}`))),
      ...['else', 'methods'].map((key) => mayNot(WEB, getObject(`data/${key}`), NOT_ALLOWED)),
      ...[{ through: chain('next') }].flatMap((next) => [
        may(WEB, getObject('data/audience', next)),
        ...['provider', 'subject'].map((key) => mayNot(WEB, getObject(`data/${key}`, next), NOT_ALLOWED)),
      ]),
      succeeds(assumeByToken('named', 'web', { sessionName: 'named-1' })),
      fails(assumeByToken('named', 'web', { sessionName: 'another' }), NOT_ASSUMED),
      succeeds(assumeByToken('provider', 'web')),
      succeeds(assumeByToken('unsigned', 'web')),
      ...['methods', 'parties', 'tags', ...SIGNED_REQUEST_KEYS.map((_, index) => `signed-${index}`)].map((role) =>
        fails(assumeByToken(role, 'web'), NOT_ASSUMED),
      ),
    ],
  });
});

function under(conditions: Conditions) {
  return { ...trustWebIdentity({ subject: null, audience: null }), conditions };
}
