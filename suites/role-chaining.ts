/** What AssumeRole takes from a pod's session: duration, tags, external id and session policy, and what it refuses. */
import {
  allow,
  assumeByProfile,
  assumeRole,
  askEksAuth,
  asSession,
  between,
  chain,
  chained,
  changeAssociation,
  denied,
  deny,
  describeAssociation,
  fails,
  getObject,
  granted,
  irsaRole,
  isAbsent,
  podIdentityRole,
  succeeds,
  suite,
  trustRole,
  type Conditions,
  type RoleSpec,
  type TrustStatement,
} from '../harness/index.ts';
import { INVALID, MAY_NOT_ASSUME, NOT_ALLOWED, NOT_ASSUMED, NOT_CHANGED } from './lib/outcomes.ts';
import { ASSUME_ROLE, PASS_TAGS, TARGET_ROLES } from './lib/sources.ts';
import { APP, ASSUME_AND_TAG } from './lib/worlds.ts';

const CHAINING = 'IAM User Guide, "Methods to assume a role", role chaining';

const SESSION_TAGS = [
  ...['eks-cluster-arn', 'eks-cluster-name', 'kubernetes-namespace', 'kubernetes-service-account'],
  ...['kubernetes-pod-name', 'kubernetes-pod-uid'],
];
const base = (...targets: readonly string[]): RoleSpec =>
  podIdentityRole(
    allow(
      ASSUME_AND_TAG,
      targets.map((target) => `<role:${target}>`),
    ),
  );
const target = (conditions?: Conditions, ...permissions: readonly ReturnType<typeof allow>[]): RoleSpec => ({
  trust: [trustRole('app', conditions && { conditions })],
  permissions,
});
const externalId = (id: string): Conditions => ({ StringEquals: { 'sts:ExternalId': id } });

