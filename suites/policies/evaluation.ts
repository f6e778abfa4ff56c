/** Which policy has the last word: identity, bucket, boundary and session policies against each other, in one account and two. */
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
  fails,
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
  type RoleSpec,
} from '../../harness/index.ts';
import { taken } from '../lib/errors.ts';
import { ALLOWED_BY_NONE, DENIED_ELSEWHERE, NOT_ALLOWED } from '../lib/outcomes.ts';
import { BOUNDARIES, CROSS_ACCOUNT, EVALUATION, PRINCIPALS, SAME_ACCOUNT } from '../lib/sources.ts';
import { APP, appWith, READ_ONLY, WEB, WEB_TOKEN } from '../lib/worlds.ts';

const SESSION_POLICIES =
  'IAM User Guide, "Policies and permissions in AWS Identity and Access Management", session policies';
const SESSION = 'arn:aws:sts::<account:main>:assumed-role/<role-name:app>/creator';
const bucketFor = (principal: string, resource: string) => ({
  policy: [forPrincipal(principal, allow('s3:GetObject', resource))],
});
/** An association whose session policy allows what is below `a/`. */
const narrowed = (...more: Parameters<typeof allow>[]) => ({
  app: {
    role: {
      role: 'app',
      disableSessionTags: true,
      policy: [allow('s3:*', 'data/a/*'), ...more.map((statement) => deny(...statement))],
    },
  },
});
/** Changes nothing, and waits until IAM's changes count everywhere. */
const untilIamKnows = putRolePolicy('app', allow('s3:GetObject', 'data/inline'));

