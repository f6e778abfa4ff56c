/** Which trust policies let EKS Pod Identity assume a role. */
import {
  askEksAuth,
  control,
  createAssociationFor,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  trustPodIdentity,
  type Conditions,
  type RoleSpec,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';

const TRUST = 'Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"';
const DEPUTY = 'IAM User Guide, "The confused deputy problem": aws:SourceArn and aws:SourceAccount';
const trustedUnder = (conditions: Conditions): RoleSpec => ({ trust: [trustPodIdentity({ conditions })] });

suite('pod-identity', ({ scenario }) => {
  scenario('PI-10', 'a role that does not trust sts:TagSession gives no credentials', {
    profile: 'core',
    source: `${TRUST}; IAM User Guide, "IAM JSON policy elements: Action": wildcards`,
    roles: {
      app: podIdentityRole(),
      untaggable: { trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })] },
      all: { trust: [trustPodIdentity({ actions: ['sts:*'] })] },
    },
    workloads: {
      app: { role: 'app' },
      untaggable: { serviceAccount: 'untaggable', role: 'untaggable' },
      all: { serviceAccount: 'all' },
    },
    probes: [
      control('app', fetchCredentials()),
      refused('untaggable', fetchCredentials(), MAY_NOT_ASSUME),
      // Nor need the two actions be named.
      succeeds(createAssociationFor('app/all', { role: 'all' })),
      succeeds(askEksAuth('all'), { roleArn: '<role:all>' }),
    ],
  });

  scenario('PI-22', "aws:SourceAccount in a trust policy is the cluster's account", {
    source: DEPUTY,
    roles: {
      own: trustedUnder({ StringEquals: { 'aws:SourceAccount': '<account:main>' } }),
      foreign: trustedUnder({ StringEquals: { 'aws:SourceAccount': '999999999999' } }),
    },
    workloads: {
      own: { serviceAccount: 'own', role: 'own' },
      foreign: { serviceAccount: 'foreign', role: 'foreign' },
    },
    probes: [granted('own', fetchCredentials()), refused('foreign', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  scenario('PI-23', "aws:SourceArn in a trust policy is the cluster's ARN", {
    source: DEPUTY,
    roles: {
      own: trustedUnder({ ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>' } }),
      another: trustedUnder({ ArnEquals: { 'aws:SourceArn': '<cluster-arn:c1>-another' } }),
    },
    workloads: {
      own: { serviceAccount: 'own', role: 'own' },
      another: { serviceAccount: 'another', role: 'another' },
    },
    probes: [granted('own', fetchCredentials()), refused('another', fetchCredentials(), MAY_NOT_ASSUME)],
  });

  // Not documented; reported by users whose trust policies never matched.
  scenario('PI-24', "aws:SourceArn in a trust policy is not the association's ARN", {
    source: DEPUTY,
    roles: {
      cluster: trustedUnder({ ArnLike: { 'aws:SourceArn': 'arn:aws:eks:*:<account:main>:cluster/<cluster:c1>' } }),
      association: trustedUnder({
        ArnLike: { 'aws:SourceArn': 'arn:aws:eks:*:<account:main>:podidentityassociation/<cluster:c1>/*' },
      }),
    },
    workloads: {
      cluster: { serviceAccount: 'cluster', role: 'cluster' },
      association: { serviceAccount: 'association', role: 'association' },
    },
    probes: [control('cluster', fetchCredentials()), refused('association', fetchCredentials(), MAY_NOT_ASSUME)],
  });
});
