/** Which pods an association matches: by namespace and service account, from when they start. */
import {
  control,
  createAssociation,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  restartPod,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NOT_INJECTED } from '../lib/outcomes.ts';
import { HOW_IT_GRANTS } from '../lib/sources.ts';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-02', 'a pod started without an association gets no credentials until it is started again', {
    profile: 'core',
    source: `${HOW_IT_GRANTS}; amazon-eks-pod-identity-webhook, pods are changed at admission alone`,
    roles: { app: podIdentityRole() },
    workloads: { app: {} },
    probes: [
      refused('app', whoAmI(), NOT_INJECTED),
      createAssociation('app', 'app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
      restartPod('app'),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('PI-04', 'another service account of the namespace gets no credentials', {
    profile: 'core',
    source: HOW_IT_GRANTS,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, other: { serviceAccount: 'other' } },
    probes: [control('app', fetchCredentials()), refused('other', fetchCredentials(), NOT_INJECTED)],
  });

  scenario('PI-05', 'the same service account name in another namespace gets no credentials', {
    profile: 'core',
    source: HOW_IT_GRANTS,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, other: { namespace: 'other' } },
    probes: [control('app', fetchCredentials()), refused('other', fetchCredentials(), NOT_INJECTED)],
  });

  scenario('PI-06', 'an association may come before its namespace and service account', {
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": neither needs to exist',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', associationFirst: true } },
    probes: [granted('app', fetchCredentials())],
  });
});
