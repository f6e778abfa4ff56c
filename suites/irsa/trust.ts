/** Which trust policies let pods assume a role by IRSA: conditions on subject and audience, and roles that are gone. */
import {
  allow,
  assumeWithWebIdentity,
  control,
  deleteRole,
  getObject,
  granted,
  irsaRole,
  podIdentityRole,
  refused,
  suite,
  trustWebIdentity,
  type RoleSpec,
} from '../../harness/index.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { ASSIGN_ROLES, WEB_IDENTITY } from '../lib/sources.ts';

const trusting = (options: Parameters<typeof trustWebIdentity>[0]): RoleSpec => ({
  trust: [trustWebIdentity(options)],
});

suite('irsa', ({ scenario }) => {
  scenario('IR-01', 'an annotated service account acts as its role', {
    profile: 'core',
    source: ASSIGN_ROLES,
    roles: { app: irsaRole('app/app', allow('s3:GetObject', 'data/*')) },
    workloads: { app: { irsa: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      granted('app', assumeWithWebIdentity('app'), {
        facts: { subject: 'system:serviceaccount:<namespace:app>:app', audience: 'sts.amazonaws.com' },
      }),
    ],
  });

  scenario('IR-02', 'a role that trusts another namespace stays closed', {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY}`,
    roles: { app: irsaRole('app/app'), elsewhere: irsaRole('elsewhere/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('elsewhere'), NOT_ASSUMED),
    ],
  });

  scenario('IR-03', 'a role that trusts another service account stays closed', {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY}`,
    roles: { app: irsaRole('app/app'), another: irsaRole('app/another') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('another'), NOT_ASSUMED),
    ],
  });

  scenario('IR-06', 'a condition on another audience keeps the role closed', {
    source: `${ASSIGN_ROLES}; IAM User Guide, "Available keys for AWS OIDC federation": aud`,
    roles: { app: irsaRole('app/app'), picky: trusting({ subject: 'app/app', audience: 'another.example.com' }) },
    workloads: { app: { irsa: 'app' } },
    probes: [control('app', assumeWithWebIdentity('app')), refused('app', assumeWithWebIdentity('picky'), NOT_ASSUMED)],
  });

  scenario('IR-07', 'StringLike with a star trusts every service account of the namespace, and no other', {
    source: `${ASSIGN_ROLES}: StringLike for several service accounts`,
    roles: {
      shared: trusting({ subject: 'app/*', operator: 'StringLike' }),
      outside: irsaRole('outside/first'),
    },
    workloads: {
      first: { serviceAccount: 'first', irsa: 'shared' },
      second: { serviceAccount: 'second', irsa: 'shared' },
      outside: { namespace: 'outside', serviceAccount: 'first', irsa: 'outside' },
    },
    probes: [
      granted('first', assumeWithWebIdentity('shared')),
      granted('second', assumeWithWebIdentity('shared')),
      control('outside', assumeWithWebIdentity('outside')),
      refused('outside', assumeWithWebIdentity('shared'), NOT_ASSUMED),
    ],
  });

  scenario('IR-08', 'StringEquals takes a star literally', {
    source: 'IAM User Guide, "IAM JSON policy elements: Condition operators": wildcards work with StringLike alone',
    roles: { app: irsaRole('app/app'), starred: trusting({ subject: 'app/*', operator: 'StringEquals' }) },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('starred'), NOT_ASSUMED),
    ],
  });

  scenario('IR-09', 'a trust policy without a condition on the subject trusts the whole cluster', {
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management": scope the IAM role trust policy for IRSA',
    finding:
      'A role whose trust policy has no condition on `sub` can be assumed by every service account of the cluster: name namespace and service account in it.',
    roles: { open: trusting({ subject: null }) },
    workloads: { any: { namespace: 'any', serviceAccount: 'stranger', irsa: 'open' } },
    probes: [granted('any', assumeWithWebIdentity('open'))],
  });

  scenario('IR-12', 'a deleted role looks like one that does not trust the pod', {
    profile: 'core',
    // Not documented: STS does not say whether a role exists.
    source: WEB_IDENTITY,
    roles: { app: irsaRole('app/app', allow('s3:GetObject', 'data/*')) },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      deleteRole('app'),
      refused('app', assumeWithWebIdentity('app'), NOT_ASSUMED),
    ],
  });

  scenario('IR-13', 'a role made for Pod Identity alone does not serve IRSA', {
    source: `${ASSIGN_ROLES}: the trust policy must name the OIDC provider`,
    roles: { app: irsaRole('app/app'), podIdentity: podIdentityRole() },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('podIdentity'), NOT_ASSUMED),
    ],
  });
});
