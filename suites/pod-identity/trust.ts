/** Which trust policies let EKS Pod Identity assume a role. */
import {
  askEksAuth,
  controlSucceeds,
  createAssociationFor,
  fails,
  fetchCredentials,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  trustPodIdentity,
  type ScenarioSpec,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { TRUST_OF_PODS } from '../lib/sources.ts';

const trustedUnder = (operator: string, key: string, value: string) => ({
  trust: [trustPodIdentity({ conditions: { [operator]: { [key]: value } } })],
});
/** Expects that pods get a session of a role that requires value `fits` of the key, but not of one that requires `misses`. */
const confusedDeputy = (operator: string, key: string, fits: string, misses: string): ScenarioSpec => ({
  source: 'IAM User Guide, "The confused deputy problem": aws:SourceArn and aws:SourceAccount',
  keywords: ['confused deputy'],
  roles: { fits: trustedUnder(operator, key, fits), misses: trustedUnder(operator, key, misses) },
  workloads: { fits: { serviceAccount: 'fits', role: 'fits' }, misses: { serviceAccount: 'misses', role: 'misses' } },
  probes: [succeeds(askEksAuth('fits'), { roleArn: '<role:fits>' }), fails(askEksAuth('misses'), MAY_NOT_ASSUME)],
});

suite('pod-identity', ({ scenario }) => {
  scenario('PI-10', 'a pod gets no credentials for a role that does not trust sts:TagSession', {
    profile: 'core',
    source: `${TRUST_OF_PODS}; IAM User Guide, "IAM JSON policy elements: Action": wildcards`,
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
      controlSucceeds(askEksAuth('app')),
      refused('untaggable', fetchCredentials(), MAY_NOT_ASSUME),
      // A wildcard can stand for both actions.
      succeeds(createAssociationFor('app/all', { role: 'all' })),
      succeeds(askEksAuth('all'), { roleArn: '<role:all>' }),
    ],
  });

  scenario('PI-22', "aws:SourceAccount in a trust policy is the cluster's account", {
    ...confusedDeputy('StringEquals', 'aws:SourceAccount', '<account:main>', '999999999999'),
  });

  scenario('PI-23', "aws:SourceArn in a trust policy is the cluster's ARN", {
    ...confusedDeputy('ArnEquals', 'aws:SourceArn', '<cluster-arn:c1>', '<cluster-arn:c1>-another'),
  });

  // Not documented; reported by users whose trust policies never matched.
  scenario('PI-24', "aws:SourceArn in a trust policy is not the association's ARN", {
    ...confusedDeputy(
      'ArnLike',
      'aws:SourceArn',
      'arn:aws:eks:*:<account:main>:cluster/<cluster:c1>',
      'arn:aws:eks:*:<account:main>:podidentityassociation/<cluster:c1>/*',
    ),
  });
});
