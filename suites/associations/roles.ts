/** Which roles an association can have. */
import {
  allow,
  askEksAuth,
  assumeByToken,
  assumeRole,
  changeAssociation,
  controlSucceeds,
  createAssociationFor,
  deleteRole,
  fails,
  matching,
  podIdentityRole,
  recreateRole,
  succeeds,
  suite,
  trustPodIdentity,
  trustRole,
  trustService,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { may } from '../lib/sessions.ts';
import { CREATE_ASSOCIATION, EKS_API, TARGET_ROLES, TRUST_OF_PODS } from '../lib/sources.ts';
import { ASSUME_AND_TAG, BY_TOKEN } from '../lib/worlds.ts';
import { app, ID } from './lib/requests.ts';

/** EKS rejects the role. */
const BAD_ROLE = { by: 'eks', code: 'InvalidParameterException', status: 400 } as const;

suite('associations', ({ scenario }) => {
  scenario('PI-13', 'a recreated role can be associated at once', {
    source: `${EKS_API} CreatePodIdentityAssociation; IAM User Guide, "Troubleshooting IAM": changes are not always immediately visible`,
    roles: app,
    workloads: { app: {} },
    probes: [
      deleteRole('app'),
      fails(createAssociationFor('app/app', { role: 'app' }), BAD_ROLE),
      recreateRole('app'),
      succeeds(createAssociationFor('app/app', { role: 'app' }), { roleArn: '<role:app>' }),
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
    ],
  });

  scenario('PI-11', 'a role that does not trust Pod Identity cannot be associated', {
    profile: 'core',
    source: `${CREATE_ASSOCIATION}; ${TRUST_OF_PODS}`,
    roles: {
      instance: { trust: [trustService('ec2.amazonaws.com')] },
      ...app,
      // Trusts Pod Identity among other services.
      several: {
        trust: [
          trustService('ec2.amazonaws.com'),
          { ...trustPodIdentity(), principal: { Service: ['ec2.amazonaws.com', 'pods.eks.amazonaws.com'] } },
        ],
      },
    },
    probes: [
      fails(createAssociationFor('app/app', { role: 'instance' }), BAD_ROLE),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
      succeeds(createAssociationFor('app/several', { role: 'several' })),
    ],
  });

  scenario('PI-12', 'a role that does not exist cannot be associated', {
    source: CREATE_ASSOCIATION,
    roles: app,
    probes: [
      fails(
        createAssociationFor('app/app', { roleArn: 'arn:aws:iam::<account:main>:role/<role-name:app>-absent' }),
        BAD_ROLE,
      ),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('PI-15', "the role of an association must be in the cluster's account", {
    source: `${CREATE_ASSOCIATION}, roleArn; ${TARGET_ROLES}`,
    roles: { foreign: { ...podIdentityRole(), account: 'other' }, app: podIdentityRole() },
    probes: [
      // EKS has its own rule, and iam:PassRole cannot cross accounts. Which check comes first is not documented.
      fails(createAssociationFor('app/app', { role: 'foreign' }), {
        by: 'eks',
        code: ['InvalidParameterException', 'InvalidRequestException', 'AccessDeniedException'],
      }),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('PI-37', 'a role with a path is associated, assumed and trusted by its full ARN', {
    source: `${CREATE_ASSOCIATION}, roleArn and targetRoleArn; IAM User Guide, "IAM identifiers": paths, and ARNs of assumed roles without them`,
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/app' })],
        permissions: [allow(ASSUME_AND_TAG, '<role:next>')],
        path: '/conformance-apps/of/red/',
      },
      next: { trust: [trustRole('app')], path: '/conformance-apps/of/blue/' },
    },
    ...BY_TOKEN,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }), { roleArn: '<role:app>' }),
      may('app', whoAmI(), { arn: matching(/^arn:aws:sts::<account:main>:assumed-role\/<role-name:app>\//) }),
      may('app', assumeRole('next')),
      succeeds(assumeByToken('app', 'web')),
      succeeds(changeAssociation(ID, { targetRole: 'next' }), { targetRoleArn: '<role:next>' }),
      succeeds(askEksAuth('app'), { roleArn: 'arn:aws:iam::<account:main>:role/<role-name:next>' }),
    ],
  });
});
