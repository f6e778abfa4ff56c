/** How identity, bucket, boundary and session policies combine, within one account and across two. */
import { IAM } from '@aws-sdk/client-iam';
import {
  allow,
  askEksAuth,
  asSession,
  assumeRole,
  chain,
  check,
  deleteRole,
  deny,
  forPrincipal,
  getObject,
  headBucket,
  irsaRole,
  listObjects,
  podIdentityRole,
  putObject,
  putRolePolicy,
  recreateRole,
  succeeds,
  suite,
  trustRole,
  type CheckContext,
  type PermissionStatement,
  type RoleSpec,
} from '../../harness/index.ts';
import { taken } from '../lib/errors.ts';
import {
  ALLOWED_BY_NONE,
  DENIED,
  DENIED_BY_BUCKET,
  DENIED_ELSEWHERE,
  NOT_ALLOWED,
  NOT_ASSUMED,
} from '../lib/outcomes.ts';
import { BOUNDARIES, CROSS_ACCOUNT, EVALUATION, PRINCIPALS, SAME_ACCOUNT } from '../lib/sources.ts';
import { APP, appWith, ASSOCIATED, BY_TOKEN, READ_ONLY, readData, WEB, WEB_TOKEN } from '../lib/worlds.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { can, cannot } from './lib/objects.ts';
import { allowText, policyOf } from './lib/iam-calls.ts';

const SESSION_POLICIES =
  'IAM User Guide, "Policies and permissions in AWS Identity and Access Management", session policies';
