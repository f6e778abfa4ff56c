/** Creating, describing and deleting associations, and the errors for unknown ones. */
import {
  changeAssociation,
  controlSucceeds,
  createAssociationFor,
  describeAssociation,
  describeCluster,
  fails,
  listAssociations,
  matching,
  podIdentityRole,
  removeAssociation,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { app, asMade, ID, UNKNOWN } from './lib/requests.ts';
import { CREATE_ASSOCIATION, EKS_API, HOW_IT_GRANTS } from '../lib/sources.ts';

const NOT_FOUND = { by: 'eks', code: 'ResourceNotFoundException', status: 404 } as const;
const IN_USE = { by: 'eks', code: 'ResourceInUseException', status: 409 } as const;
/** The longest name that Kubernetes permits. */
const LONG_NAME = `${'a'.repeat(63)}.${'b-2'.repeat(63)}`;
const ABSENT_CLUSTER = { clusterName: '<cluster:c1>-absent' } as const;

suite('associations', ({ scenario }) => {
  scenario('CP-04', 'EKS returns ResourceNotFoundException for an unknown cluster', {
    source: `${EKS_API} DescribeCluster, CreatePodIdentityAssociation and ListPodIdentityAssociations, ResourceNotFoundException`,
    roles: app,
    probes: [
      fails(describeCluster(ABSENT_CLUSTER), NOT_FOUND),
      fails(createAssociationFor('app/app', { role: 'app' }, ABSENT_CLUSTER), NOT_FOUND),
      fails(listAssociations(ABSENT_CLUSTER), NOT_FOUND),
      controlSucceeds(listAssociations({ namespace: 'app' })),
    ],
  });

  scenario('CP-08', 'create and describe return an association with its settings', {
    source: `${EKS_API} CreatePodIdentityAssociation, DescribePodIdentityAssociation and PodIdentityAssociation`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }), asMade),
      succeeds(describeAssociation(ID), asMade),
    ],
  });

  scenario('CP-09', 'the id of an association is a- followed by 17 letters and digits', {
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account" (example output)',
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }), { associationId: matching(/^a-[a-z0-9]{17}$/) }),
    ],
  });

  scenario('CP-10', 'each service account in each namespace has its own single association', {
    source: `${EKS_API} CreatePodIdentityAssociation, ResourceInUseException; Kubernetes documentation, "Object Names and IDs"`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      fails(createAssociationFor('app/app', { role: 'app' }, { name: 'twin' }), IN_USE),
      succeeds(createAssociationFor('app/another', { role: 'app' }, { name: 'another' })),
      succeeds(createAssociationFor('elsewhere/app', { role: 'app' }, { name: 'elsewhere' })),
      succeeds(createAssociationFor(`app/${LONG_NAME}`, { role: 'app' }, { name: 'long' })),
      succeeds(listAssociations({ namespace: 'app' }), { count: 3, distinct: 3 }),
    ],
  });

  scenario('CP-19', 'a delete returns the association, which then no longer exists', {
    source: `${EKS_API} DeletePodIdentityAssociation, DescribePodIdentityAssociation and ListPodIdentityAssociations`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      succeeds(listAssociations({ namespace: 'app' }), { count: 1 }),
      succeeds(removeAssociation(ID), asMade),
      fails(describeAssociation(ID), NOT_FOUND),
      fails(changeAssociation(ID, { role: 'app' }), NOT_FOUND),
      fails(removeAssociation(ID), NOT_FOUND),
      succeeds(listAssociations({ namespace: 'app' }), { count: 0 }),
    ],
  });

  scenario('CP-20', 'a service account can get a new association after the deletion of its old one', {
    source: `${EKS_API} DeletePodIdentityAssociation and CreatePodIdentityAssociation`,
    roles: { app: podIdentityRole(), second: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { name: 'first' })),
      succeeds(removeAssociation('<association-id:first>')),
      succeeds(createAssociationFor('app/app', { role: 'second' }, { name: 'second' }), { roleArn: '<role:second>' }),
      fails(describeAssociation('<association-id:first>'), NOT_FOUND),
      succeeds(describeAssociation('<association-id:second>'), { roleArn: '<role:second>' }),
    ],
  });

  scenario('CP-21', 'an association of one cluster is not found in another', {
    source: `${EKS_API} DescribePodIdentityAssociation and DeletePodIdentityAssociation, ResourceNotFoundException`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      fails(describeAssociation(ID, { cluster: 'c2' }), NOT_FOUND),
      fails(removeAssociation(ID, { cluster: 'c2' }), NOT_FOUND),
      succeeds(createAssociationFor('app/app', { role: 'app' }, { cluster: 'c2', name: 'second' })),
      ...(['c1', 'c2'] as const).map((cluster) =>
        succeeds(listAssociations({ namespace: 'app', cluster }), { count: 1 }),
      ),
      succeeds(describeAssociation(ID), { clusterName: '<cluster:c1>' }),
    ],
  });

  scenario('LC-22', 'one of two concurrent requests for the same association succeeds', {
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, ResourceInUseException',
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { atOnce: 2 }), { created: 1, refusals: IN_USE.code }),
    ],
  });

  scenario('PI-14', 'a service account has at most one association', {
    profile: 'core',
    source: `${CREATE_ASSOCIATION}; ${HOW_IT_GRANTS}`,
    roles: { app: podIdentityRole(), another: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { name: 'app' })),
      // The message is observed; the API Reference does not document it.
      fails(createAssociationFor('app/app', { role: 'another' }, { name: 'twin' }), {
        ...IN_USE,
        message: '<association-id:app>',
      }),
      succeeds(describeAssociation('<association-id:app>'), { roleArn: '<role:app>' }),
      controlSucceeds(createAssociationFor('app/free', { role: 'another' })),
    ],
  });

  scenario('PI-28', 'an unknown association can be neither described nor deleted', {
    source: 'Amazon EKS API Reference, DescribePodIdentityAssociation and DeletePodIdentityAssociation',
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      fails(describeAssociation(UNKNOWN), NOT_FOUND),
      fails(removeAssociation(UNKNOWN), NOT_FOUND),
      controlSucceeds(describeAssociation(ID), {
        namespace: '<namespace:app>',
        serviceAccount: 'app',
        roleArn: '<role:app>',
      }),
    ],
  });

  scenario('CP-33', 'associations of similar names are different ones', {
    source: `${EKS_API} CreatePodIdentityAssociation, namespace and serviceAccount; ListPodIdentityAssociations: filters by exact names`,
    roles: { app: podIdentityRole(), another: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('red/more-one', { role: 'app' }, { name: 'first' })),
      // Equal when joined by a dash, a longer namespace, and names that contain the first.
      succeeds(createAssociationFor('red/one', { role: 'another' }, { name: 'joined', namespaceSuffix: '-more' })),
      succeeds(createAssociationFor('red/more-one', { role: 'another' }, { namespaceSuffix: '-more' })),
      ...['one', 'more', 'more-one-2', 'x-more-one', 'more.one', LONG_NAME, `${LONG_NAME.slice(0, -1)}x`].map(
        (serviceAccount) => succeeds(createAssociationFor(`red/${serviceAccount}`, { role: 'another' })),
      ),
      fails(createAssociationFor('red/more-one', { role: 'another' }, { name: 'twin' }), IN_USE),
      succeeds(describeAssociation('<association-id:first>'), { roleArn: '<role:app>' }),
      succeeds(listAssociations({ namespace: 'red' }), { count: 8, distinct: 8 }),
      ...['more-one', 'one', LONG_NAME].map((serviceAccount) =>
        succeeds(listAssociations({ namespace: 'red', serviceAccount }), { count: 1 }),
      ),
      succeeds(listAssociations({ namespace: 'red', serviceAccount: 'more-on' }), { count: 0 }),
      succeeds(removeAssociation('<association-id:joined>')),
      succeeds(describeAssociation('<association-id:first>'), { roleArn: '<role:app>' }),
      succeeds(removeAssociation('<association-id:first>')),
      fails(describeAssociation('<association-id:first>'), NOT_FOUND),
      succeeds(listAssociations({ namespace: 'red' }), { count: 7, distinct: 7 }),
    ],
  });
});
