/** What base role and target role must allow each other. */
import {
  allow,
  control,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  suite,
  type RoleSpec,
} from '../../harness/index.ts';
import { baseRole, targetRole } from './lib/roles.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TARGET_ROLES } from '../lib/sources.ts';
import { ASSUME_AND_TAG } from '../lib/worlds.ts';

suite('cross-account', ({ scenario }) => {
  /** The account of the base role is trusted, and that role alone among its principals. */
  const trustByArn = (role: string): RoleSpec => ({
    account: 'other',
    trust: [
      {
        effect: 'Allow',
        actions: ASSUME_AND_TAG,
        principal: { AWS: 'arn:aws:iam::<account:main>:root' },
        conditions: { ArnEquals: { 'aws:PrincipalArn': `<role:${role}>` } },
      },
    ],
  });

  scenario('XA-02', 'the base role needs sts:AssumeRole on the target role', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: {
      base: baseRole('target'),
      target: targetRole('base'),
      unable: podIdentityRole(),
      wanted: targetRole('unable'),
    },
    workloads: {
      app: { role: { role: 'base', targetRole: 'target' } },
      unable: { serviceAccount: 'unable', role: { role: 'unable', targetRole: 'wanted' } },
    },
    probes: [control('app', fetchCredentials()), refused('unable', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('XA-03', 'the base role needs sts:TagSession on the target role while session tags are on', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: {
      base: baseRole('target'),
      target: targetRole('base'),
      untagging: baseRole('wanted', ['sts:AssumeRole']),
      wanted: targetRole('untagging'),
    },
    workloads: {
      app: { role: { role: 'base', targetRole: 'target' } },
      untagging: { serviceAccount: 'untagging', role: { role: 'untagging', targetRole: 'wanted' } },
      // Without tags, sts:AssumeRole is enough.
      tagless: {
        serviceAccount: 'tagless',
        role: { role: 'untagging', targetRole: 'wanted', disableSessionTags: true },
      },
    },
    probes: [
      control('app', fetchCredentials()),
      refused('untagging', fetchCredentials(), MAY_NOT_ASSUME),
      granted('tagless', fetchCredentials()),
    ],
  });

  scenario('XA-04', 'the target role must trust sts:TagSession too while session tags are on', {
    source: TARGET_ROLES,
    roles: {
      base: podIdentityRole(allow(ASSUME_AND_TAG, ['<role:target>', '<role:untaggable>'])),
      target: targetRole('base'),
      untaggable: targetRole('base', { actions: ['sts:AssumeRole'] }),
    },
    workloads: {
      app: { role: { role: 'base', targetRole: 'target' } },
      untaggable: { serviceAccount: 'untaggable', role: { role: 'base', targetRole: 'untaggable' } },
    },
    probes: [control('app', fetchCredentials()), refused('untaggable', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('XA-05', 'a target role may trust one cluster, namespace and service account alone', {
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
      right: { namespace: 'red', role: { role: 'base', targetRole: 'target' } },
      namespace: { namespace: 'blue', role: { role: 'base', targetRole: 'target' } },
      account: { namespace: 'red', serviceAccount: 'another', role: { role: 'base', targetRole: 'target' } },
    },
    probes: [
      granted('right', fetchCredentials()),
      refused('namespace', fetchCredentials(), MAY_NOT_ASSUME),
      refused('account', fetchCredentials(), MAY_NOT_ASSUME),
    ],
  });

  scenario('XA-05b', 'a target role may trust an account, and ask for the base role by its ARN', {
    source: `${TARGET_ROLES}; IAM User Guide, "AWS global condition context keys", aws:PrincipalArn`,
    roles: { base: baseRole('target'), stranger: baseRole('target'), target: trustByArn('base') },
    workloads: {
      app: { role: { role: 'base', targetRole: 'target' } },
      stranger: { serviceAccount: 'stranger', role: { role: 'stranger', targetRole: 'target' } },
    },
    probes: [granted('app', fetchCredentials()), refused('stranger', fetchCredentials(), MAY_NOT_ASSUME)],
  });
});
