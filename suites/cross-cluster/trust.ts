/** Trust policies that keep a role to one cluster, or open it to two. */
import {
  allow,
  askEksAuth,
  asSession,
  fails,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  trustPodIdentity,
  type Conditions,
  type ScenarioSpec,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TRUST_OF_PODS } from '../lib/sources.ts';

/** Pods of the same namespace and service account names on both clusters, both associated with role `app`. */
const BOTH_CLUSTERS = { here: { role: 'app' }, there: { cluster: 'c2', role: 'app' } } as const;
const trustedUnder = (conditions: Conditions) => ({ trust: [trustPodIdentity({ conditions })] });
const byTag = (tag: string, value: string) => ({ StringEquals: { [`aws:RequestTag/${tag}`]: value } });
/** Both clusters' pods are associated with the role, which trusts the first cluster alone. */
const keptToFirst = (source: string, conditions: Conditions): ScenarioSpec => ({
  source,
  needs: ['two-clusters'],
  roles: { app: trustedUnder(conditions) },
  workloads: BOTH_CLUSTERS,
  probes: [succeeds(askEksAuth('here')), fails(askEksAuth('there'), MAY_NOT_ASSUME)],
});

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-01', 'one role serves two clusters with one trust', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: BOTH_CLUSTERS,
    objects: ['data/key'],
    probes: [succeeds(asSession('here', getObject('data/key'))), granted('there', getObject('data/key'))],
  });

  scenario('CC-03', 'a trust on the cluster name tag keeps the role to one cluster', {
    ...keptToFirst(TRUST_OF_PODS, byTag('eks-cluster-name', '<cluster:c1>')),
    profile: 'core',
    probes: [succeeds(askEksAuth('here')), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-04', 'a trust on the cluster ARN tag keeps the role to one cluster', {
    ...keptToFirst(TRUST_OF_PODS, byTag('eks-cluster-arn', '<cluster-arn:c1>')),
    profile: 'core',
  });

  scenario('CC-05', 'a trust on the name tag takes a cluster of that name in any region, one on the ARN tag does not', {
    // A run has clusters in one region. So the trusts are of a cluster with this one's name in a region that is not its.
    source: 'Amazon EKS API Reference, CreateCluster: a name is unique within the region and account',
    finding:
      'Cluster names are not unique across regions and accounts. A condition on eks-cluster-name also matches a cluster with that name elsewhere. Use eks-cluster-arn.',
    roles: {
      byName: trustedUnder(byTag('eks-cluster-name', '<cluster:c1>')),
      byArn: trustedUnder(byTag('eks-cluster-arn', 'arn:aws:eks:af-south-1:<account:main>:cluster/<cluster:c1>')),
    },
    workloads: {
      named: { serviceAccount: 'named', role: 'byName' },
      exact: { serviceAccount: 'exact', role: 'byArn' },
    },
    probes: [succeeds(askEksAuth('named')), fails(askEksAuth('exact'), MAY_NOT_ASSUME)],
  });

  scenario(
    'CC-06',
    'a trust on aws:SourceArn keeps the role to one cluster',
    keptToFirst(`${TRUST_OF_PODS}; Amazon EKS User Guide, "Cross-service confused deputy prevention"`, {
      ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' },
    }),
  );
});
