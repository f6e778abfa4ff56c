/**
 * Each action under conditions with all operators at once, in each type of policy, with roles and buckets of either
 * account. All conditions must hold (IAM User Guide, "Conditions with multiple context keys or values"). `operators.ts`
 * tests each operator by itself.
 */
import {
  allow,
  askEksAuth,
  chain,
  getObject,
  succeeds,
  suite,
  trustPodIdentity,
  trustRole,
  updateAssociation,
  type RoleSpec,
} from '../../harness/index.ts';
import {
  asked,
  ASSUME,
  assumes,
  base,
  butOne,
  byToken,
  DENIED,
  everything,
  NOT_ALLOWED,
  OBJECTS,
  ofOther,
  onBuckets,
  OPEN,
  OWN,
  principalTags,
  SOURCE,
  statements,
  TARGETS,
  trusting,
} from '../lib/all-actions.ts';
import { NOT_IN_SESSION_POLICY } from '../lib/outcomes.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { ASSUME_ROLE, BOUNDARIES, CREATE_ASSOCIATION, CROSS_ACCOUNT, UPDATE_ASSOCIATION } from '../lib/sources.ts';
import { WEB } from '../lib/worlds.ts';
import { OWN_TAGS, tagged, untagged, type Comparison } from '../lib/tag-conditions.ts';

