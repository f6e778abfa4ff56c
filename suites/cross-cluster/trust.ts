/** Trust policies that keep a role to one cluster, or open it to two. */
import {
  allow,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  refused,
  suite,
  trustPodIdentity,
  type Conditions,
  type RoleSpec,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TRUST_OF_PODS } from '../lib/sources.ts';

const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"';
/** Pods of the same namespace and service account names on both clusters, both associated with role `app`. */
const BOTH_CLUSTERS = { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } } as const;
const roleTrustedUnder = (conditions: Conditions): RoleSpec => ({ trust: [trustPodIdentity({ conditions })] });

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-01', 'one role serves two clusters with one trust', {
    profile: 'core',
    source: OVERVIEW,
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: BOTH_CLUSTERS,
    objects: ['data/key'],
    probes: [granted('here', getObject('data/key')), granted('there', getObject('data/key'))],
  });

  scenario('CC-03', 'a trust on the cluster name tag keeps the role to one cluster', {
    profile: 'core',
    source: TRUST_OF_PODS,
    needs: ['two-clusters'],
    roles: { app: roleTrustedUnder({ StringEquals: { 'aws:RequestTag/eks-cluster-name': '<cluster:c1>' } }) },
    workloads: BOTH_CLUSTERS,
    probes: [granted('here', fetchCredentials()), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-04', 'a trust on the cluster ARN tag keeps the role to one cluster', {
    profile: 'core',
    source: TRUST_OF_PODS,
    needs: ['two-clusters'],
    roles: { app: roleTrustedUnder({ StringEquals: { 'aws:RequestTag/eks-cluster-arn': '<cluster-arn:c1>' } }) },
    workloads: BOTH_CLUSTERS,
    probes: [granted('here', fetchCredentials()), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-05', 'a trust on the name tag takes a cluster of that name in any region, one on the ARN tag does not', {
    // A run has clusters in one region. So the trusts are of a cluster with this one's name in a region that is not its.
    source: 'Amazon EKS API Reference, CreateCluster: a name is unique within the region and account',
    finding:
      'Cluster names repeat over regions and accounts: a condition on eks-cluster-name also takes a cluster of that name elsewhere. Use eks-cluster-arn.',
    roles: {
      byName: roleTrustedUnder({ StringEquals: { 'aws:RequestTag/eks-cluster-name': '<cluster:c1>' } }),
      byArn: roleTrustedUnder({
        StringEquals: {
          'aws:RequestTag/eks-cluster-arn': 'arn:aws:eks:af-south-1:<account:main>:cluster/<cluster:c1>',
        },
      }),
    },
    workloads: {
      named: { serviceAccount: 'named', role: 'byName' },
      exact: { serviceAccount: 'exact', role: 'byArn' },
    },
    probes: [granted('named', fetchCredentials()), refused('exact', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-06', 'a trust on aws:SourceArn keeps the role to one cluster', {
    source: `${TRUST_OF_PODS}; Amazon EKS User Guide, "Cross-service confused deputy prevention"`,
    needs: ['two-clusters'],
    roles: { app: roleTrustedUnder({ ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' } }) },
    workloads: BOTH_CLUSTERS,
    probes: [granted('here', fetchCredentials()), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });
});
