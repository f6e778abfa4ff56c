import {
  allow,
  control,
  denied,
  getObject,
  granted,
  podIdentityRole,
  refused,
  suite,
  whoAmI,
} from '../harness/index.ts';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-01', 'an association grants what its role may do', {
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"',
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [granted('app', getObject('data/key'))],
  });

  scenario('PI-04', 'another service account of the namespace gets no credentials', {
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services", considerations',
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { app: { role: 'app' }, other: { serviceAccount: 'other' } },
    objects: ['data/key'],
    probes: [
      control('app', getObject('data/key')),
      refused('other', getObject('data/key'), { by: 'injection', code: 'NoCredentialsSettings' }),
    ],
  });

  scenario('PI-16', 'the session belongs to the associated role', {
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [granted('app', whoAmI())],
  });

  scenario('PI-07', 'a role that may read may not write', {
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      denied(
        'app',
        { do: 'PutObject', at: 'data/new' },
        { by: 's3', code: 'AccessDenied', policy: 'identity', explicit: false },
      ),
    ],
  });
});
