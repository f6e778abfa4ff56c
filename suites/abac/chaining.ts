/** A pod's session tags when it assumes another role. */
import {
  allow,
  assumeRole,
  chain,
  control,
  denied,
  getObject,
  granted,
  irsaRole,
  podIdentityRole,
  refused,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { TAGS_OF_PODS } from '../lib/sources.ts';

const CHAINING = 'IAM User Guide, "Pass session tags in AWS STS", chaining session tags';

suite('abac', ({ scenario }) => {
  scenario('AB-20', 'the tags stay with the session when it assumes another role', {
    profile: 'core',
    source: `${TAGS_OF_PODS}; ${CHAINING}`,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>')),
      target: {
        trust: [trustRole('app')],
        permissions: [allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')],
      },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', getObject('data/<namespace:app>/key', { through: chain('target') })),
      denied('app', getObject('data/elsewhere/key', { through: chain('target') }), { ...NOT_ALLOWED, as: 'target' }),
    ],
  });

  scenario('AB-21', "a role whose trust lacks sts:TagSession cannot be assumed by a pod's session", {
    source: `${CHAINING}; IAM User Guide, permissions required to add session tags`,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], ['<role:tagging>', '<role:plain>'])),
      tagging: { trust: [trustRole('app')] },
      plain: { trust: [trustRole('app', { actions: ['sts:AssumeRole'] })] },
    },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', assumeRole('tagging')),
      denied('app', assumeRole('plain'), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
        message: 'sts:TagSession',
      }),
    ],
  });

  scenario('AB-21b', 'a session of IRSA has no tags to bring, so that sts:AssumeRole is enough', {
    source: `${CHAINING}; Amazon EKS User Guide, comparison of EKS Pod Identity and IRSA`,
    needs: ['irsa'],
    roles: {
      web: irsaRole('app/app', allow('sts:AssumeRole', '<role:plain>')),
      plain: { trust: [trustRole('web', { actions: ['sts:AssumeRole'] })] },
    },
    workloads: { app: { irsa: 'web' } },
    probes: [
      granted('app', assumeRole('plain')),
      denied('app', assumeRole('plain', { tags: { team: 'a' } }), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
        message: 'sts:TagSession',
      }),
    ],
  });

  scenario('AB-22', 'a pod cannot override the tags of its session on the way to another role', {
    // The IAM User Guide says that the request fails, and not with which code.
    source: CHAINING,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], '<role:target>')),
      target: { trust: [trustRole('app')] },
    },
    workloads: { app: { role: 'app' } },
    probes: [
      control('app', assumeRole('target', { tags: { team: 'a' } })),
      refused('app', assumeRole('target', { tags: { 'kubernetes-namespace': 'elsewhere' } }), { by: 'sts' }),
    ],
  });
});