suite('policies', ({ scenario }) => {
  /** Trusts the account, and so whoever its administrators allow. */
  const byAccount: RoleSpec = {
    trust: [{ effect: 'Allow', actions: ['sts:AssumeRole'], principal: { AWS: '<account:main>' } }],
  };

  scenario('PO-40', 'a managed policy that is attached to a role counts beside its inline policies', {
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
      succeeds(asSession('app', getObject('data/inline'))),
      succeeds(asSession('app', getObject('data/managed'))),
      fails(asSession('app', getObject('data/denied')), { ...NOT_ALLOWED, explicit: true }),
      fails(asSession('app', getObject('data/other')), NOT_ALLOWED),
      check('one of AWS is attached too, and a second one is put in', async (world) => {
        const { iam, RoleName } = await attachedPolicy(world);
        await iam.attachRolePolicy({ RoleName, PolicyArn: READ_ONLY });
        const Statement = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::<bucket:data>/new' };
        const PolicyDocument = world.name(JSON.stringify({ Version: '2012-10-17', Statement }));
        await iam.putRolePolicy({ RoleName, PolicyName: 'second', PolicyDocument });
      }),
      untilIamKnows,
      succeeds(asSession('app', getObject('data/other'))),
      succeeds(asSession('app', putObject('data/new'))),
      fails(asSession('app', getObject('data/denied')), { ...NOT_ALLOWED, explicit: true }),
      check('all but the first inline one are taken away', async (world) => {
        const { iam, RoleName, PolicyArn } = await attachedPolicy(world);
        for (const arn of [READ_ONLY, PolicyArn])
          await taken(iam.detachRolePolicy({ RoleName, PolicyArn: arn }), `to detach ${arn}`);
        await taken(iam.deleteRolePolicy({ RoleName, PolicyName: 'second' }), 'to delete the second');
      }),
      untilIamKnows,
      succeeds(asSession('app', getObject('data/inline'))),
      ...['data/managed', 'data/other'].map((place) => fails(asSession('app', getObject(place)), NOT_ALLOWED)),
      fails(asSession('app', putObject('data/new')), NOT_ALLOWED),
    ],
  });

  scenario(
    'PO-41',
    "a Deny in a role's own policy, session policy or boundary wins over every Allow, that of a bucket policy included",
    {
      source: EVALUATION,
      roles: {
        app: podIdentityRole(allow('s3:GetObject', 'data/*'), deny('s3:GetObject', 'data/a/own')),
        bounded: {
          ...irsaRole('app/bounded', allow('s3:GetObject', 'data/*')),
          boundary: [allow('s3:*', '*'), deny('s3:GetObject', 'data/a/secret')],
        },
      },
      workloads: { ...narrowed(['s3:GetObject', 'data/a/secret']), bounded: { serviceAccount: 'bounded' } },
      tokens: { bounded: { serviceAccount: 'app/bounded', audience: 'sts.amazonaws.com' } },
      buckets: {
        data: { policy: [forPrincipal(['<role:app>', '<role:bounded>'], allow('s3:GetObject', 'data/*'))] },
      },
      objects: ['data/a/key', 'data/a/own', 'data/a/secret'],
      probes: [
        succeeds(asSession('app', getObject('data/a/key'))),
        fails(asSession('app', getObject('data/a/own')), { ...NOT_ALLOWED, explicit: true }),
        fails(asSession('app', getObject('data/a/secret')), { ...NOT_ALLOWED, policy: 'session', explicit: true }),
        succeeds(asSession({ role: 'bounded', token: 'bounded' }, getObject('data/a/key'))),
        fails(asSession({ role: 'bounded', token: 'bounded' }, getObject('data/a/secret')), {
          ...NOT_ALLOWED,
          policy: 'boundary',
          explicit: true,
        }),
      ],
    },
  );

  scenario('PO-42', 'what a bucket policy grants a role, its session policy still limits', {
    source: `${SESSION_POLICIES}; ${SAME_ACCOUNT}`,
    roles: { app: podIdentityRole() },
    workloads: narrowed(),
    buckets: { data: bucketFor('<role:app>', 'data/*') },
    objects: ['data/a/key', 'data/b/key'],
    probes: [
      succeeds(asSession('app', getObject('data/a/key'))),
      fails(asSession('app', getObject('data/b/key')), ALLOWED_BY_NONE),
    ],
  });

  scenario('PO-43', 'what a bucket policy grants a role, its boundary still limits', {
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
    probes: [
      succeeds(asSession('app', getObject('data/a/key'))),
      succeeds(asSession('app', getObject('data/app/key'))),
      fails(asSession('app', getObject('data/b/key')), ALLOWED_BY_NONE),
    ],
  });

  scenario('PO-44', 'what a bucket policy grants a session by its ARN, neither boundary nor session policy limits', {
    source: `${SESSION_POLICIES}; ${BOUNDARIES}, resource-based policies; ${SAME_ACCOUNT}`,
    needs: ['irsa'],
    roles: {
      app: { ...irsaRole('app/app'), boundary: [allow('s3:*', 'data/a/*')] },
      base: irsaRole('app/app', allow('sts:AssumeRole', '<role:target>')),
      target: { trust: [trustRole('base')] },
    },
    workloads: { app: {} },
    tokens: WEB_TOKEN,
    buckets: {
      data: {
        policy: [
          forPrincipal(
            [SESSION, 'arn:aws:sts::<account:main>:assumed-role/<role-name:target>/probe'],
            allow('s3:GetObject', 'data/b/*'),
          ),
          // A Deny is about the sessions that it names too.
          forPrincipal(SESSION, deny('s3:GetObject', 'data/b/denied')),
          forPrincipal(SESSION.replace('creator', 'another'), deny('s3:GetObject', 'data/b/key')),
        ],
      },
    },
    objects: ['data/b/key', 'data/b/denied', 'data/c/key'],
    probes: [
      succeeds(asSession(WEB, getObject('data/b/key'))),
      fails(asSession(WEB, getObject('data/b/denied')), { ...NOT_ALLOWED, policy: 'resource', explicit: true }),
      fails(asSession(WEB, getObject('data/c/key')), ALLOWED_BY_NONE),
      succeeds(
        asSession(
          { ...WEB, role: 'base' },
          getObject('data/b/key', { through: chain('target', { policy: [allow('s3:GetObject', 'data/a/*')] }) }),
        ),
      ),
    ],
  });

  scenario('PO-45', 'a bucket policy that names the account leaves it to the policies of its roles', {
    source: `${PRINCIPALS}, "AWS account principals"`,
    ...appWith(allow('s3:GetObject', 'data/a/*')),
    buckets: { data: bucketFor('<account:main>', 'data/*') },
    objects: ['data/a/key', 'data/b/key'],
    probes: [
      succeeds(asSession('app', getObject('data/a/key'))),
      fails(asSession('app', getObject('data/b/key')), NOT_ALLOWED),
    ],
  });

  scenario('PO-46', "another account's bucket opens where both its policy and the role's allow it", {
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
      'both/key',
      'both/denied',
      'both/theirs',
      'both/own',
      'identity/key',
      'resource/key',
      'account/key',
      'session/key',
    ],
    probes: [
      succeeds(asSession('app', getObject('both/key'))),
      succeeds(asSession('app', getObject('both/theirs'))),
      ...['both/own', 'both/denied'].map((place) => fails(asSession('app', getObject(place)), DENIED_ELSEWHERE)),
      succeeds(asSession('app', getObject('account/key'))),
      fails(asSession('app', getObject('identity/key')), DENIED_ELSEWHERE),
      fails(asSession('app', getObject('resource/key')), DENIED_ELSEWHERE),
      fails(asSession('app', getObject('session/key')), DENIED_ELSEWHERE),
    ],
  });

  scenario('PO-47', "another account's bucket policy opens nothing that session policy or boundary do not allow", {
    source: CROSS_ACCOUNT,
    roles: {
      app: podIdentityRole(allow('s3:GetObject', 'data/*')),
      bounded: {
        ...irsaRole('app/bounded', allow('s3:GetObject', 'data/*')),
        boundary: [allow('s3:*', 'data/a/*'), deny('s3:GetObject', 'data/a/secret')],
      },
    },
    workloads: { ...narrowed(['s3:GetObject', 'data/a/secret']), bounded: { serviceAccount: 'bounded' } },
    tokens: { bounded: { serviceAccount: 'app/bounded', audience: 'sts.amazonaws.com' } },
    buckets: {
      data: {
        account: 'other',
        policy: [
          forPrincipal(
            ['<role:app>', '<role:bounded>', SESSION.replace('app>/creator', 'bounded>/creator')],
            allow('s3:GetObject', 'data/*'),
          ),
        ],
      },
    },
    objects: ['data/a/key', 'data/a/secret', 'data/b/key'],
    probes: [
      succeeds(asSession('app', getObject('data/a/key'))),
      ...['b/key', 'a/secret'].map((key) => fails(asSession('app', getObject(`data/${key}`)), DENIED_ELSEWHERE)),
      succeeds(asSession({ role: 'bounded', token: 'bounded' }, getObject('data/a/key'))),
      ...['b/key', 'a/secret'].map((key) =>
        fails(asSession({ role: 'bounded', token: 'bounded' }, getObject(`data/${key}`)), DENIED_ELSEWHERE),
      ),
    ],
  });

  scenario('PO-48', 'a trust policy that names a role of its account is enough, one that names the account is not', {
    source: `AWS STS API Reference, AssumeRole: a user in the same account, or the account in the trust policy; ${BOUNDARIES}, resource-based policies`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow('sts:AssumeRole', '<role:allowed>')),
      bounded: {
        ...irsaRole('app/app', allow('sts:AssumeRole', '*')),
        boundary: [allow('sts:AssumeRole', '<role:within>')],
      },
      named: {
        trust: [
          trustRole('app', { actions: ['sts:AssumeRole'] }),
          trustRole('bounded', { actions: ['sts:AssumeRole'] }),
        ],
      },
      within: { trust: [trustRole('bounded', { actions: ['sts:AssumeRole'] })] },
      bySession: { trust: [{ effect: 'Allow', actions: ['sts:AssumeRole'], principal: { AWS: SESSION } }] },
      byAnother: {
        trust: [
          { effect: 'Allow', actions: ['sts:AssumeRole'], principal: { AWS: SESSION.replace('creator', 'another') } },
        ],
      },
      mixed: {
        trust: [
          {
            effect: 'Allow',
            actions: ['sts:AssumeRole', 'sts:TagSession'],
            principal: { AWS: ['<account:other>', '<role:app>'], Service: 'pods.eks.amazonaws.com' },
          },
        ],
      },
      allowed: byAccount,
      another: byAccount,
    },
    workloads: { app: { role: 'mixed' } },
    tokens: WEB_TOKEN,
    probes: [
      succeeds(asSession(WEB, assumeRole('named'))),
      // Of several types of principals each is trusted.
      succeeds(asSession(WEB, assumeRole('mixed'))),
      succeeds(askEksAuth('app'), { roleArn: '<role:mixed>' }),
      succeeds(asSession(WEB, assumeRole('allowed'))),
      succeeds(asSession(WEB, assumeRole('bySession'))),
      ...['another', 'byAnother'].map((role) =>
        fails(asSession(WEB, assumeRole(role)), { by: 'sts', code: 'AccessDenied', status: 403 }),
      ),
      // What it grants a role by name, the boundary of that still limits.
      succeeds(asSession({ ...WEB, role: 'bounded' }, assumeRole('within'))),
      fails(asSession({ ...WEB, role: 'bounded' }, assumeRole('named')), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
      }),
    ],
  });

  scenario('PO-49', 'a role that is made again under its name is not the one that a bucket policy named', {
    source: `${PRINCIPALS}, "IAM role principals": the ARN is bound to the role's unique id`,
    roles: {
      app: irsaRole('app/app', allow('s3:GetObject', ['open/*', 'far/*'])),
      other: irsaRole('app/app'),
    },
    workloads: { app: { irsa: 'app' } },
    tokens: { ...WEB_TOKEN, later: WEB_TOKEN.web },
    buckets: {
      data: { policy: [forPrincipal(['<role:app>', '<role:other>'], allow('s3:GetObject', 'data/*'))] },
      far: { account: 'other', ...bucketFor('<role:app>', 'far/*') },
    },
    objects: ['data/key', 'open/key', 'far/key'],
    probes: [
      ...['data/key', 'far/key'].map((place) => succeeds(asSession(WEB, getObject(place)))),
      deleteRole('app'),
      recreateRole('app'),
      succeeds(asSession({ ...WEB, token: 'later' }, getObject('open/key'))),
      fails(asSession({ ...WEB, token: 'later' }, getObject('data/key')), NOT_ALLOWED),
      fails(asSession({ ...WEB, token: 'later' }, getObject('far/key')), DENIED_ELSEWHERE),
      // Of others that were named beside it nothing changes.
      succeeds(asSession({ ...WEB, role: 'other' }, getObject('data/key'))),
    ],
  });

  scenario('PO-50', 'bucket and objects are different resources', {
    source: 'Amazon S3 User Guide, "Policy resources for Amazon S3"',
    ...appWith(allow('s3:*', 'objects/*'), allow(['s3:ListBucket', 's3:GetObject'], 'bucket')),
    objects: ['objects/key', 'bucket/key'],
    probes: [
      succeeds(asSession('app', getObject('objects/key'))),
      fails(asSession('app', listObjects('objects')), NOT_ALLOWED),
      fails(asSession('app', headBucket('objects')), NOT_ALLOWED),
      succeeds(asSession('app', listObjects('bucket')), { keys: 1 }),
      fails(asSession('app', getObject('bucket/key')), NOT_ALLOWED),
    ],
  });

  scenario('PO-40b', 'of a managed policy the default version counts, whether it is the newest or not', {
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
      succeeds(asSession('app', getObject('data/first'))),
      check('a second version is made', async (world) => {
        const { iam, PolicyArn } = await attachedPolicy(world);
        const Statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::<bucket:data>/second' };
        const PolicyDocument = world.name(JSON.stringify({ Version: '2012-10-17', Statement }));
        await iam.createPolicyVersion({ PolicyArn, PolicyDocument });
      }),
      untilIamKnows,
      succeeds(asSession('app', getObject('data/first'))),
      fails(asSession('app', getObject('data/second')), NOT_ALLOWED),
      check('and then the default, without the first', async (world) => {
        const { iam, PolicyArn } = await attachedPolicy(world);
        await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' });
        await iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' });
      }),
      untilIamKnows,
      succeeds(asSession('app', getObject('data/second'))),
      fails(asSession('app', getObject('data/first')), NOT_ALLOWED),
    ],
  });
});

async function attachedPolicy({ aws, name }: CheckContext) {
  const iam = new IAM(await aws('iam'));
  const RoleName = name('<role-name:app>');
  const { AttachedPolicies = [] } = await iam.listAttachedRolePolicies({ RoleName });
  const own = AttachedPolicies.find(({ PolicyArn }) => PolicyArn?.startsWith(name('arn:aws:iam::<account:main>:')));
  return { iam, RoleName, PolicyArn: own?.PolicyArn };
}
