/** What sessions may do under conditions that name another cluster and namespace as well as their own. */
import {
  allow,
  assumeRole,
  chain,
  deleteObjects,
  forPrincipal,
  getObject,
  putObject,
  suite,
  trustPodIdentity,
  trustRole,
  updateAssociation,
  whoAmI,
  type Conditions,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import {
  asked,
  ASSUME,
  base,
  butOne,
  byAccount,
  byToken,
  DENIED,
  NOT_ASSUMED,
  OBJECTS,
  S3_ACTIONS,
  ofOther,
  onBuckets,
  principalTags,
  SOURCE,
  statements,
  trusting,
} from '../lib/all-actions.ts';
import { TAGS_OF_PODS } from '../lib/sources.ts';
import { NOWHERE, tagged, type Comparison, type Elsewhere } from '../lib/tag-conditions.ts';

suite('cross-cluster', ({ scenario }) => {
  const there: Elsewhere = {
    ownNamespace: NOWHERE.ownNamespace,
    namespace: '<namespace:blue>',
    cluster: '<cluster:c2>',
    clusterArn: '<cluster-arn:c2>',
  };
  const here = principalTags(tagged(there));
  const not = (broken: Comparison): Conditions => butOne(tagged(there), broken);
  const named = statements(here, not(['StringNotEquals', 'kubernetes-namespace', '<namespace:app>']), {
    actions: S3_ACTIONS,
  });
  /** Holds with and without session tags. */
  const notThere: Conditions = {
    StringNotEquals: {
      'aws:PrincipalTag/kubernetes-namespace': '<namespace:blue>',
      'aws:PrincipalTag/eks-cluster-name': '<cluster:c2>',
    },
  };
  const trust = [...trusting(there), byToken];
  const untaggedAs = { role: 'local', disableSessionTags: true } as const;
  const read = getObject('near/key');

  scenario('AM-22', 'conditions that name two clusters and namespaces allow only the right sessions', {
    source: `${SOURCE}; ${TAGS_OF_PODS}`,
    needs: ['irsa', 'own-boundary'],
    roles: {
      base: { ...base, trust: trusting(there) },
      app: { account: 'other', trust: [trustRole('base')], permissions: named, attached: named, boundary: named },
      // For each kind of association.
      local: {
        trust,
        attached: [allow('s3:GetObject', 'near/*', notThere)],
        permissions: [allow('s3:GetObject', 'near/*', notThere), allow(ASSUME, '<role:next>', notThere)],
      },
      next: { ...byAccount, account: 'other', permissions: [allow('s3:GetObject', 'near/*')] },
      open: { trust: [trustPodIdentity()], permissions: [allow('s3:GetObject', 'near/*', here)] },
      bare: { trust },
      before: { trust: [trustPodIdentity()] },
    },
    workloads: {
      app: { serviceAccount: 'reader', role: { role: 'base', targetRole: 'app' } },
      both: { serviceAccount: 'reader-of-both', role: 'local', irsa: 'local' },
      untagged: { serviceAccount: 'reader-without-tags', role: untaggedAs },
      narrowed: {
        serviceAccount: 'reader-of-near',
        role: { ...untaggedAs, policy: [allow('s3:*', 'near/*', notThere)] },
      },
      moved: { serviceAccount: 'reader-that-moved', role: 'before' },
      open: { serviceAccount: 'reader', namespace: 'green', role: 'open' },
      bare: { serviceAccount: 'reader-of-nothing', role: { ...untaggedAs, role: 'bare' } },
      blue: { serviceAccount: 'reader', namespace: 'blue', role: 'open' },
      there: { serviceAccount: 'reader', cluster: 'c2', role: 'open' },
    },
    buckets: {
      near: {
        account: 'other',
        policy: [
          forPrincipal(
            ['<role:local>', '<role:open>', '<role:bare>'],
            allow(['s3:GetObject', 's3:PutObject'], 'near/*'),
          ),
        ],
      },
      ...ofOther(onBuckets(here, not(['StringEquals', 'kubernetes-namespace', '<namespace:blue>']))),
    },
    objects: [...OBJECTS, 'near/key'],
    probes: [
      ...asked('app', DENIED),
      updateAssociation('moved', 'local'),
      ...['both', 'untagged', 'narrowed', 'moved'].flatMap((one) => [may(one, read), may(one, whoAmI())]),
      ...['both', 'untagged', 'moved'].map((one) => may(one, assumeRole('next'))),
      ...['moved', 'untagged'].map((one) =>
        may(one, getObject('near/key', { through: chain('next', { policy: [allow('s3:*', 'near/*')] }) })),
      ),
      mayNot('narrowed', assumeRole('next'), NOT_ASSUMED),
      mayNot('bare', read, DENIED),
      mayNot('bare', putObject('near/new'), DENIED),
      // A call for several objects reports each result separately.
      may('bare', deleteObjects('near', ['none']), { deleted: 0, refusals: 'AccessDenied' }),
      // The tags of these sessions do not match the conditions.
      ...['open', 'blue', 'there'].map((one) => mayNot(one, read, DENIED)),
    ],
  });
});
