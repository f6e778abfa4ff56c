/** The permissions and trust that base role and target role need. */
import {
  allow,
  askEksAuth,
  controlSucceeds,
  fails,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { associated, baseRole, isRole, MAIN_ACCOUNT, targetRole, trustingAws } from './lib/roles.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TARGET_ROLES } from '../lib/sources.ts';
import { ASSUME_AND_TAG } from '../lib/worlds.ts';

suite('cross-account', ({ scenario }) => {
  const app = { role: associated('base', 'target') };
  /** Role and target role of workload `app`. */
  const working = { base: baseRole('target'), target: targetRole('base') };

  scenario('XA-02', 'the base role needs sts:AssumeRole on the target role', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: { ...working, unable: podIdentityRole(), wanted: targetRole('unable') },
    workloads: { app, unable: { serviceAccount: 'unable', role: associated('unable', 'wanted') } },
    probes: [controlSucceeds(askEksAuth('app')), refused('unable', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('XA-03', 'the base role needs sts:TagSession on the target role while session tags are enabled', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: { ...working, untagging: baseRole('wanted', ['sts:AssumeRole']), wanted: targetRole('untagging') },
    workloads: {
      app,
      untagging: { serviceAccount: 'untagging', role: associated('untagging', 'wanted') },
      // Without tags, sts:AssumeRole is enough.
      tagless: { serviceAccount: 'tagless', role: { ...associated('untagging', 'wanted'), disableSessionTags: true } },
    },
    probes: [
      controlSucceeds(askEksAuth('app')),
      fails(askEksAuth('untagging'), MAY_NOT_ASSUME),
      succeeds(askEksAuth('tagless')),
    ],
  });

  scenario('XA-04', 'the target role must also trust sts:TagSession while session tags are enabled', {
    source: TARGET_ROLES,
    roles: {
      base: podIdentityRole(allow(ASSUME_AND_TAG, ['<role:target>', '<role:untaggable>'])),
      target: targetRole('base'),
      untaggable: targetRole('base', { actions: ['sts:AssumeRole'] }),
    },
    workloads: { app, untaggable: { serviceAccount: 'untaggable', role: associated('base', 'untaggable') } },
    probes: [controlSucceeds(askEksAuth('app')), fails(askEksAuth('untaggable'), MAY_NOT_ASSUME)],
  });

  scenario('XA-05', 'a target role can trust a single cluster, namespace and service account', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: {
      base: baseRole('target'),
      target: targetRole('base', {
        conditions: {
          StringEquals: {
            'aws:RequestTag/eks-cluster-arn': '<cluster-arn:c1>',
            'aws:RequestTag/kubernetes-namespace': '<namespace:red>',
            'aws:RequestTag/kubernetes-service-account': 'app',
          },
        },
      }),
    },
    workloads: {
      right: { ...app, namespace: 'red' },
      namespace: { ...app, namespace: 'blue' },
      account: { ...app, namespace: 'red', serviceAccount: 'another' },
    },
    probes: [
      granted('right', fetchCredentials()),
      fails(askEksAuth('namespace'), MAY_NOT_ASSUME),
      fails(askEksAuth('account'), MAY_NOT_ASSUME),
    ],
  });

  scenario('XA-05b', 'a target role can trust an account, and require the base role by its ARN', {
    source: `${TARGET_ROLES}; IAM User Guide, "AWS global condition context keys", aws:PrincipalArn`,
    roles: {
      base: baseRole('target'),
      stranger: baseRole('target'),
      target: trustingAws(MAIN_ACCOUNT, ASSUME_AND_TAG, isRole('base')),
    },
    workloads: { app, stranger: { serviceAccount: 'stranger', role: associated('stranger', 'target') } },
    probes: [succeeds(askEksAuth('app')), fails(askEksAuth('stranger'), MAY_NOT_ASSUME)],
  });
});
