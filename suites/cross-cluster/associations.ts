/** Associations of two clusters with the same names, and tokens of one cluster at the other's agent. */
import {
  admitPod,
  askEksAuth,
  control,
  controlSucceeds,
  deleteAssociation,
  fetchCredentials,
  getObject,
  granted,
  minted,
  podIdentityRole,
  refused,
  startPod,
  succeeds,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { BAD_POD_TOKEN, NOT_INJECTED } from '../lib/outcomes.ts';
import { POD_IDENTITY, readData } from '../lib/worlds.ts';

const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"';

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-02', 'an association applies only to its own cluster, even if another cluster has the same names', {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(readData) },
    workloads: { here: { role: 'app' }, there: { cluster: 'c2' } },
    objects: ['data/key'],
    probes: [controlSucceeds(askEksAuth('here')), refused('there', getObject('data/key'), NOT_INJECTED)],
  });

  scenario('CC-10', "deleting one cluster's association does not affect the other cluster's", {
    source: 'Amazon EKS API Reference, DeletePodIdentityAssociation',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole() },
    // The second cluster's pod starts late, so its agent has no credentials for it yet.
    workloads: { here: { role: 'app' }, there: { cluster: 'c2', role: 'app', starts: 'later' } },
    probes: [
      controlSucceeds(askEksAuth('here')),
      deleteAssociation('here'),
      startPod('there'),
      granted('there', fetchCredentials()),
      succeeds(admitPod('here'), { injected: 'none' }),
    ],
  });

  scenario('CC-11', 'a service account name can have a different role in each cluster', {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { first: podIdentityRole(), second: podIdentityRole() },
    workloads: { here: { role: 'first' }, there: { cluster: 'c2', role: 'second' } },
    probes: [granted('here', whoAmI(), { as: 'first' }), granted('there', whoAmI(), { as: 'second' })],
  });

  scenario('CC-09', "a token of one cluster gets no credentials from another cluster's agent", {
    profile: 'core',
    // The agent calls EKS Auth for its own cluster, whose keys did not sign the token.
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole() },
    workloads: { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } },
    tokens: { 'token-of-here': { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'here' } },
    probes: [
      controlSucceeds(askEksAuth('here', { token: 'token-of-here' })),
      control('there', fetchCredentials()),
      refused('there', fetchCredentials({ token: minted('token-of-here') }), BAD_POD_TOKEN),
    ],
  });
});