const SESSION = 'arn:aws:sts::<account:main>:assumed-role/<role-name:app>/creator';
const bucketFor = (principal: string | readonly string[], resource: string) => ({
  policy: [forPrincipal(principal, allow('s3:GetObject', resource))],
});
/** Returns an association whose session policy allows only objects under `a/`. */
const narrowed = (...more: readonly PermissionStatement[]) => ({
  app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:*', 'data/a/*'), ...more] } },
});
/** This association with a Deny on a secret, and a service account for a role with a boundary. */
const NARROWED_AND_BOUNDED = {
  workloads: { ...narrowed(deny('s3:GetObject', 'data/a/secret')), bounded: { serviceAccount: 'bounded' } },
  tokens: { bounded: { serviceAccount: 'app/bounded', audience: 'sts.amazonaws.com' } },
};
const BOUNDED = { role: 'bounded', token: 'bounded' };
/** Returns a role that may read all objects within its boundary. */
const bounded = (...boundary: readonly PermissionStatement[]): RoleSpec => ({
  ...irsaRole('app/bounded', readData),
  boundary,
});
/** Changes nothing, and waits until earlier IAM changes apply everywhere. */
const untilIamKnows = putRolePolicy('app', allow('s3:GetObject', 'data/inline'));

suite('policies', ({ scenario }) => {
  /** Returns a role that trusts each principal in its own statement. */
  const trusting = (...principals: readonly string[]): RoleSpec => ({
    trust: principals.map((AWS) => ({ effect: 'Allow', actions: ['sts:AssumeRole'], principal: { AWS } })),
  });

  scenario('PO-40', 'a managed policy attached to a role applies next to its inline policies', {
    source:
      'IAM User Guide, "Managed policies and inline policies"; IAM API Reference, DetachRolePolicy and DeleteRolePolicy',
    roles: {
      app: {
        ...podIdentityRole(allow('s3:GetObject', ['data/inline', 'data/denied'])),
        attached: [allow('s3:GetObject', 'data/managed'), deny('s3:GetObject', 'data/denied')],
      },
    },
    workloads: APP,
    objects: ['data/inline', 'data/managed', 'data/denied', 'data/other'],
    probes: [
      can('inline'),
      can('managed'),
      cannot('denied', DENIED),
      cannot('other'),
      check('an AWS managed policy and a second inline policy are added', async (world) => {
        const { iam, RoleName } = await attachedPolicy(world);
        await iam.attachRolePolicy({ RoleName, PolicyArn: READ_ONLY });
        const PolicyDocument = world.name(allowText('arn:aws:s3:::<bucket:data>/new', 's3:PutObject'));
        await iam.putRolePolicy({ RoleName, PolicyName: 'second', PolicyDocument });
      }),
      untilIamKnows,
      can('other'),
      may('app', putObject('data/new')),
      cannot('denied', DENIED),
      check('all but the first inline policy are removed', async (world) => {
        const { iam, RoleName, PolicyArn } = await attachedPolicy(world);
        for (const arn of [READ_ONLY, PolicyArn])
          await taken(iam.detachRolePolicy({ RoleName, PolicyArn: arn }), `detach ${arn}`);
        await taken(iam.deleteRolePolicy({ RoleName, PolicyName: 'second' }), 'delete the second policy');
      }),
      untilIamKnows,
      can('inline'),
      ...['data/managed', 'data/other'].map((place) => mayNot('app', getObject(place), NOT_ALLOWED)),
      mayNot('app', putObject('data/new'), NOT_ALLOWED),
    ],
  });

  scenario('PO-41', "a Deny in a role's policy, session policy or boundary overrides every Allow", {
    source: EVALUATION,
    roles: {
      app: podIdentityRole(readData, deny('s3:GetObject', 'data/a/own')),
      bounded: bounded(allow('s3:*', '*'), deny('s3:GetObject', 'data/a/secret')),
    },
    ...NARROWED_AND_BOUNDED,
    buckets: { data: bucketFor(['<role:app>', '<role:bounded>'], 'data/*') },
    objects: ['data/a/key', 'data/a/own', 'data/a/secret'],
    probes: [
      can('a/key'),
      cannot('a/own', DENIED),
      cannot('a/secret', { ...DENIED, policy: 'session' }),
      may(BOUNDED, getObject('data/a/key')),
      mayNot(BOUNDED, getObject('data/a/secret'), { ...DENIED, policy: 'boundary' }),
    ],
  });

  scenario('PO-42', 'a session policy limits what a bucket policy grants to a role', {
    source: `${SESSION_POLICIES}; ${SAME_ACCOUNT}`,
    roles: ASSOCIATED.roles,
    workloads: narrowed(),
    buckets: { data: bucketFor('<role:app>', 'data/*') },
    objects: ['data/a/key', 'data/b/key'],
    probes: [can('a/key'), cannot('b/key', ALLOWED_BY_NONE)],
  });

  scenario('PO-43', 'a permissions boundary limits what a bucket policy grants to a role', {
    source: `${BOUNDARIES}, resource-based policies; ${SAME_ACCOUNT}`,
    roles: {
      app: {
        ...podIdentityRole(),
        boundary: [allow('s3:*', ['data/a/*', 'data/${aws:PrincipalTag/kubernetes-service-account}/*'])],
      },
    },
    workloads: APP,
    buckets: { data: bucketFor('<role:app>', 'data/*') },
    objects: ['data/a/key', 'data/app/key', 'data/b/key'],
    probes: [can('a/key'), can('app/key'), cannot('b/key', ALLOWED_BY_NONE)],
  });

  scenario('PO-44', 'neither boundary nor session policy limits what a bucket policy grants to a session ARN', {
    source: `${SESSION_POLICIES}; ${BOUNDARIES}, resource-based policies; ${SAME_ACCOUNT}`,
    needs: ['irsa'],
    roles: {
      app: { ...irsaRole('app/app'), boundary: [allow('s3:*', 'data/a/*')] },
      base: irsaRole('app/app', allow('sts:AssumeRole', '<role:target>')),
      target: { trust: [trustRole('base')] },
    },
    ...BY_TOKEN,
    buckets: {
      data: {
        policy: [
          forPrincipal(
            [SESSION, 'arn:aws:sts::<account:main>:assumed-role/<role-name:target>/probe'],
            allow('s3:GetObject', 'data/b/*'),
          ),
          // A Deny also applies to the sessions that it names.
          forPrincipal(SESSION, deny('s3:GetObject', 'data/b/denied')),
          forPrincipal(SESSION.replace('creator', 'another'), deny('s3:GetObject', 'data/b/key')),
        ],
      },
    },
    objects: ['data/b/key', 'data/b/denied', 'data/c/key'],
    probes: [
      may(WEB, getObject('data/b/key')),
      mayNot(WEB, getObject('data/b/denied'), DENIED_BY_BUCKET),
      mayNot(WEB, getObject('data/c/key'), ALLOWED_BY_NONE),
      succeeds(
        asSession(
          { ...WEB, role: 'base' },
          getObject('data/b/key', { through: chain('target', { policy: [allow('s3:GetObject', 'data/a/*')] }) }),
        ),
      ),
    ],
  });

  scenario('PO-45', 'a bucket policy that names the account delegates to the policies of its roles', {
    source: `${PRINCIPALS}, "AWS account principals"`,
    ...appWith(allow('s3:GetObject', 'data/a/*')),
    buckets: { data: bucketFor('<account:main>', 'data/*') },
    objects: ['data/a/key', 'data/b/key'],
    probes: [can('a/key'), cannot('b/key')],
  });

  scenario('PO-46', "a request to another account's bucket needs an Allow in the bucket policy and the role's policy", {
    source: `${CROSS_ACCOUNT}; "AWS global condition context keys", aws:ResourceAccount`,
    ...appWith(
      allow('s3:GetObject', ['both/key', 'both/denied', 'identity/*', 'account/*']),
      allow('s3:GetObject', 'both/theirs', {
        StringEquals: { 'aws:ResourceAccount': '<account:other>', 's3:ResourceAccount': '<account:other>' },
      }),
      allow('s3:GetObject', 'both/own', { StringEquals: { 'aws:ResourceAccount': '<account:main>' } }),
      allow('s3:GetObject', 'both/own', { StringEquals: { 's3:ResourceAccount': '<account:main>' } }),
    ),
    buckets: {
      both: {
        account: 'other',
        policy: [
          ...bucketFor('<role:app>', 'both/*').policy,
          forPrincipal('<role:app>', deny('s3:GetObject', 'both/denied')),
        ],
      },
      identity: { account: 'other' },
      resource: { account: 'other', ...bucketFor('<role:app>', 'resource/*') },
      account: { account: 'other', ...bucketFor('<account:main>', 'account/*') },
      session: { account: 'other', ...bucketFor('<account:main>', 'session/*') },
    },
    objects: [
      ...['key', 'denied', 'theirs', 'own'].map((key) => `both/${key}`),
      ...['identity', 'resource', 'account', 'session'].map((bucket) => `${bucket}/key`),
    ],
    probes: [
      may('app', getObject('both/key')),
      may('app', getObject('both/theirs')),
      ...['both/own', 'both/denied'].map((place) => mayNot('app', getObject(place), DENIED_ELSEWHERE)),
      may('app', getObject('account/key')),
      mayNot('app', getObject('identity/key'), DENIED_ELSEWHERE),
      mayNot('app', getObject('resource/key'), DENIED_ELSEWHERE),
      mayNot('app', getObject('session/key'), DENIED_ELSEWHERE),
    ],
  });

  scenario('PO-47', "another account's bucket policy grants nothing beyond session policy and boundary", {
    source: CROSS_ACCOUNT,
    roles: {
      app: podIdentityRole(readData),
      bounded: bounded(allow('s3:*', 'data/a/*'), deny('s3:GetObject', 'data/a/secret')),
    },
    ...NARROWED_AND_BOUNDED,
    buckets: {
      data: {
        account: 'other',
        ...bucketFor(['<role:app>', '<role:bounded>', SESSION.replace('app>/creator', 'bounded>/creator')], 'data/*'),
      },
    },
    objects: ['data/a/key', 'data/a/secret', 'data/b/key'],
    probes: [
      can('a/key'),
      ...['b/key', 'a/secret'].map((key) => mayNot('app', getObject(`data/${key}`), DENIED_ELSEWHERE)),
      may(BOUNDED, getObject('data/a/key')),
      ...['b/key', 'a/secret'].map((key) => mayNot(BOUNDED, getObject(`data/${key}`), DENIED_ELSEWHERE)),
    ],
  });

  scenario(
    'PO-48',
    'a trust policy that names a role suffices within the account, one that names the account does not',
    {
      source: `AWS STS API Reference, AssumeRole: a user in the same account, or the account in the trust policy; ${BOUNDARIES}, resource-based policies`,
      needs: ['irsa'],
      roles: {
        app: irsaRole('app/app', allow('sts:AssumeRole', '<role:allowed>')),
        bounded: {
          ...irsaRole('app/app', allow('sts:AssumeRole', '*')),
          boundary: [allow('sts:AssumeRole', '<role:within>')],
        },
        named: trusting('<role:app>', '<role:bounded>'),
        within: trusting('<role:bounded>'),
        bySession: trusting(SESSION),
        byAnother: trusting(SESSION.replace('creator', 'another')),
        mixed: {
          trust: [
            {
              effect: 'Allow',
              actions: ['sts:AssumeRole', 'sts:TagSession'],
              principal: { AWS: ['<account:other>', '<role:app>'], Service: 'pods.eks.amazonaws.com' },
            },
          ],
        },
        // It trusts the account, so its identity policies decide.
        allowed: trusting('<account:main>'),
        another: trusting('<account:main>'),
      },
      workloads: { app: { role: 'mixed' } },
      tokens: WEB_TOKEN,
      probes: [
        may(WEB, assumeRole('named')),
        // Principals of every type are trusted.
        may(WEB, assumeRole('mixed')),
        succeeds(askEksAuth('app'), { roleArn: '<role:mixed>' }),
        may(WEB, assumeRole('allowed')),
        may(WEB, assumeRole('bySession')),
        ...['another', 'byAnother'].map((role) => mayNot(WEB, assumeRole(role), NOT_ASSUMED)),
        // The boundary of a role still limits a grant by name.
        may({ ...WEB, role: 'bounded' }, assumeRole('within')),
        mayNot({ ...WEB, role: 'bounded' }, assumeRole('named'), NOT_ASSUMED),
      ],
    },
  );

  scenario('PO-49', 'a recreated role with the same name is not the role that a bucket policy named', {
    source: `${PRINCIPALS}, "IAM role principals": the ARN is bound to the role's unique id`,
    roles: {
      app: irsaRole('app/app', allow('s3:GetObject', ['open/*', 'far/*'])),
      other: irsaRole('app/app'),
    },
    workloads: { app: { irsa: 'app' } },
    tokens: { ...WEB_TOKEN, later: WEB_TOKEN.web },
    buckets: {
      data: bucketFor(['<role:app>', '<role:other>'], 'data/*'),
      far: { account: 'other', ...bucketFor('<role:app>', 'far/*') },
    },
    objects: ['data/key', 'open/key', 'far/key'],
    probes: [
      ...['data/key', 'far/key'].map((place) => may(WEB, getObject(place))),
      deleteRole('app'),
      recreateRole('app'),
      may({ ...WEB, token: 'later' }, getObject('open/key')),
      mayNot({ ...WEB, token: 'later' }, getObject('data/key'), NOT_ALLOWED),
      mayNot({ ...WEB, token: 'later' }, getObject('far/key'), DENIED_ELSEWHERE),
      // Other roles in the statement are unaffected.
      may({ ...WEB, role: 'other' }, getObject('data/key')),
    ],
  });

  scenario('PO-50', 'a bucket and its objects are different resources', {
    source: 'Amazon S3 User Guide, "Policy resources for Amazon S3"',
    ...appWith(allow('s3:*', 'objects/*'), allow(['s3:ListBucket', 's3:GetObject'], 'bucket')),
    objects: ['objects/key', 'bucket/key'],
    probes: [
      may('app', getObject('objects/key')),
      mayNot('app', listObjects('objects'), NOT_ALLOWED),
      mayNot('app', headBucket('objects'), NOT_ALLOWED),
      may('app', listObjects('bucket'), { keys: 1 }),
      mayNot('app', getObject('bucket/key'), NOT_ALLOWED),
    ],
  });

  scenario('PO-40b', 'the default version of a managed policy applies, even if it is not the newest', {
    source:
      'IAM User Guide, "Versioning IAM policies"; IAM API Reference, CreatePolicyVersion and SetDefaultPolicyVersion',
    roles: {
      app: {
        ...podIdentityRole(allow('s3:GetObject', 'data/inline')),
        attached: [allow('s3:GetObject', 'data/first')],
      },
    },
    workloads: APP,
    objects: ['data/first', 'data/second'],
    probes: [
      can('first'),
      check('a second version is created', async (world) => {
        const { iam, PolicyArn } = await attachedPolicy(world);
        const PolicyDocument = world.name(allowText('arn:aws:s3:::<bucket:data>/second'));
        await iam.createPolicyVersion({ PolicyArn, PolicyDocument });
      }),
      untilIamKnows,
      can('first'),
      cannot('second'),
      check('it becomes the default, and the first is deleted', async (world) => {
        const { iam, PolicyArn } = await attachedPolicy(world);
        await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' });
        await iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' });
      }),
      untilIamKnows,
      can('second'),
      cannot('first'),
    ],
  });
});

async function attachedPolicy({ aws, name }: CheckContext) {
  const iam = new IAM(await aws('iam'));
  return { iam, RoleName: name('<role-name:app>'), PolicyArn: name(policyOf('app', 'attached')) };
}
