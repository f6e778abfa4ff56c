/** The external id of an association with a target role. */
import {
  changeAssociation,
  createAssociationFor,
  describeAssociation,
  matching,
  podIdentityRole,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { EKS_API, TARGET_ROLES } from '../lib/sources.ts';

suite('associations', ({ scenario }) => {
  scenario('CP-12', 'an association has an external id with a target role, which an update changes', {
    source: `${EKS_API} CreatePodIdentityAssociation and UpdatePodIdentityAssociation, targetRoleArn; PodIdentityAssociation, externalId`,
    roles: { app: podIdentityRole(), target: podIdentityRole(), second: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', targetRole: 'target' }), {
        roleArn: '<role:app>',
        targetRoleArn: '<role:target>',
        externalId: matching(/./),
      }),
      succeeds(changeAssociation('<association-id:made>', { targetRole: 'second' }), {
        roleArn: '<role:app>',
        targetRoleArn: '<role:second>',
      }),
      succeeds(describeAssociation('<association-id:made>'), {
        roleArn: '<role:app>',
        targetRoleArn: '<role:second>',
        externalId: '<external-id:made>',
      }),
    ],
  });

  scenario('CP-13', 'the external id names region, account, cluster, namespace and service account', {
    source: TARGET_ROLES,
    roles: { app: podIdentityRole(), target: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', targetRole: 'target' }), {
        externalId: matching(/^[a-z0-9-]+\/<account:main>\/<cluster:c1>\/<namespace:app>\/app$/),
      }),
    ],
  });
});
