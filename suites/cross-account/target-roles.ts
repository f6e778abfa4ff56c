/** Associations with a target role: whose session pods get, for how long, and what it may do. */
import {
  allow,
  askEksAuth,
  between,
  changeAssociation,
  denied,
  describeAssociation,
  fetchCredentials,
  getObject,
  granted,
  isAbsent,
  putObject,
  succeeds,
  suite,
  trustRole,
  whoAmI,
} from '../../harness/index.ts';
import { baseRole, targetRole } from './lib/roles.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { TAGS_OF_PODS, TARGET_ROLES } from '../lib/sources.ts';
import { readData } from '../lib/worlds.ts';

const data = { data: { account: 'other' } } as const;

suite('cross-account', ({ scenario }) => {
  scenario('XA-01', 'a pod acts as the target role, in the account of that', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: { base: baseRole('target'), target: targetRole('base', {}, readData) },
    workloads: { app: { role: { role: 'base', targetRole: 'target' } } },
    buckets: data,
    objects: ['data/key'],
    probes: [
      granted('app', whoAmI(), { as: 'target' }),
      granted('app', fetchCredentials(), { facts: { accountId: '<account:other>' } }),
      granted('app', getObject('data/key')),
      denied('app', putObject('data/new'), NOT_ALLOWED),
    ],
  });

  scenario('XA-09', 'credentials of a target role last for 59 minutes, less than the hour of chained roles', {
    source: `${TARGET_ROLES}, "Caching considerations"; IAM User Guide, "Methods to assume a role", role chaining`,
    roles: { base: baseRole('target'), target: { ...targetRole('base'), maxSessionDuration: 43_200 } },
    workloads: { app: { role: { role: 'base', targetRole: 'target' } } },
    // By the clock of the pod, which need not be AWS's.
    probes: [granted('app', fetchCredentials(), { facts: { secondsLeft: between(3000, 3570) } })],
  });

  scenario('XA-10', "a target role may be in the cluster's own account", {
    source: TARGET_ROLES,
    roles: { base: baseRole('target'), target: { trust: [trustRole('base')], permissions: [readData] } },
    workloads: { app: { role: { role: 'base', targetRole: 'target' } } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key'), { as: 'target' }),
      granted('app', fetchCredentials(), { facts: { accountId: '<account:main>' } }),
      denied('app', putObject('data/new'), NOT_ALLOWED),
    ],
  });

  scenario('XA-11', 'the session tags reach the target role', {
    profile: 'core',
    source: `${TARGET_ROLES}; ${TAGS_OF_PODS}`,
    roles: {
      base: baseRole('target'),
      target: targetRole('base', {}, allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')),
    },
    workloads: { app: { role: { role: 'base', targetRole: 'target' } } },
    buckets: data,
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', getObject('data/<namespace:app>/key'), { as: 'target' }),
      denied('app', getObject('data/elsewhere/key'), NOT_ALLOWED),
    ],
  });

  scenario('XA-12', "an association's policy narrows the target role, and keeps the base role able to assume it", {
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, policy',
    roles: { base: baseRole('target', ['sts:AssumeRole']), target: targetRole('base', {}, readData) },
    workloads: {
      app: {
        role: {
          role: 'base',
          targetRole: 'target',
          disableSessionTags: true,
          // Says nothing of sts:AssumeRole.
          policy: [allow('s3:GetObject', 'data/a/*')],
        },
      },
    },
    buckets: data,
    objects: ['data/a/key', 'data/b/key'],
    probes: [
      granted('app', getObject('data/a/key'), { as: 'target' }),
      denied('app', getObject('data/b/key'), { ...NOT_ALLOWED, policy: 'session' }),
    ],
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
});