suite('abac', ({ scenario }) => {
  const HOLD = principalTags(tagged());
  /** Few, because an association's policy may have at most 2,048 characters. */
  const narrow: readonly Comparison[] = [
    ['StringLike', 'kubernetes-pod-name', 'pod-*'],
    ['StringEquals', 'kubernetes-pod-uid', '1234'],
    ['StringNotEquals', 'conformance-team', 'blue'],
  ];
  const withoutTags = (broken: Comparison) =>
    statements(principalTags(untagged), butOne(untagged, broken), { folders: ['data/reader/*'] });
  const narrowed = {
    through: chain('last', { policy: [allow('s3:GetObject', 'data/reader/*', principalTags(untagged))] }),
  };
  const BY_TARGET = { app: { serviceAccount: 'reader', role: { role: 'base', targetRole: 'app' }, irsa: 'base' } };
  const last: RoleSpec = { trust: [trustRole('app')], permissions: [everything], tags: OWN_TAGS };
  const app = [...trusting(), byToken];

  scenario('AM-15', "a role's policy allows each action only if all conditions on session tags hold", {
    source: SOURCE,
    needs: ['irsa', 'own-boundary'],
    roles: {
      app: { trust: app, permissions: statements(HOLD, butOne(tagged(), ['StringLike', 'kubernetes-pod-name', '?'])) },
      ...TARGETS,
    },
    workloads: { app: { serviceAccount: 'reader', role: 'app', irsa: 'app' } },
    objects: OBJECTS,
    probes: asked('app', NOT_ALLOWED, ...assumes('app')),
  });

  scenario('AM-16', "a target role gets each action on another account's bucket only if all conditions hold", {
    source: `${SOURCE}; ${CROSS_ACCOUNT}`,
    needs: ['irsa'],
    roles: {
      base,
      app: {
        trust: [trustRole('base')],
        attached: statements(HOLD, butOne(tagged(), ['ArnNotEquals', 'eks-cluster-arn', '<cluster-arn:c1>'])),
      },
      ...TARGETS,
    },
    workloads: BY_TARGET,
    buckets: ofOther(OPEN),
    objects: OBJECTS,
    probes: asked('app', DENIED, ...assumes('app')),
  });

  scenario('AM-17', 'a boundary allows the role of an updated association each action only if all conditions hold', {
    needs: ['irsa'],
    source: `${SOURCE}; ${BOUNDARIES}; ${UPDATE_ASSOCIATION}, roleArn`,
    roles: {
      before: { trust: [trustPodIdentity()] },
      app: {
        trust: app,
        permissions: [everything],
        boundary: statements(HOLD, butOne(tagged(), ['Null', 'kubernetes-pod-uid', 'true'])),
      },
      ...TARGETS,
    },
    workloads: { app: { serviceAccount: 'reader', role: 'before', irsa: 'app' } },
    objects: OBJECTS,
    probes: [
      updateAssociation('app', 'app'),
      ...asked('app', { ...NOT_ALLOWED, policy: 'boundary' }, ...assumes('app')),
    ],
  });

  scenario('AM-18', "a bucket policy allows another account's role each action only if all conditions hold", {
    source: `${SOURCE}; ${CROSS_ACCOUNT}`,
    needs: ['irsa'],
    roles: { base, app: { account: 'other', trust: [trustRole('base')], permissions: [allow('s3:*', '*')] } },
    workloads: BY_TARGET,
    buckets: onBuckets(HOLD, butOne(tagged(), ['ForAllValues:StringEquals', 'eks-cluster-name', 'elsewhere'])),
    objects: OBJECTS,
    probes: asked('app', DENIED),
  });

  scenario('AM-19', "an association's policy allows each action only if all conditions on the role's tags hold", {
    source: `${SOURCE}; ${CREATE_ASSOCIATION}, policy`,
    needs: ['irsa', 'own-boundary'],
    roles: {
      app: {
        trust: app,
        permissions: [everything],
        attached: [everything],
        boundary: [everything],
        tags: {
          'kubernetes-service-account': 'reader',
          'kubernetes-pod-name': 'pod-1',
          'kubernetes-pod-uid': '1234',
          ...OWN_TAGS,
        },
      },
      ...TARGETS,
    },
    workloads: {
      app: {
        serviceAccount: 'reader',
        irsa: 'app',
        role: {
          role: 'app',
          disableSessionTags: true,
          policy: statements(principalTags(narrow), butOne(narrow, ['StringNotEquals', 'conformance-team', 'red']), {
            folders: [`data/${OWN}/*`],
          }),
        },
      },
    },
    objects: OBJECTS,
    probes: [succeeds(askEksAuth('app')), ...asked('app', NOT_IN_SESSION_POLICY, ...assumes('app'))],
  });

  scenario('AM-20', 'a managed policy allows a session without session tags each action only if all conditions hold', {
    source: `${SOURCE}; ${CROSS_ACCOUNT}`,
    needs: ['irsa'],
    roles: {
      app: { trust: app, tags: OWN_TAGS, attached: withoutTags(['StringEquals', 'conformance-team', 'blue']) },
      ...TARGETS,
    },
    workloads: { app: { serviceAccount: 'reader', role: { role: 'app', disableSessionTags: true }, irsa: 'app' } },
    buckets: ofOther(OPEN),
    objects: OBJECTS,
    probes: asked('app', DENIED, ...assumes('app')),
  });

  scenario('AM-21', 'a web identity session gets each action only if all conditions on missing tags hold', {
    source: `${SOURCE}; ${ASSUME_ROLE}, Policy`,
    needs: ['irsa', 'own-boundary'],
    roles: {
      app: {
        trust: app,
        tags: OWN_TAGS,
        attached: withoutTags(['ArnNotEquals', 'conformance-owner', OWN_TAGS['conformance-owner']]),
        permissions: [allow(ASSUME, '<role:last>')],
      },
      last,
      ...TARGETS,
    },
    workloads: { app: { serviceAccount: 'reader' } },
    tokens: { web: { serviceAccount: 'app/reader', audience: 'sts.amazonaws.com' } },
    objects: OBJECTS,
    probes: [
      ...asked(WEB, NOT_ALLOWED, ...assumes(WEB)),
      may(WEB, getObject('data/reader/key', narrowed)),
      mayNot(WEB, getObject('data/other/key', narrowed), NOT_IN_SESSION_POLICY),
    ],
  });
});
