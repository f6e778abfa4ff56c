/** Associations with a target role: the sessions of pods, their duration and their permissions. */
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
import { may, mayNot } from '../lib/sessions.ts';
import { associated, baseRole, targetRole } from './lib/roles.ts';
import { NOT_ALLOWED, NOT_IN_SESSION_POLICY } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { CREATE_ASSOCIATION, TAGS_OF_PODS, TARGET_ROLES, UPDATE_ASSOCIATION } from '../lib/sources.ts';
import { readData } from '../lib/worlds.ts';

const buckets = { data: { account: 'other' } } as const;
const workloads = { app: { role: associated('base', 'target') } } as const;
const WORLD = { workloads, buckets };

suite('cross-account', ({ scenario }) => {
  scenario('XA-01', 'a pod acts as the target role in the other account', {
    profile: 'core',
    source: TARGET_ROLES,
    roles: { base: baseRole('target'), target: targetRole('base', {}, readData) },
    ...WORLD,
    objects: ['data/key'],
    probes: [
      granted('app', whoAmI(), { as: 'target' }),
      granted('app', fetchCredentials(), { facts: { accountId: '<account:other>' } }),
      granted('app', getObject('data/key')),
      denied('app', putObject('data/new'), NOT_ALLOWED),
    ],
  });

  scenario('XA-09', 'credentials of a target role last for 59 minutes, within the hour that role chaining permits', {
    source: `${TARGET_ROLES}, "Caching considerations"; IAM User Guide, "Methods to assume a role", role chaining`,
    roles: { base: baseRole('target'), target: { ...targetRole('base'), maxSessionDuration: 43_200 } },
    workloads,
    // Measured with the local clock, which may differ from AWS's.
    probes: [succeeds(askEksAuth('app'), { secondsLeft: between(3000, 3570) })],
  });

  scenario('XA-10', "a target role can be in the cluster's own account", {
    source: TARGET_ROLES,
    roles: { base: baseRole('target'), target: { trust: [trustRole('base')], permissions: [readData] } },
    workloads,
    objects: ['data/key'],
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:target>', accountId: '<account:main>' }),
      may('app', getObject('data/key')),
      mayNot('app', putObject('data/new'), NOT_ALLOWED),
    ],
  });

  scenario('XA-11', 'session tags are passed on to the target role', {
    profile: 'core',
    source: `${TARGET_ROLES}; ${TAGS_OF_PODS}`,
    roles: {
      base: baseRole('target'),
      target: targetRole('base', {}, allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')),
    },
    ...WORLD,
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:target>' }),
      may('app', getObject('data/<namespace:app>/key')),
      mayNot('app', getObject('data/elsewhere/key'), NOT_ALLOWED),
    ],
  });

  scenario('XA-12', "an association's policy limits the target role, but not the base role that assumes it", {
    source: `${CREATE_ASSOCIATION}, policy`,
    roles: { base: baseRole('target', ['sts:AssumeRole']), target: targetRole('base', {}, readData) },
    // The policy does not allow sts:AssumeRole.
    workloads: {
      app: {
        role: { ...workloads.app.role, disableSessionTags: true, policy: [allow('s3:GetObject', 'data/a/*')] },
      },
    },
    buckets,
    objects: ['data/a/key', 'data/b/key'],
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:target>' }),
      may('app', getObject('data/a/key')),
      mayNot('app', getObject('data/b/key'), NOT_IN_SESSION_POLICY),
    ],
  });

  scenario('XA-13', 'an update can remove the target role, and pods then act as the base role', {
    // The value is not documented. The EKS controller of AWS Controllers for Kubernetes sends an empty string.
    source: `${UPDATE_ASSOCIATION}, targetRoleArn; eks-controller, pull request 164`,
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
