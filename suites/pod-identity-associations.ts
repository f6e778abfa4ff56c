/** Which associations EKS accepts, and how they are found. */
import {
  allow,
  askEksAuth,
  asSession,
  assumeByToken,
  assumeRole,
  between,
  changeAssociation,
  controlSucceeds,
  createAssociationFor,
  describeAssociation,
  fails,
  listAssociations,
  matching,
  podIdentityRole,
  removeAssociation,
  succeeds,
  suite,
  trustPodIdentity,
  trustRole,
  trustService,
  trustWebIdentity,
  whoAmI,
} from '../harness/index.ts';

const CREATE = 'Amazon EKS API Reference, CreatePodIdentityAssociation';

/** Which of its two codes for a bad request EKS uses is not documented for each rule. */
const BAD_REQUEST = { by: 'eks', code: ['InvalidParameterException', 'InvalidRequestException'], status: 400 } as const;

const UNKNOWN = 'a-00000000000000000';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-11', 'a role that does not trust Pod Identity cannot be associated', {
    profile: 'core',
    source: `${CREATE}; Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"`,
    roles: {
      instance: { trust: [trustService('ec2.amazonaws.com')] },
      app: podIdentityRole(),
      // Among others.
      several: {
        trust: [
          trustService('ec2.amazonaws.com'),
          { ...trustPodIdentity(), principal: { Service: ['ec2.amazonaws.com', 'pods.eks.amazonaws.com'] } },
        ],
      },
    },
    probes: [
      fails(createAssociationFor('app/app', { role: 'instance' }), {
        by: 'eks',
        code: 'InvalidParameterException',
        status: 400,
      }),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
      succeeds(createAssociationFor('app/several', { role: 'several' })),
    ],
  });

  scenario('PI-12', 'a role that does not exist cannot be associated', {
    source: CREATE,
    roles: { app: podIdentityRole() },
    probes: [
      fails(createAssociationFor('app/app', { roleArn: 'arn:aws:iam::<account:main>:role/<role-name:app>-absent' }), {
        by: 'eks',
        code: 'InvalidParameterException',
        status: 400,
      }),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('PI-14', 'a service account has at most one association', {
    profile: 'core',
    source: `${CREATE}; Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" (considerations)`,
    roles: { app: podIdentityRole(), another: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { name: 'app' })),
      fails(createAssociationFor('app/app', { role: 'another' }, { name: 'twin' }), {
        by: 'eks',
        code: 'ResourceInUseException',
        status: 409,
        // Observed; the API Reference documents no text.
        message: '<association-id:app>',
      }),
      succeeds(describeAssociation('<association-id:app>'), { roleArn: '<role:app>' }),
      controlSucceeds(createAssociationFor('app/free', { role: 'another' })),
    ],
  });

  scenario('PI-15', "the role must be in the cluster's account", {
    source: `${CREATE}, roleArn; Amazon EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"`,
    roles: { foreign: { ...podIdentityRole(), account: 'other' }, app: podIdentityRole() },
    probes: [
      // By EKS' own rule, or since iam:PassRole never reaches another account: which comes first is not documented.
      fails(createAssociationFor('app/app', { role: 'foreign' }), {
        by: 'eks',
        code: ['InvalidParameterException', 'InvalidRequestException', 'AccessDeniedException'],
      }),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('PI-21', 'a policy needs session tags to be disabled', {
    source: `${CREATE}, policy: disableSessionTags must be true; UpdatePodIdentityAssociation, policy`,
    roles: { app: podIdentityRole() },
    probes: [
      fails(
        createAssociationFor('app/app', {
          role: 'app',
          policy: [allow('s3:GetObject', 'data/a/*')],
          disableSessionTags: false,
        }),
        BAD_REQUEST,
      ),
      fails(
        createAssociationFor('app/another', { role: 'app', policy: [allow('s3:GetObject', 'data/a/*')] }),
        BAD_REQUEST,
      ),
      controlSucceeds(
        createAssociationFor('app/free', {
          role: 'app',
          policy: [allow('s3:GetObject', 'data/a/*')],
          disableSessionTags: true,
        }),
      ),
      // As long as it is there.
      fails(changeAssociation('<association-id:made>', { disableSessionTags: false }), BAD_REQUEST),
      succeeds(describeAssociation('<association-id:made>'), { disableSessionTags: true }),
    ],
  });

  scenario('PI-27', 'associations are listed by namespace and service account', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations',
    roles: { app: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('red/pi27-first', { role: 'app' })),
      succeeds(createAssociationFor('red/pi27-second', { role: 'app' })),
      succeeds(createAssociationFor('red/pi27-third', { role: 'app' })),
      succeeds(createAssociationFor('blue/pi27-first', { role: 'app' })),
      succeeds(listAssociations({ namespace: 'red' }), { count: 3, distinct: 3, pages: 1 }),
      succeeds(listAssociations({ namespace: 'blue' }), { count: 1 }),
      succeeds(listAssociations({ serviceAccount: 'pi27-first' }), { count: 2, distinct: 2 }),
      succeeds(listAssociations({ namespace: 'red', serviceAccount: 'pi27-first' }), { count: 1 }),
      succeeds(listAssociations({ namespace: 'blue', serviceAccount: 'pi27-second' }), { count: 0 }),
      // By the whole name.
      succeeds(listAssociations({ serviceAccount: 'pi27-fir' }), { count: 0 }),
    ],
  });

  scenario('PI-27b', 'associations are listed in pages', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations, maxResults and nextToken',
    roles: { app: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('red/first', { role: 'app' })),
      succeeds(createAssociationFor('red/second', { role: 'app' })),
      succeeds(createAssociationFor('red/third', { role: 'app' })),
      // A last page may be empty, and its nextToken is null: the listing ends.
      succeeds(listAssociations({ namespace: 'red', maxResults: 1 }), { count: 3, distinct: 3, pages: between(3, 4) }),
    ],
  });

  scenario('PI-37', 'a role below a path is associated, assumed and trusted by its whole ARN', {
    source: `${CREATE}, roleArn and targetRoleArn; IAM User Guide, "IAM identifiers": paths, and ARNs of assumed roles without them`,
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/app' })],
        permissions: [allow(['sts:AssumeRole', 'sts:TagSession'], '<role:next>')],
        path: '/conformance-apps/of/red/',
      },
      next: { trust: [trustRole('app')], path: '/conformance-apps/of/blue/' },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }), { roleArn: '<role:app>' }),
      succeeds(asSession('app', whoAmI()), {
        arn: matching(/^arn:aws:sts::<account:main>:assumed-role\/<role-name:app>\//),
      }),
      succeeds(asSession('app', assumeRole('next'))),
      succeeds(assumeByToken('app', 'web')),
      succeeds(changeAssociation('<association-id:made>', { targetRole: 'next' }), { targetRoleArn: '<role:next>' }),
      succeeds(askEksAuth('app'), { roleArn: 'arn:aws:iam::<account:main>:role/<role-name:next>' }),
    ],
  });

  scenario('PI-28', 'an unknown association can be neither described nor deleted', {
    source: 'Amazon EKS API Reference, DescribePodIdentityAssociation and DeletePodIdentityAssociation',
    roles: { app: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      fails(describeAssociation(UNKNOWN), { by: 'eks', code: 'ResourceNotFoundException', status: 404 }),
      fails(removeAssociation(UNKNOWN), { by: 'eks', code: 'ResourceNotFoundException', status: 404 }),
      controlSucceeds(describeAssociation('<association-id:made>'), {
        namespace: '<namespace:app>',
        serviceAccount: 'app',
        roleArn: '<role:app>',
      }),
    ],
  });
});