suite('role-chaining', ({ scenario }) => {
  scenario('RC-01', 'a chained session lasts an hour at most, and that by default', {
    source: `${CHAINING}; ${ASSUME_ROLE}, DurationSeconds`,
    roles: {
      app: base('target', 'far'),
      target: { ...target(), maxSessionDuration: 43_200 },
      far: { ...target(), maxSessionDuration: 43_200, account: 'other' },
    },
    workloads: APP,
    probes: [
      ...['target', 'far'].flatMap((role) => [
        succeeds(asSession('app', assumeRole(role)), { secondsLeft: between(3540, 3660) }),
        fails(asSession('app', assumeRole(role, { durationSeconds: 3601 })), INVALID),
      ]),
      succeeds(asSession('app', assumeRole('target', { durationSeconds: 900 })), { secondsLeft: between(840, 960) }),
      fails(asSession('app', assumeRole('target', { durationSeconds: 899 })), INVALID),
    ],
  });

  scenario('RC-02', 'a session policy of AssumeRole narrows the session, and grants nothing', {
    source: `${ASSUME_ROLE}, Policy`,
    roles: {
      app: base('target'),
      target: target(undefined, allow('s3:GetObject', ['data/a', 'data/b']), allow(ASSUME_AND_TAG, '<role:next>')),
      next: { trust: [trustRole('target')], permissions: [allow('s3:GetObject', 'data/c')] },
    },
    workloads: APP,
    objects: ['data/a', 'data/b', 'data/c'],
    probes: [
      succeeds(asSession('app', getObject('data/b', { through: chain('target') }))),
      ...['a', 'b', 'c'].map((key) => {
        const through = chain('target', { policy: [allow('s3:*', ['data/a', 'data/c'])] });
        const call = asSession('app', getObject(`data/${key}`, { through }));
        if (key === 'a') return succeeds(call);
        return fails(call, { ...NOT_ALLOWED, policy: key === 'b' ? 'session' : 'identity' });
      }),
      // The next session of the chain has none of it, once it may be opened.
      succeeds(
        asSession(
          chained('app', chain('target', { policy: [allow('sts:*', '*')] })),
          getObject('data/c', { through: chain('next') }),
        ),
      ),
      fails(
        asSession(chained('app', chain('target', { policy: [allow('s3:*', '*')] })), assumeRole('next')),
        NOT_ASSUMED,
      ),
    ],
  });

  const narrowedTo = (key: string) =>
    chain('target', { tags: { team: 'red' }, policy: [allow('s3:GetObject', `data/${key}`)] });

  scenario('RC-03', 'tags that a pod passes join those of its session, and trust policies see both', {
    source: `${PASS_TAGS}: chaining roles with session tags`,
    roles: {
      app: base('target'),
      target: target(
        { StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:app>', 'aws:RequestTag/team': 'red' } },
        allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-service-account}/${aws:PrincipalTag/team}'),
        allow('s3:GetObject', 'data/six', {
          StringLike: Object.fromEntries(SESSION_TAGS.map((key) => [`aws:PrincipalTag/${key}`, '?*'])),
        }),
      ),
    },
    workloads: APP,
    objects: ['data/app/red', 'data/app/blue', 'data/six'],
    probes: [
      // Each of the pod's comes along.
      succeeds(asSession('app', getObject('data/six', { through: chain('target', { tags: { team: 'red' } }) }))),
      succeeds(asSession('app', getObject('data/app/red', { through: chain('target', { tags: { team: 'red' } }) }))),
      fails(
        asSession('app', getObject('data/app/blue', { through: chain('target', { tags: { team: 'red' } }) })),
        NOT_ALLOWED,
      ),
      // A session policy has variables as others have.
      succeeds(asSession('app', getObject('data/app/red', { through: narrowedTo('*/${aws:PrincipalTag/team}') }))),
      fails(
        asSession(
          'app',
          getObject('data/app/red', { through: narrowedTo('*/${aws:PrincipalTag/kubernetes-namespace}') }),
        ),
        { ...NOT_ALLOWED, policy: 'session' },
      ),
      fails(asSession('app', assumeRole('target', { tags: { team: 'blue' } })), NOT_ASSUMED),
      fails(asSession('app', assumeRole('target')), NOT_ASSUMED),
    ],
  });

  scenario('RC-04', "no tag of a pod's session is overridden, in whatever case its key is written", {
    source: `${PASS_TAGS}: keys of tags are not case-sensitive`,
    roles: { app: base('target'), target: target() },
    workloads: APP,
    probes: [
      succeeds(asSession('app', assumeRole('target', { tags: { team: 'red' } }))),
      fails(asSession('app', assumeRole('target', { tags: { 'kubernetes-namespace': 'elsewhere' } })), NOT_CHANGED),
      fails(asSession('app', assumeRole('target', { tags: { 'Kubernetes-Namespace': 'elsewhere' } })), NOT_CHANGED),
    ],
  });

  scenario('RC-05', 'more tags than a session has room for are refused, and say how full it is', {
    source: `${ASSUME_ROLE}, PackedPolicyTooLarge and PackedPolicySize; ${PASS_TAGS}: quotas`,
    roles: { app: base('target'), target: target() },
    workloads: APP,
    probes: [
      succeeds(asSession('app', assumeRole('target', { tags: { team: 'red' } })), { packedPolicySize: between(1, 99) }),
      fails(asSession('app', assumeRole('target', { tags: filling(40) })), {
        by: 'sts',
        code: 'PackedPolicyTooLarge',
        status: 400,
      }),
      // More than the fifty that a request may pass.
      fails(asSession('app', assumeRole('target', { tags: filling(51) })), INVALID),
    ],
  });

  scenario('RC-06', 'an external id that a trust policy asks for must be passed, and be that one', {
    source: 'IAM User Guide, "Access to AWS accounts owned by third parties": sts:ExternalId',
    roles: { app: base('target'), target: target(externalId('red-1')) },
    workloads: APP,
    probes: [
      succeeds(asSession('app', assumeRole('target', { externalId: 'red-1' }))),
      fails(asSession('app', assumeRole('target', { externalId: 'red-2' })), NOT_ASSUMED),
      fails(asSession('app', assumeRole('target')), NOT_ASSUMED),
    ],
  });

  /** Of region, account, cluster, namespace and service account. */
  const idOf = (namespace: string, account: string): Conditions => ({
    StringLike: { 'sts:ExternalId': `*/<account:main>/<cluster:c1>/<namespace:${namespace}>/${account}` },
  });
  const untagged = (of: string) => ({ role: 'app', targetRole: of, disableSessionTags: true });

  scenario('XA-07', "the external id of another namespace's or service account's association opens no target role", {
    source: `${TARGET_ROLES}; Amazon EKS API Reference, PodIdentityAssociation, externalId`,
    roles: {
      app: base('own', 'namespace', 'account'),
      own: { ...target(idOf('red', 'reader')), account: 'other' },
      namespace: { ...target(idOf('blue', 'reader')), account: 'other' },
      account: { ...target(idOf('red', 'writer')), account: 'other' },
    },
    workloads: {
      // Beside a policy too.
      own: {
        ...{ namespace: 'red', serviceAccount: 'reader' },
        role: { ...untagged('own'), policy: [allow('s3:*', '*')] },
      },
      namespace: { namespace: 'red', serviceAccount: 'writer', role: untagged('namespace') },
      account: { namespace: 'blue', serviceAccount: 'reader', role: untagged('account') },
    },
    probes: [
      succeeds(askEksAuth('own'), { roleArn: '<role:own>', accountId: '<account:other>' }),
      fails(askEksAuth('namespace'), MAY_NOT_ASSUME),
      fails(askEksAuth('account'), MAY_NOT_ASSUME),
    ],
  });

  scenario('XA-08', 'while session tags are on no external id is sent to the target role', {
    source: `${TARGET_ROLES}: the external id is used with disabled session tags`,
    roles: {
      app: base('target', 'anybody'),
      target: { ...target(idOf('red', 'off')), account: 'other' },
      anybody: { ...target({ Null: { 'sts:ExternalId': 'false' } }), account: 'other' },
    },
    workloads: {
      off: { namespace: 'red', serviceAccount: 'off', role: untagged('target') },
      on: { namespace: 'red', serviceAccount: 'on', role: { role: 'app', targetRole: 'anybody' } },
    },
    probes: [succeeds(askEksAuth('off'), { roleArn: '<role:target>' }), fails(askEksAuth('on'), MAY_NOT_ASSUME)],
  });

  scenario('XA-13', 'an update takes the target role of an association away: its pods act as the base role', {
    // With which value is not documented: the EKS controller of AWS Controllers for Kubernetes sends an empty text.
    source: 'Amazon EKS API Reference, UpdatePodIdentityAssociation, targetRoleArn; eks-controller, pull request 164',
    roles: { app: base('target'), target: target() },
    workloads: { app: { role: { role: 'app', targetRole: 'target' } } },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:target>' }),
      succeeds(changeAssociation('<association-id:app>', { targetRole: null })),
      succeeds(describeAssociation('<association-id:app>'), { targetRoleArn: isAbsent, externalId: isAbsent }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
    ],
  });

  const limits = (name: string) => [`<role:${name}>`, `<role:far-${name}>`];
  const limiting = [
    allow(ASSUME_AND_TAG, [...limits('within'), ...limits('denied')]),
    allow('sts:AssumeRole', limits('untaggable')),
    deny('sts:AssumeRole', limits('denied')),
  ];
  const limited: RoleSpec = { trust: [trustRole('bounded'), trustRole('narrowed')] };

  scenario('RC-14', 'boundary and session policy of who assumes a role limit which it may be, in whatever account', {
    source: `IAM User Guide, "Permissions boundaries for IAM entities" and "Policies and permissions in AWS Identity and Access Management", session policies; "Cross-account policy evaluation logic"; ${PASS_TAGS}`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow(ASSUME_AND_TAG, '<role:narrowed>')),
      bounded: { ...irsaRole('app/app', allow(ASSUME_AND_TAG, '*')), boundary: limiting },
      narrowed: { trust: [trustRole('app')], permissions: [allow(ASSUME_AND_TAG, '*')] },
      ...Object.fromEntries(
        ['within', 'outside', 'denied', 'untaggable'].flatMap((name) => [
          [name, limited],
          [`far-${name}`, { ...limited, account: 'other' }],
        ]),
      ),
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      { role: 'bounded', token: 'web' },
      chained({ role: 'app', token: 'web' }, chain('narrowed', { policy: limiting })),
    ].flatMap((who) =>
      ['', 'far-'].flatMap((where) => [
        succeeds(asSession(who, assumeRole(`${where}within`, { tags: { team: 'red' } }))),
        succeeds(asSession(who, assumeRole(`${where}untaggable`))),
        fails(asSession(who, assumeRole(`${where}untaggable`, { tags: { team: 'red' } })), NOT_ASSUMED),
        ...['outside', 'denied'].map((name) => fails(asSession(who, assumeRole(where + name)), NOT_ASSUMED)),
      ]),
    ),
  });

  const refusing = (actions: readonly string[], AWS: string): TrustStatement => ({
    ...{ effect: 'Deny', actions, principal: { AWS } },
  });
  const barring: Readonly<Record<string, readonly TrustStatement[]>> = {
    open: [refusing(ASSUME_AND_TAG, '<account:other>')],
    barred: [refusing(['sts:AssumeRole'], '<role:app>')],
    accountBarred: [refusing(ASSUME_AND_TAG, '<account:main>')],
    untagged: [refusing(['sts:TagSession'], '<role:app>')],
    bare: [],
  };

  scenario('RC-15', 'a Deny of either side keeps a role from being assumed, or its session from having tags', {
    source: `IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic"; ${PASS_TAGS}`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow(ASSUME_AND_TAG, '*'), deny('sts:TagSession', limits('bare'))),
      ...Object.fromEntries(
        Object.entries(barring).flatMap(([name, denials]): [string, RoleSpec][] => [
          [name, { trust: [trustRole('app'), ...denials] }],
          [`far-${name}`, { trust: [trustRole('app'), ...denials], account: 'other' }],
        ]),
      ),
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: ['', 'far-'].flatMap((where) => {
      const assume = (name: string, tags?: Readonly<Record<string, string>>) =>
        asSession({ role: 'app', token: 'web' }, assumeRole(where + name, tags && { tags }));
      return [
        succeeds(assume('open', { team: 'red' })),
        ...['barred', 'accountBarred'].map((name) => fails(assume(name), NOT_ASSUMED)),
        ...['untagged', 'bare'].flatMap((name) => [
          succeeds(assume(name)),
          fails(assume(name, { team: 'red' }), NOT_ASSUMED),
        ]),
      ];
    }),
  });

  scenario('XA-14', 'an SDK assumes a role of another account by a profile, with the credentials of the association', {
    source: `AWS SDKs and Tools Reference Guide, "Assume role credential provider", credential_source; ${PASS_TAGS}`,
    roles: {
      app: base('target', 'untaggable'),
      target: { ...target(), account: 'other' },
      untaggable: { trust: [trustRole('app', { actions: ['sts:AssumeRole'] })], account: 'other' },
    },
    workloads: APP,
    probes: [
      granted('app', assumeByProfile('target')),
      denied('app', assumeByProfile('untaggable'), { ...NOT_ASSUMED, message: 'sts:TagSession' }),
    ],
  });
});

/** Tags with values that no packing makes short. */
function filling(count: number): Record<string, string> {
  const value = (seed: number): string =>
    Array.from({ length: 200 }, (_, at) => ((seed * 7919 + at * at * 104_729) % 36).toString(36)).join('');
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`tag-${index}`, value(index + 1)]));
}
