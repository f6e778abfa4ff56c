/** Whose the session of a pod is, and how it is named. */
import { granted, matching, podIdentityRole, suite, whoAmI } from '../../harness/index.ts';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-16', 'the session belongs to the associated role and is named after cluster and pod', {
    profile: 'core',
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser: eks-clusterName-podName-UUID',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    // Names are cut, to a length that is not documented.
    probes: [
      granted('app', whoAmI(), {
        facts: { sessionName: matching(/^eks-.+-app-1-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
      }),
    ],
  });

  scenario('PI-17', 'replicas share the role, each with a session of its own', {
    source:
      'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser: the session name has the pod name and a random UUID',
    roles: { app: podIdentityRole() },
    workloads: { one: { role: 'app' }, two: { role: 'app' } },
    probes: [
      granted('one', whoAmI(), { facts: { sessionName: matching(/-<pod:one>-[0-9a-f-]{36}$/) } }),
      granted('two', whoAmI(), { facts: { sessionName: matching(/-<pod:two>-[0-9a-f-]{36}$/) } }),
    ],
  });
});
