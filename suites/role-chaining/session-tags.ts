/** Tags that AssumeRole accepts, overrides and passes on. */
import { IAM } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import {
  allow,
  asSession,
  assumeRole,
  between,
  chain,
  chained,
  check,
  fails,
  getObject,
  irsaRole,
  isAbsent,
  podIdentityRole,
  succeeds,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { INVALID, NOT_ALLOWED, NOT_ASSUMED, NOT_CHANGED, NOT_IN_SESSION_POLICY } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { ASSUME_ROLE, PASS_TAGS } from '../lib/sources.ts';
import { APP, ASSUME_AND_TAG, BY_TOKEN, SESSION_TAGS } from '../lib/worlds.ts';
import { asking, BAD_REQUEST, named, TOO_LARGE } from './lib/requests.ts';

suite('role-chaining', ({ scenario }) => {
  const narrowedTo = (key: string) =>
    chain('target', { tags: { team: 'red' }, policy: [allow('s3:GetObject', `data/${key}`)] });
  const web = { role: 'web', token: 'web' };
  const red = { tags: { team: 'red' } };
  const kept = chained('app', chain('first', { tags: { team: 'red', step: 'one' }, transitiveTagKeys: ['team'] }));
  /** Tag keys are not case-sensitive. */
  const keptByOtherCase = chained('app', chain('first', { ...red, transitiveTagKeys: ['Team'] }));
  const keptOn = chained(kept, chain('second'));
  const lost = chained('app', chain('first', red));

  scenario('RC-03', 'tags that a pod passes are added to those of its session, and trust policies see both', {
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
      // All tags of the pod's session are passed on.
      may('app', getObject('data/six', { through: chain('target', red) })),
      may('app', getObject('data/app/red', { through: chain('target', red) })),
      mayNot('app', getObject('data/app/blue', { through: chain('target', red) }), NOT_ALLOWED),
      // A session policy can use variables.
      may('app', getObject('data/app/red', { through: narrowedTo('*/${aws:PrincipalTag/team}') })),
      mayNot(
        'app',
        getObject('data/app/red', { through: narrowedTo('*/${aws:PrincipalTag/kubernetes-namespace}') }),
        NOT_IN_SESSION_POLICY,
      ),
      mayNot('app', assumeRole('target', { tags: { team: 'blue' } }), NOT_ASSUMED),
      mayNot('app', assumeRole('target'), NOT_ASSUMED),
    ],
  });

  scenario('RC-04', "the tags of a pod's session cannot be overridden, in any case of their keys", {
    source: `${PASS_TAGS}: keys of tags are not case-sensitive`,
    roles: { app: base('target'), target: target() },
    workloads: APP,
    probes: [
      may('app', assumeRole('target', red)),
      mayNot('app', assumeRole('target', { tags: { 'kubernetes-namespace': 'elsewhere' } }), NOT_CHANGED),
      mayNot('app', assumeRole('target', { tags: { 'Kubernetes-Namespace': 'elsewhere' } }), NOT_CHANGED),
    ],
  });

  scenario('RC-05', 'STS rejects tags beyond the packed size limit, and reports the size of accepted tags', {
    source: `${ASSUME_ROLE}, PackedPolicyTooLarge and PackedPolicySize; ${PASS_TAGS}: quotas`,
    roles: { app: base('target'), target: target() },
    workloads: APP,
    probes: [
      may('app', assumeRole('target', red), { packedPolicySize: between(1, 99) }),
      mayNot('app', assumeRole('target', { tags: filling(40) }), TOO_LARGE),
      // More than the limit of fifty tags per request.
      mayNot('app', assumeRole('target', { tags: filling(51) }), INVALID),
    ],
  });

  scenario('RC-08', 'only transitive session tags are passed on to the next session', {
    source: `${PASS_TAGS}, "Chaining roles with session tags"`,
    roles: {
      app: podIdentityRole(allow(ASSUME_AND_TAG, named('first', 'asks'))),
      first: { ...asking(ASSUME_AND_TAG), permissions: [allow(ASSUME_AND_TAG, '<role:second>')] },
      second: {
        trust: [trustRole('first')],
        permissions: [allow('s3:GetObject', 'data/${aws:PrincipalTag/team}'), allow(ASSUME_AND_TAG, '<role:third>')],
        // Session tags override role tags, wherever they came from.
        tags: { team: 'blue' },
      },
      third: { trust: [trustRole('second')], permissions: [allow('s3:GetObject', 'data/${aws:PrincipalTag/team}')] },
      asks: asking(ASSUME_AND_TAG, { 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': 'team' } }),
    },
    workloads: APP,
    objects: ['data/red', 'data/blue'],
    probes: [
      may(kept, getObject('data/red', { through: chain('second') })),
      mayNot(kept, getObject('data/blue', { through: chain('second') }), NOT_ALLOWED),
      mayNot(kept, assumeRole('second', { tags: { team: 'blue' } }), NOT_CHANGED),
      // A tag that was not passed on can be set again.
      may(kept, assumeRole('second', { tags: { step: 'two' } })),
      // A transitive tag is passed on again and again.
      may(keptOn, getObject('data/red', { through: chain('third') })),
      mayNot(keptOn, assumeRole('third', { tags: { team: 'blue' } }), NOT_CHANGED),
      mayNot(lost, getObject('data/red', { through: chain('second') }), NOT_ALLOWED),
      may(lost, getObject('data/blue', { through: chain('second', { tags: { team: 'blue' } }) })),
      may(keptByOtherCase, getObject('data/red', { through: chain('second') })),
      may('app', assumeRole('asks', { ...red, transitiveTagKeys: ['team'] })),
      mayNot('app', assumeRole('asks', red), NOT_ASSUMED),
    ],
  });

  scenario('RC-09', 'session tags must follow the rules for tags', {
    source: `${PASS_TAGS}: things to know, and quotas`,
    needs: ['irsa'],
    roles: {
      web: irsaRole('app/app', allow(ASSUME_AND_TAG, named('tagged', 'untagged'))),
      tagged: { trust: [trustRole('web')], maxSessionDuration: 43_200 },
      untagged: { trust: [trustRole('web', { actions: ['sts:AssumeRole'] })] },
    },
    ...BY_TOKEN,
    probes: [
      // An IRSA session has no tags of its own, so nothing else takes up space.
      may(web, assumeRole('tagged'), { packedPolicySize: isAbsent }),
      may(web, assumeRole('tagged', { tags: { team: 'red', Step: '' } }), { packedPolicySize: between(1, 50) }),
      may(web, assumeRole('untagged')),
      mayNot(web, assumeRole('untagged', red), { ...NOT_ASSUMED, message: 'sts:TagSession' }),
      ...[{ ['k'.repeat(128)]: 'v' }, { key: 'v'.repeat(256) }, { 'a b_.:/=+-@é1': 'a b_.:/=+-@é1' }].map((tags) =>
        may(web, assumeRole('tagged', { tags })),
      ),
      ...[{ ['k'.repeat(129)]: 'v' }, { key: 'v'.repeat(257) }, { 'team*': 'red' }, { team: 'red*' }].map((tags) =>
        mayNot(web, assumeRole('tagged', { tags }), INVALID),
      ),
      ...[
        { tags: { 'aws:team': 'red' } },
        { tags: { team: 'red', TEAM: 'blue' } },
        { ...red, transitiveTagKeys: ['step'] },
        { ...red, transitiveTagKeys: ['team', 'step'] },
      ].map((options) => mayNot(web, assumeRole('tagged', options), BAD_REQUEST)),
      // A chain that began with a token of the cluster has the same limit.
      may(web, assumeRole('tagged', { durationSeconds: 3600 })),
      mayNot(web, assumeRole('tagged', { durationSeconds: 3601 }), INVALID),
    ],
  });

  scenario('RC-13', 'a role tag replaces one whose key differs only in case', {
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
      may('app', getObject('data/red')),
      check('other tags do not change', async ({ aws, eventually, name }) => {
        const iam = new IAM(await aws('iam'));
        const RoleName = name('<role-name:app>');
        const added = { Key: 'Conformance-Team', Value: 'blue' };
        const listed = async () => (await iam.listRoleTags({ RoleName })).Tags ?? [];
        const before = await listed();
        await iam.tagRole({ RoleName, Tags: [added] });
        const isOther = ({ Key }: { readonly Key?: string | undefined }) => !/^conformance-team$/i.test(Key ?? '');
        const after = await eventually(listed, (tags) => tags.some(({ Value }) => Value === added.Value));
        expect(after).to.have.deep.members([...before.filter(isOther), added]);
      }),
      succeeds(asSession('app', getObject('data/blue'), { fresh: true })),
      fails(asSession('app', getObject('data/red'), { fresh: true }), NOT_ALLOWED),
    ],
  });
});

/** Returns tags with values that do not compress. */
function filling(count: number): Record<string, string> {
  const value = (seed: number): string =>
    Array.from({ length: 200 }, (_, at) => ((seed * 7919 + at * at * 104_729) % 36).toString(36)).join('');
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`tag-${index}`, value(index + 1)]));
}
