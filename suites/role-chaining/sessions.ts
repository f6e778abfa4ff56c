/** Sessions of AssumeRole: duration, source identity, role ARN and session name. */
import { expect } from 'chai';
import {
  allow,
  assumeRole,
  between,
  chain,
  chained,
  check,
  deny,
  forPrincipal,
  getObject,
  isAbsent,
  matching,
  podIdentityRole,
  suite,
  trustRole,
  whoAmI,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import {
  ALLOWED_BY_NONE,
  INVALID,
  NOT_ALLOWED,
  NOT_ASSUMED,
  NOT_CHANGED,
  NOT_IN_SESSION_POLICY,
} from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { ASSUME_ROLE, PASS_TAGS, PRINCIPALS } from '../lib/sources.ts';
import { APP, ASSUME_AND_TAG } from '../lib/worlds.ts';
import { asking, named } from './lib/requests.ts';

const CHAINING = 'IAM User Guide, "Methods to assume a role", role chaining';
const SOURCE_IDENTITY = 'IAM User Guide, "Monitor and control actions taken with assumed roles"';
const MAY_NOT_SET = { ...NOT_ASSUMED, message: 'sts:SetSourceIdentity' } as const;
const ROLES = 'arn:aws:iam::<account:main>:role';
const ann = chained('app', chain('first', { sourceIdentity: 'ann' }));
const nobody = chained('app', chain('first'));
const ALL = [...ASSUME_AND_TAG, 'sts:SetSourceIdentity'];
/** Returns a session of a target role with this name. */
const sessionNamed = (sessionName: string, options: Parameters<typeof chain>[1] = {}, role = 'target') =>
  chained('app', chain(role, { sessionName, ...options }));
const limitedTo = (key: string) => sessionNamed('same', { policy: [allow('s3:GetObject', `data/${key}`)] });
const ofTeam = (team: string) => sessionNamed('same', { tags: { 'conformance-team': team } });
const ANN = 'arn:aws:sts::<account:main>:assumed-role/<role-name:target>/ann';

suite('role-chaining', ({ scenario }) => {
  scenario('RC-01', 'a chained session lasts one hour, by default and at most', {
    source: `${CHAINING}; ${ASSUME_ROLE}, DurationSeconds`,
    roles: {
      app: base('target', 'far'),
      target: { ...target(), maxSessionDuration: 43_200 },
      far: { ...target(), maxSessionDuration: 43_200, account: 'other' },
    },
    workloads: APP,
    probes: [
      ...['target', 'far'].flatMap((role) => [
        may('app', assumeRole(role), { secondsLeft: between(3540, 3660) }),
        mayNot('app', assumeRole(role, { durationSeconds: 3601 }), INVALID),
      ]),
      may('app', assumeRole('target', { durationSeconds: 900 }), { secondsLeft: between(840, 960) }),
      mayNot('app', assumeRole('target', { durationSeconds: 899 }), INVALID),
    ],
  });

  scenario('RC-07', 'a permitted caller can set the source identity once, and the whole chain keeps it', {
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
      // Both sides must grant the permission.
      far: { ...asking(ALL), account: 'other' },
    },
    workloads: APP,
    objects: ['data/ann', 'data/bob'],
    probes: [
      may('app', assumeRole('first'), { sourceIdentity: isAbsent }),
      may('app', assumeRole('first', { sourceIdentity: 'ann' }), { sourceIdentity: 'ann' }),
      may('app', assumeRole('without')),
      mayNot('app', assumeRole('without', { sourceIdentity: 'ann' }), MAY_NOT_SET),
      may('app', assumeRole('far')),
      mayNot('app', assumeRole('far', { sourceIdentity: 'ann' }), NOT_ASSUMED),
      may('app', assumeRole('ann', { sourceIdentity: 'ann' })),
      mayNot('app', assumeRole('ann', { sourceIdentity: 'bob' }), NOT_ASSUMED),
      mayNot('app', assumeRole('ann'), NOT_ASSUMED),
      may(ann, getObject('data/ann')),
      mayNot(ann, getObject('data/bob'), NOT_ALLOWED),
      may(ann, assumeRole('second'), { sourceIdentity: 'ann' }),
      mayNot(ann, assumeRole('second', { sourceIdentity: 'bob' }), NOT_CHANGED),
      // Passing on a source identity also requires the permission, from both sides.
      mayNot(ann, assumeRole('untold'), MAY_NOT_SET),
      mayNot(ann, assumeRole('quiet'), NOT_ASSUMED),
      may(nobody, assumeRole('untold')),
      may(nobody, assumeRole('quiet')),
      // Without a source identity, the variable has no value.
      mayNot(nobody, getObject('data/ann'), NOT_ALLOWED),
    ],
  });

  scenario('RC-11', 'AssumeRole requires the full ARN of a role and a valid session name', {
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
      may('app', assumeRole('target'), {
        arn: matching(/^arn:aws:sts::<account:main>:assumed-role\/<role-name:target>\/probe$/),
        userId: matching(/^AROA[A-Z0-9]+:probe$/),
      }),
      may(chained('app', chain('target', { sessionName: 'Ann+1=,.@b-_' })), whoAmI(), {
        arn: matching(/:assumed-role\/<role-name:target>\/Ann\+1=,\.@b-_$/),
        userId: matching(/^AROA[A-Z0-9]+:Ann\+1=,\.@b-_$/),
      }),
      ...['a', 'a b', 'a/b', 'a'.repeat(65)].map((sessionName) =>
        mayNot('app', assumeRole('target', { sessionName }), INVALID),
      ),
      may('app', assumeRole('target', { sessionName: 'a'.repeat(64) })),
      ...[
        `${ROLES}/<role-name:target>-absent`,
        `${ROLES}/path/<role-name:target>`,
        'arn:aws:iam::<account:other>:role/<role-name:target>',
        'arn:aws:iam::999999999999:role/<role-name:target>',
      ].map((roleArn) => mayNot('app', assumeRole('target', { roleArn }), NOT_ASSUMED)),
      ...['target', 'arn:aws:iam::<account:main>:user/<role-name:target>', `${ROLES}/`].map((roleArn) =>
        mayNot('app', assumeRole('target', { roleArn }), INVALID),
      ),
      may('app', assumeRole('deep')),
      ...['', 'conformance-apps/', 'Conformance-Apps/red/'].map((path) =>
        mayNot('app', assumeRole('deep', { roleArn: `${ROLES}/${path}<role-name:deep>` }), NOT_ASSUMED),
      ),
      may('app', assumeRole('ann', { sessionName: 'ann-1' })),
      mayNot('app', assumeRole('ann'), NOT_ASSUMED),
      may('app', assumeRole('own', { sessionName: 'app' })),
      mayNot('app', assumeRole('own'), NOT_ASSUMED),
      may('app', assumeRole('red')),
      mayNot('app', assumeRole('blue'), NOT_ASSUMED),
      mayNot('app', assumeRole('tested'), NOT_ASSUMED),
      // A role does not trust itself by default.
      mayNot('app', assumeRole('app'), NOT_ASSUMED),
      // STS reports an explicit Deny only within an account.
      mayNot('app', assumeRole('barred'), { ...NOT_ASSUMED, message: 'with an explicit deny' }),
      mayNot('app', assumeRole('farBarred'), NOT_ASSUMED),
    ],
  });

  scenario('RC-17', 'sessions with the same or similar names keep their own policies, tags and permissions', {
    source: `${ASSUME_ROLE}, RoleSessionName and Policy; ${PASS_TAGS}; ${PRINCIPALS}: role session principals`,
    roles: {
      app: base('target', 'target-2'),
      target: target(
        undefined,
        allow('s3:GetObject', ['data/red', 'data/blue']),
        allow('s3:GetObject', 'data/of-${aws:PrincipalTag/conformance-team}'),
      ),
      'target-2': target(),
      next: { trust: [{ effect: 'Allow', actions: ASSUME_AND_TAG, principal: { AWS: ANN } }] },
    },
    workloads: APP,
    buckets: { data: {}, own: { policy: [forPrincipal(ANN, allow('s3:GetObject', 'own/key'))] } },
    objects: ['data/red', 'data/blue', 'data/of-red', 'data/of-blue', 'own/key'],
    probes: [
      ...['red', 'blue', 'red'].flatMap((key) => [
        may(limitedTo(key), getObject(`data/${key}`)),
        mayNot(limitedTo(key), getObject(`data/${key === 'red' ? 'blue' : 'red'}`), NOT_IN_SESSION_POLICY),
        may(ofTeam(key), getObject(`data/of-${key}`)),
        mayNot(ofTeam(key), getObject(`data/of-${key === 'red' ? 'blue' : 'red'}`), NOT_ALLOWED),
        may(sessionNamed('same'), getObject('data/red')),
        mayNot(sessionNamed('same'), getObject('data/of-red'), NOT_ALLOWED),
      ]),
      may(sessionNamed('ann'), getObject('own/key')),
      may(sessionNamed('ann'), assumeRole('next')),
      ...[
        ...['an', 'ann2', 'ann-2', 'my-ann', 'ann@example.com'].map((name) => sessionNamed(name)),
        sessionNamed('ann', {}, 'target-2'),
      ].flatMap((session) => [
        mayNot(session, getObject('own/key'), ALLOWED_BY_NONE),
        mayNot(session, assumeRole('next'), NOT_ASSUMED),
      ]),
    ],
  });

  scenario('RC-12', 'everyone may call GetCallerIdentity, but only with a signature', {
    source: 'AWS STS API Reference, GetCallerIdentity: no permission is needed; "Common Errors"',
    roles: { app: podIdentityRole(deny('*', '*')) },
    workloads: APP,
    probes: [
      may('app', whoAmI(), { accountId: '<account:main>' }),
      mayNot('app', assumeRole('app'), NOT_ASSUMED),
      check('STS rejects an unsigned call', async ({ aws, name }) => {
        const { endpoint, region } = await aws('sts');
        const ask = (query: Readonly<Record<string, string>>): Promise<Response> =>
          fetch(`${endpoint ?? `https://sts.${region}.amazonaws.com`}/`, {
            method: 'POST',
            body: new URLSearchParams({ Version: '2011-06-15', ...query }),
          });
        const role = { RoleArn: name('<role:app>'), RoleSessionName: 'probe' };
        for (const query of [{ Action: 'GetCallerIdentity' }, { Action: 'AssumeRole', ...role }]) {
          const answer = await ask(query);
          expect(answer.status, query.Action).to.equal(403);
          expect(await answer.text(), query.Action).to.contain('<Code>MissingAuthenticationToken</Code>');
        }
      }),
    ],
  });
});
