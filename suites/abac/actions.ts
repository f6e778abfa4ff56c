/**
 * Each action under conditions by each operator at once, wherever the policy stands and whosever role and bucket are: all of the
 * conditions must hold (IAM User Guide, "Conditions with multiple context keys or values"). `operators.ts` asserts each by itself.
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
  /** As an association's policy may be no longer than 2,048 characters. */
  const narrow: readonly Comparison[] = [
    ['StringLike', 'kubernetes-pod-name', 'pod-*'],
    ['StringEquals', 'kubernetes-pod-uid', '1234'],
    ['StringNotEquals', 'conformance-team', 'blue'],
  ];
  const withoutTags = (broken: Comparison) =>
    statements(principalTags(untagged), butOne(untagged, broken), { own: ['data/reader/*'] });
  const narrowed = {
    through: chain('last', { policy: [allow('s3:GetObject', 'data/reader/*', principalTags(untagged))] }),
  };
  const BY_TARGET = { app: { serviceAccount: 'reader', role: { role: 'base', targetRole: 'app' }, irsa: 'base' } };
  const last: RoleSpec = { trust: [trustRole('app')], permissions: [everything], tags: OWN_TAGS };
  const app = [...trusting(), byToken];

  scenario('AM-15', 'each action of a role under all operators at once, of an account that is annotated too', {
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

  scenario('AM-16', "each action of a managed policy, on another account's bucket, by a target role", {
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

  scenario('AM-17', 'each action within a boundary, of a role that an update gave the association', {
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

  scenario('AM-18', "each action by a bucket policy, of another account's role", {
    source: `${SOURCE}; ${CROSS_ACCOUNT}`,
    needs: ['irsa'],
    roles: { base, app: { account: 'other', trust: [trustRole('base')], permissions: [allow('s3:*', '*')] } },
    workloads: BY_TARGET,
    buckets: onBuckets(HOLD, butOne(tagged(), ['ForAllValues:StringEquals', 'eks-cluster-name', 'elsewhere'])),
    objects: OBJECTS,
    probes: asked('app', DENIED),
  });

  scenario('AM-19', "each action within an association's policy, by tags that are the role's", {
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
            own: [`data/${OWN}/*`],
          }),
        },
      },
    },
    objects: OBJECTS,
    probes: [succeeds(askEksAuth('app')), ...asked('app', NOT_IN_SESSION_POLICY, ...assumes('app'))],
  });

  scenario('AM-20', "each action of a managed policy, on another account's bucket, by a session without tags", {
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

  scenario('AM-21', 'each action of a session by web identity, under conditions on tags that it has not', {
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
