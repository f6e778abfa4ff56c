/** What AssumeRole takes and refuses: source identities, transitive tags, session policies, names; and what becomes of them. */
import { IAMClient, ListRoleTagsCommand, TagRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import {
  allow,
  assumeRole,
  asSession,
  chain,
  chained,
  between,
  check,
  deny,
  fails,
  getObject,
  irsaRole,
  isAbsent,
  matching,
  podIdentityRole,
  putObject,
  succeeds,
  suite,
  trustRole,
  whoAmI,
  type Conditions,
} from '../harness/index.ts';
import { INVALID, NOT_ALLOWED, NOT_ASSUMED, NOT_CHANGED } from './lib/outcomes.ts';
import { ASSUME_ROLE, PASS_TAGS } from './lib/sources.ts';
import { APP, ASSUME_AND_TAG, READ_ONLY } from './lib/worlds.ts';

const SOURCE_IDENTITY = 'IAM User Guide, "Monitor and control actions taken with assumed roles"';

/** With which of its codes STS refuses these is not documented. */
const BAD_REQUEST = {
  by: 'sts',
  code: ['ValidationError', 'InvalidParameterValue', 'MalformedPolicyDocument', 'PackedPolicyTooLarge'],
  status: 400,
} as const;

const ALL = [...ASSUME_AND_TAG, 'sts:SetSourceIdentity'];
const named = (...roles: readonly string[]) => roles.map((role) => `<role:${role}>`);
const NODES = 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy';
const TEN = [
  ...['AdministratorAccess', 'AmazonS3FullAccess', 'AmazonS3ReadOnlyAccess', 'AmazonEC2ContainerRegistryReadOnly'],
  ...[
    'AmazonEKSWorkerNodePolicy',
    'AmazonEKSClusterPolicy',
    'AmazonEKSWorkerNodeMinimalPolicy',
    'AmazonEKS_CNI_Policy',
  ],
  ...['AmazonEKSComputePolicy', 'AmazonEKSNetworkingPolicy'],
].map((name) => `arn:aws:iam::aws:policy/${name}`);

suite('role-chaining', ({ scenario }) => {
  const asking = (actions: readonly string[], conditions?: Conditions) => ({
    trust: [trustRole('app', { actions, ...(conditions && { conditions }) })],
  });

  scenario('RC-07', 'a source identity is set by who may, once, and stays for the whole chain', {
    source: `${SOURCE_IDENTITY}; ${ASSUME_ROLE}, SourceIdentity`,
    roles: {
      app: podIdentityRole(allow(ALL, named('first', 'without', 'ann')), allow(ASSUME_AND_TAG, '<role:far>')),
      first: {
        ...asking(ALL),
        permissions: [
          allow(ALL, named('second', 'untold')),
          allow(ASSUME_AND_TAG, '<role:quiet>'),
          allow('s3:GetObject', 'data/${aws:SourceIdentity}'),
        ],
      },
      second: { trust: [trustRole('first', { actions: ALL })] },
      untold: { trust: [trustRole('first')] },
      quiet: { trust: [trustRole('first', { actions: ALL })], account: 'other' },
      without: asking(ASSUME_AND_TAG),
      ann: asking(ALL, { StringEquals: { 'sts:SourceIdentity': 'ann' } }),
      // The permission is asked of both sides.
      far: { ...asking(ALL), account: 'other' },
    },
    workloads: APP,
    objects: ['data/ann', 'data/bob'],
    probes: [
      succeeds(asSession('app', assumeRole('first')), { sourceIdentity: isAbsent }),
      succeeds(asSession('app', assumeRole('first', { sourceIdentity: 'ann' })), { sourceIdentity: 'ann' }),
      succeeds(asSession('app', assumeRole('without'))),
      fails(asSession('app', assumeRole('without', { sourceIdentity: 'ann' })), {
        ...NOT_ASSUMED,
        message: 'sts:SetSourceIdentity',
      }),
      succeeds(asSession('app', assumeRole('far'))),
      fails(asSession('app', assumeRole('far', { sourceIdentity: 'ann' })), NOT_ASSUMED),
      succeeds(asSession('app', assumeRole('ann', { sourceIdentity: 'ann' }))),
      fails(asSession('app', assumeRole('ann', { sourceIdentity: 'bob' })), NOT_ASSUMED),
      fails(asSession('app', assumeRole('ann')), NOT_ASSUMED),
      ...[chained('app', chain('first', { sourceIdentity: 'ann' }))].flatMap((ann) => [
        succeeds(asSession(ann, getObject('data/ann'))),
        fails(asSession(ann, getObject('data/bob')), NOT_ALLOWED),
        succeeds(asSession(ann, assumeRole('second')), { sourceIdentity: 'ann' }),
        fails(asSession(ann, assumeRole('second', { sourceIdentity: 'bob' })), NOT_CHANGED),
        // One that comes along needs the permission too, of both sides.
        fails(asSession(ann, assumeRole('untold')), { ...NOT_ASSUMED, message: 'sts:SetSourceIdentity' }),
        fails(asSession(ann, assumeRole('quiet')), NOT_ASSUMED),
      ]),
      ...[chained('app', chain('first'))].flatMap((nobody) => [
        succeeds(asSession(nobody, assumeRole('untold'))),
        succeeds(asSession(nobody, assumeRole('quiet'))),
        // Without one there is nothing to name.
        fails(asSession(nobody, getObject('data/ann')), NOT_ALLOWED),
      ]),
    ],
  });

  scenario('RC-08', 'a session tag goes on to the next session when it is said to be transitive, and no other does', {
    source: `${PASS_TAGS}, "Chaining roles with session tags"`,
    roles: {
      app: podIdentityRole(allow(ASSUME_AND_TAG, named('first', 'asks'))),
      first: { ...asking(ASSUME_AND_TAG), permissions: [allow(ASSUME_AND_TAG, '<role:second>')] },
      second: {
        trust: [trustRole('first')],
        permissions: [allow('s3:GetObject', 'data/${aws:PrincipalTag/team}'), allow(ASSUME_AND_TAG, '<role:third>')],
        // Tags of sessions take the place of those of roles, from wherever they came.
        tags: { team: 'blue' },
      },
      third: { trust: [trustRole('second')], permissions: [allow('s3:GetObject', 'data/${aws:PrincipalTag/team}')] },
      asks: asking(ASSUME_AND_TAG, { 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': 'team' } }),
    },
    workloads: APP,
    objects: ['data/red', 'data/blue'],
    probes: [
      ...[chained('app', chain('first', { tags: { team: 'red', step: 'one' }, transitiveTagKeys: ['team'] }))].flatMap(
        (kept) => [
          succeeds(asSession(kept, getObject('data/red', { through: chain('second') }))),
          fails(asSession(kept, getObject('data/blue', { through: chain('second') })), NOT_ALLOWED),
          fails(asSession(kept, assumeRole('second', { tags: { team: 'blue' } })), NOT_CHANGED),
          // One that did not come along is free.
          succeeds(asSession(kept, assumeRole('second', { tags: { step: 'two' } }))),
          // It goes on and on.
          ...[chained(kept, chain('second'))].flatMap((further) => [
            succeeds(asSession(further, getObject('data/red', { through: chain('third') }))),
            fails(asSession(further, assumeRole('third', { tags: { team: 'blue' } })), NOT_CHANGED),
          ]),
        ],
      ),
      ...[chained('app', chain('first', { tags: { team: 'red' } }))].flatMap((lost) => [
        fails(asSession(lost, getObject('data/red', { through: chain('second') })), NOT_ALLOWED),
        succeeds(asSession(lost, getObject('data/blue', { through: chain('second', { tags: { team: 'blue' } }) }))),
      ]),
      // Keys of tags are the same in whatever case they are written.
      succeeds(
        asSession(
          chained('app', chain('first', { tags: { team: 'red' }, transitiveTagKeys: ['Team'] })),
          getObject('data/red', { through: chain('second') }),
        ),
      ),
      succeeds(asSession('app', assumeRole('asks', { tags: { team: 'red' }, transitiveTagKeys: ['team'] }))),
      fails(asSession('app', assumeRole('asks', { tags: { team: 'red' } })), NOT_ASSUMED),
    ],
  });

  const web = { role: 'web', token: 'web' };

  scenario('RC-09', 'tags of a session keep to the rules for tags', {
    source: `${PASS_TAGS}: things to know, and quotas`,
    needs: ['irsa'],
    roles: {
      web: irsaRole('app/app', allow(ASSUME_AND_TAG, named('tagged', 'untagged'))),
      tagged: { trust: [trustRole('web')], maxSessionDuration: 43_200 },
      untagged: { trust: [trustRole('web', { actions: ['sts:AssumeRole'] })] },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      // A session of IRSA has none of its own, so that nothing else takes room.
      succeeds(asSession(web, assumeRole('tagged')), { packedPolicySize: isAbsent }),
      succeeds(asSession(web, assumeRole('tagged', { tags: { team: 'red', Step: '' } })), {
        packedPolicySize: between(1, 50),
      }),
      succeeds(asSession(web, assumeRole('untagged'))),
      fails(asSession(web, assumeRole('untagged', { tags: { team: 'red' } })), {
        ...NOT_ASSUMED,
        message: 'sts:TagSession',
      }),
      succeeds(asSession(web, assumeRole('tagged', { tags: { ['k'.repeat(128)]: 'v' } }))),
      fails(asSession(web, assumeRole('tagged', { tags: { ['k'.repeat(129)]: 'v' } })), INVALID),
      succeeds(asSession(web, assumeRole('tagged', { tags: { key: 'v'.repeat(256) } }))),
      fails(asSession(web, assumeRole('tagged', { tags: { key: 'v'.repeat(257) } })), INVALID),
      succeeds(asSession(web, assumeRole('tagged', { tags: { 'a b_.:/=+-@é1': 'a b_.:/=+-@é1' } }))),
      fails(asSession(web, assumeRole('tagged', { tags: { 'team*': 'red' } })), INVALID),
      fails(asSession(web, assumeRole('tagged', { tags: { team: 'red*' } })), INVALID),
      fails(asSession(web, assumeRole('tagged', { tags: { 'aws:team': 'red' } })), BAD_REQUEST),
      fails(asSession(web, assumeRole('tagged', { tags: { team: 'red', TEAM: 'blue' } })), BAD_REQUEST),
      fails(asSession(web, assumeRole('tagged', { tags: { team: 'red' }, transitiveTagKeys: ['step'] })), BAD_REQUEST),
      fails(
        asSession(web, assumeRole('tagged', { tags: { team: 'red' }, transitiveTagKeys: ['team', 'step'] })),
        BAD_REQUEST,
      ),
      // A chain that began with a token of the cluster is a chain as others are.
      succeeds(asSession(web, assumeRole('tagged', { durationSeconds: 3600 }))),
      fails(asSession(web, assumeRole('tagged', { durationSeconds: 3601 })), INVALID),
    ],
  });

  scenario('RC-10', 'managed policies narrow a session too, together with the one that is passed as text', {
    source: `${ASSUME_ROLE}, Policy and PolicyArns; IAM User Guide, "Policies and permissions in IAM": session policies`,
    needs: ['irsa'],
    roles: {
      web: irsaRole('app/app', allow(ASSUME_AND_TAG, named('target', 'far'))),
      target: {
        trust: [trustRole('web')],
        permissions: [allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], 'data/*')],
        attached: [allow('s3:GetObject', 'data/a')],
      },
      far: { account: 'other', trust: [trustRole('web')], attached: [allow('s3:GetObject', 'data/a')] },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    objects: ['data/a'],
    probes: [
      succeeds(asSession(web, putObject('data/b', { through: chain('target') }))),
      ...[chained(web, chain('target', { policyArns: [READ_ONLY] }))].flatMap((reading) => [
        succeeds(asSession(reading, getObject('data/a'))),
        fails(asSession(reading, putObject('data/b')), { ...NOT_ALLOWED, policy: 'session' }),
      ]),
      ...[
        chained(web, chain('target', { policyArns: [READ_ONLY], policy: [allow('s3:PutObject', 'data/b')] })),
      ].flatMap((both) => [
        succeeds(asSession(both, getObject('data/a'))),
        succeeds(asSession(both, putObject('data/b'))),
        fails(asSession(both, putObject('data/c')), { ...NOT_ALLOWED, policy: 'session' }),
      ]),
      // Of several each allows.
      succeeds(asSession(web, getObject('data/a', { through: chain('target', { policyArns: [NODES, READ_ONLY] }) }))),
      succeeds(asSession(web, assumeRole('target', { policyArns: [READ_ONLY] })), { packedPolicySize: between(1, 99) }),
      succeeds(asSession(web, assumeRole('target', { policy: [allow('s3:GetObject', 'data/a')] })), {
        packedPolicySize: between(1, 99),
      }),
      fails(asSession(web, assumeRole('target', { policyArns: [`${READ_ONLY}-absent`] })), BAD_REQUEST),
      // Of the account of the role, not of the caller's.
      succeeds(asSession(web, assumeRole('far', { policyArns: [attachedTo('far', 'other')] }))),
      succeeds(asSession(web, assumeRole('target', { policyArns: [attachedTo('target', 'main')] }))),
      fails(asSession(web, assumeRole('far', { policyArns: [attachedTo('target', 'main')] })), BAD_REQUEST),
      succeeds(asSession(web, assumeRole('target', { policyArns: TEN }))),
      fails(
        asSession(web, assumeRole('target', { policyArns: Array.from({ length: 11 }, () => READ_ONLY) })),
        BAD_REQUEST,
      ),
      ...[allow('GetObject', 'data/a'), { ...allow('s3:GetObject', 'data/a'), principal: '*' } as const].map((wrong) =>
        fails(asSession(web, assumeRole('target', { policy: [wrong] })), {
          by: 'sts',
          code: 'MalformedPolicyDocument',
          status: 400,
        }),
      ),
      // Longer than 2,048 characters, and short once it is packed.
      fails(asSession(web, assumeRole('target', { policy: [allow('s3:GetObject', longList(40))] })), BAD_REQUEST),
      succeeds(asSession(web, assumeRole('target', { policy: [allow('s3:GetObject', longList(20))] }))),
      fails(asSession(web, assumeRole('target', { policy: [allow('s3:GetObject', unlike(40))] })), {
        by: 'sts',
        code: 'PackedPolicyTooLarge',
        status: 400,
      }),
    ],
  });

  scenario('RC-11', 'a role is found by its whole ARN, and a session named as it is said', {
    source: `${ASSUME_ROLE}, RoleArn and RoleSessionName; IAM User Guide, "IAM and AWS STS condition context keys"`,
    roles: {
      app: podIdentityRole(
        allow(ASSUME_AND_TAG, '*', { StringEqualsIfExists: { 'aws:ResourceTag/conformance-team': 'red' } }),
        deny('sts:AssumeRole', named('barred', 'farBarred')),
        deny('sts:AssumeRole', '*', { StringEquals: { 'iam:ResourceTag/conformance-stage': 'test' } }),
      ),
      target: asking(ASSUME_AND_TAG),
      deep: { ...asking(ASSUME_AND_TAG), path: '/conformance-apps/red/' },
      ann: asking(ASSUME_AND_TAG, { StringLike: { 'sts:RoleSessionName': 'ann*' } }),
      own: asking(ASSUME_AND_TAG, {
        StringEquals: { 'sts:RoleSessionName': '${aws:PrincipalTag/kubernetes-service-account}' },
      }),
      red: { ...asking(ASSUME_AND_TAG), account: 'other', tags: { 'conformance-team': 'red' } },
      blue: { ...asking(ASSUME_AND_TAG), account: 'other', tags: { 'conformance-team': 'blue' } },
      tested: { ...asking(ASSUME_AND_TAG), tags: { 'conformance-stage': 'test' } },
      barred: asking(ASSUME_AND_TAG),
      farBarred: { ...asking(ASSUME_AND_TAG), account: 'other' },
    },
    workloads: APP,
    probes: [
      succeeds(asSession('app', assumeRole('target')), {
        arn: matching(/^arn:aws:sts::<account:main>:assumed-role\/<role-name:target>\/probe$/),
        userId: matching(/^AROA[A-Z0-9]+:probe$/),
      }),
      succeeds(asSession(chained('app', chain('target', { sessionName: 'Ann+1=,.@b-_' })), whoAmI()), {
        arn: matching(/:assumed-role\/<role-name:target>\/Ann\+1=,\.@b-_$/),
        userId: matching(/^AROA[A-Z0-9]+:Ann\+1=,\.@b-_$/),
      }),
      ...['a', 'a b', 'a/b', 'a'.repeat(65)].map((sessionName) =>
        fails(asSession('app', assumeRole('target', { sessionName })), INVALID),
      ),
      succeeds(asSession('app', assumeRole('target', { sessionName: 'a'.repeat(64) }))),
      ...[
        'arn:aws:iam::<account:main>:role/<role-name:target>-absent',
        'arn:aws:iam::<account:main>:role/path/<role-name:target>',
        'arn:aws:iam::<account:other>:role/<role-name:target>',
        'arn:aws:iam::999999999999:role/<role-name:target>',
      ].map((roleArn) => fails(asSession('app', assumeRole('target', { roleArn })), NOT_ASSUMED)),
      ...['target', 'arn:aws:iam::<account:main>:user/<role-name:target>', 'arn:aws:iam::<account:main>:role/'].map(
        (roleArn) => fails(asSession('app', assumeRole('target', { roleArn })), INVALID),
      ),
      succeeds(asSession('app', assumeRole('deep'))),
      ...['', 'conformance-apps/', 'Conformance-Apps/red/'].map((path) =>
        fails(
          asSession('app', assumeRole('deep', { roleArn: `arn:aws:iam::<account:main>:role/${path}<role-name:deep>` })),
          NOT_ASSUMED,
        ),
      ),
      succeeds(asSession('app', assumeRole('ann', { sessionName: 'ann-1' }))),
      fails(asSession('app', assumeRole('ann')), NOT_ASSUMED),
      succeeds(asSession('app', assumeRole('own', { sessionName: 'app' }))),
      fails(asSession('app', assumeRole('own')), NOT_ASSUMED),
      succeeds(asSession('app', assumeRole('red'))),
      fails(asSession('app', assumeRole('blue')), NOT_ASSUMED),
      fails(asSession('app', assumeRole('tested')), NOT_ASSUMED),
      // A role trusts itself no more than others.
      fails(asSession('app', assumeRole('app')), NOT_ASSUMED),
      // Of an explicit Deny STS tells within an account alone.
      fails(asSession('app', assumeRole('barred')), { ...NOT_ASSUMED, message: 'with an explicit deny' }),
      fails(asSession('app', assumeRole('farBarred')), NOT_ASSUMED),
    ],
  });

  scenario('RC-13', 'a tag of a role takes the place of one whose key differs in case alone', {
    source: 'IAM User Guide, "Tags for AWS Identity and Access Management resources", "Case sensitivity"',
    roles: {
      app: {
        ...podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/conformance-team}')),
        tags: { 'conformance-team': 'red' },
      },
    },
    workloads: APP,
    objects: ['data/red', 'data/blue'],
    probes: [
      succeeds(asSession('app', getObject('data/red'))),
      check('and of that one alone', async ({ aws, eventually, name }) => {
        const iam = new IAMClient(await aws('iam'));
        const RoleName = name('<role-name:app>');
        const added = { Key: 'Conformance-Team', Value: 'blue' };
        const listed = async () => (await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags ?? [];
        const before = await listed();
        await iam.send(new TagRoleCommand({ RoleName, Tags: [added] }));
        const isOther = ({ Key }: { readonly Key?: string | undefined }) => !/^conformance-team$/i.test(Key ?? '');
        const after = await eventually(listed, (tags) => tags.some(({ Value }) => Value === added.Value));
        expect(after).to.have.deep.members([...before.filter(isOther), added]);
      }),
      succeeds(asSession('app', getObject('data/blue'), { fresh: true })),
      fails(asSession('app', getObject('data/red'), { fresh: true }), NOT_ALLOWED),
    ],
  });

  scenario('RC-12', 'everybody may ask who they are, but nobody without a signature', {
    source: 'AWS STS API Reference, GetCallerIdentity: no permission is needed; "Common Errors"',
    roles: { app: podIdentityRole(deny('*', '*')) },
    workloads: APP,
    probes: [
      succeeds(asSession('app', whoAmI()), { accountId: '<account:main>' }),
      fails(asSession('app', assumeRole('app')), NOT_ASSUMED),
      check('a call that is not signed is refused', async ({ aws, name }) => {
        const { endpoint, region } = await aws('sts');
        const ask = (query: Readonly<Record<string, string>>): Promise<Response> =>
          fetch(`${endpoint ?? `https://sts.${region}.amazonaws.com`}/`, {
            method: 'POST',
            body: new URLSearchParams({ Version: '2011-06-15', ...query }),
          });
        const role = { RoleArn: name('<role:app>'), RoleSessionName: 'probe' };
        for (const query of [{ Action: 'GetCallerIdentity' }, { Action: 'AssumeRole', ...role }]) {
          const answer = await ask(query);
          expect(answer.status).to.equal(403);
          expect(await answer.text()).to.contain('<Code>MissingAuthenticationToken</Code>');
        }
      }),
    ],
  });
});

/** The customer managed policy that a role of the scenario has. */
function attachedTo(role: string, account: string): string {
  return `arn:aws:iam::<account:${account}>:policy/<role-name:${role}>-attached`;
}

/** Resources that are long together, and short once they are packed. */
function longList(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `arn:aws:s3:::conformance-${'x'.repeat(30)}-${at}/*`);
}

/** Resources that no packing makes short. */
function unlike(count: number): string[] {
  const name = (seed: number): string =>
    Array.from({ length: 24 }, (_, at) => ((seed * 7919 + at * at * 104_729) % 36).toString(36)).join('');
  return Array.from({ length: count }, (_, at) => `arn:aws:s3:::${name(at + 1)}`);
}
