/** Trust policies that limit a role to one cluster, or open it to two. */
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
/** Both clusters' pods are associated with the role, which trusts only the first cluster. */
const keptToFirst = (source: string, conditions: Conditions): ScenarioSpec => ({
  source,
  needs: ['two-clusters'],
  roles: { app: trustedUnder(conditions) },
  workloads: BOTH_CLUSTERS,
  probes: [succeeds(askEksAuth('here')), fails(askEksAuth('there'), MAY_NOT_ASSUME)],
});

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-01', 'one trust policy lets a role serve two clusters', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"',
    needs: ['two-clusters'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: BOTH_CLUSTERS,
    objects: ['data/key'],
    probes: [succeeds(asSession('here', getObject('data/key'))), granted('there', getObject('data/key'))],
  });

  scenario('CC-03', 'a condition on the cluster name tag limits a role to one cluster', {
    ...keptToFirst(TRUST_OF_PODS, byTag('eks-cluster-name', '<cluster:c1>')),
    profile: 'core',
    probes: [succeeds(askEksAuth('here')), refused('there', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('CC-04', 'a condition on the cluster ARN tag limits a role to one cluster', {
    ...keptToFirst(TRUST_OF_PODS, byTag('eks-cluster-arn', '<cluster-arn:c1>')),
    profile: 'core',
  });

  scenario(
    'CC-05',
    'a trust condition on a cluster name matches in any region, a condition on a cluster ARN does not',
    {
      // The clusters of a run are in one region. So these trust policies name a cluster of this name in another region.
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
    },
  );

  scenario(
    'CC-06',
    'a condition on aws:SourceArn limits a role to one cluster',
    keptToFirst(`${TRUST_OF_PODS}; Amazon EKS User Guide, "Cross-service confused deputy prevention"`, {
      ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' },
    }),
  );
});
