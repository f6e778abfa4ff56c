/** Associations of two clusters with the same names. */
import {
  admitPod,
  allow,
  askEksAuth,
  controlSucceeds,
  deleteAssociation,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  refused,
  startPod,
  succeeds,
  suite,
  whoAmI,
} from '../../harness/index.ts';
import { NOT_INJECTED } from '../lib/outcomes.ts';

const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"';

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-02', "an association counts in its own cluster, whatever another cluster's names are", {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { here: { role: 'app' }, there: { cluster: 'c2' } },
    objects: ['data/key'],
    probes: [controlSucceeds(askEksAuth('here')), refused('there', getObject('data/key'), NOT_INJECTED)],
  });

  scenario('CC-10', "deleting one cluster's association leaves the other cluster's alone", {
    source: 'Amazon EKS API Reference, DeletePodIdentityAssociation',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole() },
    // The second cluster's pod starts late: its agent then holds no credentials for it yet.
    workloads: { here: { role: 'app' }, there: { cluster: 'c2', role: 'app', starts: 'later' } },
    probes: [
      controlSucceeds(askEksAuth('here')),
      deleteAssociation('here'),
      startPod('there'),
      granted('there', fetchCredentials()),
      succeeds(admitPod('here'), { injected: 'none' }),
    ],
  });

  scenario('CC-11', 'the same service account name has its own role in each cluster', {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { first: podIdentityRole(), second: podIdentityRole() },
    workloads: { here: { role: 'first' }, there: { cluster: 'c2', role: 'second' } },
    probes: [granted('here', whoAmI(), { as: 'first' }), granted('there', whoAmI(), { as: 'second' })],
  });
});
