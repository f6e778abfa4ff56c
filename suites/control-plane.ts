/** What EKS says of clusters, add-ons and associations: scenarios that need its API alone, and no pod. */
import {
  changeAssociation,
  controlSucceeds,
  createAssociationFor,
  describeAddon,
  describeAssociation,
  describeCluster,
  fails,
  isAbsent,
  listAssociations,
  listTags,
  matching,
  podIdentityRole,
  removeAssociation,
  succeeds,
  suite,
  tagResource,
  untagResource,
} from '../harness/index.ts';

const API = 'Amazon EKS API Reference,';
const TAGGING = `${API} TagResource, UntagResource and ListTagsForResource`;
const TARGET_ROLES = 'Amazon EKS User Guide, "Access AWS resources using EKS Pod Identity target IAM roles"';
const AGENT = 'eks-pod-identity-agent';
const NOT_FOUND = { by: 'eks', code: 'ResourceNotFoundException', status: 404 } as const;
/** Which of its codes for a bad request EKS uses is not documented for each rule. */
const BAD_REQUEST = {
  by: 'eks',
  code: ['InvalidParameterException', 'InvalidRequestException', 'BadRequestException', 'ValidationException'],
  status: 400,
} as const;
const ABSENT_CLUSTER = { clusterName: '<cluster:c1>-absent' } as const;
/** ISO 8601, as facts tell times. */
const A_TIME = matching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

const app = { app: podIdentityRole() };

suite('control-plane', ({ scenario }) => {
  scenario('CP-01', 'a cluster is described with name, ARN, status and version', {
    source: `${API} DescribeCluster and Cluster`,
    probes: [
      succeeds(describeCluster(), {
        name: '<cluster:c1>',
        arn: matching(/^arn:aws:eks:[a-z0-9-]+:<account:main>:cluster\/<cluster:c1>$/),
        status: 'ACTIVE',
        version: matching(/^1\.\d\d$/),
      }),
    ],
  });

  scenario('CP-02', 'a cluster has an OIDC issuer of its own', {
    source: 'Amazon EKS User Guide, "Create an IAM OIDC provider for your cluster"',
    needs: ['own-cluster'],
    probes: [
      succeeds(describeCluster(), {
        issuer: matching(/^https:\/\/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com\/id\/[0-9A-F]{32}$/),
      }),
    ],
  });

  scenario('CP-03', 'a cluster has the tags that it was made with', {
    source: `${API} CreateCluster, tags; ListTagsForResource`,
    needs: ['own-cluster'],
    probes: [
      succeeds(listTags('<cluster-arn:c1>'), {
        'tags.conformance-run': matching(/./),
        'tags.conformance-expires': A_TIME,
      }),
    ],
  });

  scenario('CP-04', 'an unknown cluster is not found', {
    source: `${API} DescribeCluster, CreatePodIdentityAssociation and ListPodIdentityAssociations, ResourceNotFoundException`,
    roles: app,
    probes: [
      fails(describeCluster(ABSENT_CLUSTER), NOT_FOUND),
      fails(createAssociationFor('app/app', { role: 'app' }, ABSENT_CLUSTER), NOT_FOUND),
      fails(listAssociations(ABSENT_CLUSTER), NOT_FOUND),
      controlSucceeds(listAssociations({ namespace: 'app' })),
    ],
  });

  scenario('CP-05', "the agent's add-on is active, and has an ARN", {
    source: `${API} DescribeAddon and Addon`,
    probes: [
      succeeds(describeAddon(AGENT), {
        name: AGENT,
        arn: matching(/^arn:aws:eks:[a-z0-9-]+:<account:main>:addon\/<cluster:c1>\/eks-pod-identity-agent\/[^/]+$/),
        status: 'ACTIVE',
        issues: 0,
      }),
    ],
  });

  scenario('CP-06', 'an add-on has a version of the documented form', {
    source: `${API} DescribeAddon and Addon; Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"`,
    probes: [succeeds(describeAddon(AGENT), { version: matching(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/) })],
  });

  scenario('CP-07', 'an add-on that is not installed is not found', {
    source: `${API} DescribeAddon, ResourceNotFoundException`,
    probes: [
      fails(describeAddon('adot'), NOT_FOUND),
      fails(describeAddon(AGENT, ABSENT_CLUSTER), NOT_FOUND),
      controlSucceeds(listAssociations({ namespace: 'app' })),
    ],
  });

  const asMade = {
    clusterName: '<cluster:c1>',
    namespace: '<namespace:app>',
    serviceAccount: 'app',
    roleArn: '<role:app>',
    associationId: '<association-id:made>',
    associationArn: matching(
      /^arn:aws:eks:[a-z0-9-]+:<account:main>:podidentityassociation\/<cluster:c1>\/<association-id:made>$/,
    ),
    createdAt: A_TIME,
    modifiedAt: A_TIME,
    targetRoleArn: isAbsent,
    externalId: isAbsent,
  };

  scenario('CP-08', 'an association is answered and described as it was made', {
    source: `${API} CreatePodIdentityAssociation, DescribePodIdentityAssociation and PodIdentityAssociation`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }), asMade),
      succeeds(describeAssociation('<association-id:made>'), asMade),
    ],
  });

  scenario('CP-09', 'the id of an association is a- and 17 letters and digits', {
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account" (example output)',
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }), { associationId: matching(/^a-[a-z0-9]{17}$/) }),
    ],
  });

  scenario('CP-10', 'a service account has one association, and another namespace or account its own', {
    source: `${API} CreatePodIdentityAssociation, ResourceInUseException; Kubernetes documentation, "Object Names and IDs"`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      fails(createAssociationFor('app/app', { role: 'app' }, { name: 'twin' }), {
        by: 'eks',
        code: 'ResourceInUseException',
        status: 409,
      }),
      succeeds(createAssociationFor('app/another', { role: 'app' }, { name: 'another' })),
      succeeds(createAssociationFor('elsewhere/app', { role: 'app' }, { name: 'elsewhere' })),
      // As long a name as Kubernetes lets it have.
      succeeds(createAssociationFor(`app/${'a'.repeat(63)}.${'b-2'.repeat(63)}`, { role: 'app' }, { name: 'long' })),
      succeeds(listAssociations({ namespace: 'app' }), { count: 3, distinct: 3 }),
    ],
  });

  scenario('CP-11', 'an update gives an association another role, and changes nothing else', {
    source: `${API} UpdatePodIdentityAssociation, roleArn`,
    roles: { app: podIdentityRole(), second: podIdentityRole() },
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      succeeds(changeAssociation('<association-id:made>', { role: 'second' }), { ...asMade, roleArn: '<role:second>' }),
      succeeds(describeAssociation('<association-id:made>'), { ...asMade, roleArn: '<role:second>' }),
    ],
  });

  scenario('CP-12', 'an association has an external id with a target role, which an update changes', {
    source: `${API} CreatePodIdentityAssociation and UpdatePodIdentityAssociation, targetRoleArn; PodIdentityAssociation, externalId`,
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

  scenario('CP-14', 'session tags are turned off when an association is made, and on and off by updates', {
    source: `${API} CreatePodIdentityAssociation and UpdatePodIdentityAssociation, disableSessionTags`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app', disableSessionTags: true }), {
        disableSessionTags: true,
      }),
      succeeds(changeAssociation('<association-id:made>', { disableSessionTags: false }), {
        disableSessionTags: false,
      }),
      succeeds(describeAssociation('<association-id:made>'), { disableSessionTags: false, roleArn: '<role:app>' }),
      succeeds(changeAssociation('<association-id:made>', { disableSessionTags: true }), { disableSessionTags: true }),
      succeeds(describeAssociation('<association-id:made>'), { disableSessionTags: true }),
    ],
  });

  scenario('CP-15', 'an association is made with tags', {
    source: `${API} CreatePodIdentityAssociation, tags`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { tags: { team: 'red', 'cost-center': '' } }), {
        'tags.team': 'red',
        'tags.cost-center': '',
      }),
      succeeds(describeAssociation('<association-id:made>'), { 'tags.team': 'red', 'tags.cost-center': '' }),
    ],
  });

  scenario('CP-16', 'tags of an association are added, replaced, listed and taken away', {
    source: `${TAGGING}; Amazon EKS User Guide, "Organize Amazon EKS resources with tags"`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { tags: { team: 'red', stage: 'test' } })),
      succeeds(tagResource('<association-arn:made>', { team: 'blue', more: 'yes' })),
      succeeds(listTags('<association-arn:made>'), { 'tags.team': 'blue', 'tags.stage': 'test', 'tags.more': 'yes' }),
      succeeds(untagResource('<association-arn:made>', ['team'])),
      succeeds(listTags('<association-arn:made>'), { 'tags.team': isAbsent, 'tags.stage': 'test' }),
      succeeds(describeAssociation('<association-id:made>'), { 'tags.team': isAbsent, 'tags.more': 'yes' }),
      succeeds(untagResource('<association-arn:made>', ['stage', 'more'])),
      succeeds(listTags('<association-arn:made>'), { 'tags.stage': isAbsent, 'tags.more': isAbsent }),
    ],
  });

  scenario('CP-17', 'tags of a cluster are added, listed and taken away', {
    source: TAGGING,
    needs: ['own-cluster'],
    probes: [
      succeeds(tagResource('<cluster-arn:c1>', { 'cp-17': 'added' })),
      succeeds(listTags('<cluster-arn:c1>'), { 'tags.cp-17': 'added', 'tags.conformance-run': matching(/./) }),
      succeeds(untagResource('<cluster-arn:c1>', ['cp-17'])),
      succeeds(listTags('<cluster-arn:c1>'), { 'tags.cp-17': isAbsent, 'tags.conformance-run': matching(/./) }),
    ],
  });

  scenario('CP-18', 'what has no resource has no tags', {
    source: `${API} ListTagsForResource, NotFoundException`,
    probes: [
      fails(listTags('<cluster-arn:c1>-absent'), { by: 'eks', code: 'NotFoundException', status: 404 }),
      controlSucceeds(listTags('<cluster-arn:c1>')),
    ],
  });

  scenario('CP-19', 'a deleted association is answered once more, and then gone', {
    source: `${API} DeletePodIdentityAssociation, DescribePodIdentityAssociation and ListPodIdentityAssociations`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      succeeds(listAssociations({ namespace: 'app' }), { count: 1 }),
      succeeds(removeAssociation('<association-id:made>'), asMade),
      fails(describeAssociation('<association-id:made>'), NOT_FOUND),
      fails(changeAssociation('<association-id:made>', { role: 'app' }), NOT_FOUND),
      fails(removeAssociation('<association-id:made>'), NOT_FOUND),
      succeeds(listAssociations({ namespace: 'app' }), { count: 0 }),
    ],
  });

  scenario('CP-20', 'a service account may get an association again, which is another', {
    source: `${API} DeletePodIdentityAssociation and CreatePodIdentityAssociation`,
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
    source: `${API} DescribePodIdentityAssociation and DeletePodIdentityAssociation, ResourceNotFoundException`,
    roles: app,
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' })),
      fails(describeAssociation('<association-id:made>', { cluster: 'c2' }), NOT_FOUND),
      fails(removeAssociation('<association-id:made>', { cluster: 'c2' }), NOT_FOUND),
      succeeds(createAssociationFor('app/app', { role: 'app' }, { cluster: 'c2', name: 'second' })),
      ...(['c1', 'c2'] as const).map((cluster) =>
        succeeds(listAssociations({ namespace: 'app', cluster }), { count: 1 }),
      ),
      succeeds(describeAssociation('<association-id:made>'), { clusterName: '<cluster:c1>' }),
    ],
  });

  scenario('CP-22', 'an association needs a namespace, a service account and a role', {
    source: `${API} CreatePodIdentityAssociation: required members`,
    roles: app,
    probes: [
      fails(createAssociationFor('app/app', {}), BAD_REQUEST),
      fails(createAssociationFor('app/', { role: 'app' }), BAD_REQUEST),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' })),
    ],
  });

  scenario('CP-23', 'a page has 1 to 100 associations', {
    source: `${API} ListPodIdentityAssociations, maxResults`,
    probes: [
      fails(listAssociations({ maxResults: 0 }), BAD_REQUEST),
      fails(listAssociations({ maxResults: 101 }), BAD_REQUEST),
      controlSucceeds(listAssociations({ maxResults: 100 })),
    ],
  });

  scenario('CP-24', 'tags are at most 50, and their keys do not begin with aws:', {
    source: `${API} CreatePodIdentityAssociation, tags; TagResource; Amazon EKS User Guide, "Organize Amazon EKS resources with tags"`,
    roles: app,
    probes: [
      fails(createAssociationFor('app/app', { role: 'app' }, { tags: numbered(51) }), BAD_REQUEST),
      ...[
        { 'aws:team': 'red' },
        { 'Aws:team': 'red' },
        { [`${'k'.repeat(129)}`]: 'red' },
        { team: 'v'.repeat(257) },
      ].map((tags) => fails(createAssociationFor('app/another', { role: 'app' }, { tags }), BAD_REQUEST)),
      controlSucceeds(createAssociationFor('app/free', { role: 'app' }, { tags: { team: 'red' } }), {
        'tags.team': 'red',
      }),
      // So many as there are with those of the call, of which those that it replaces are not counted twice.
      succeeds(tagResource('<association-arn:made>', numbered(40))),
      succeeds(tagResource('<association-arn:made>', numbered(41))),
      fails(tagResource('<association-arn:made>', numbered(20, 'more')), BAD_REQUEST),
      ...[
        { 'aws:team': 'red' },
        { 'AWS:team': 'red' },
        { [`${'k'.repeat(129)}`]: 'red' },
        { team: 'v'.repeat(257) },
      ].map((tags) => fails(tagResource('<association-arn:made>', tags), BAD_REQUEST)),
      succeeds(tagResource('<association-arn:made>', { [`${'k'.repeat(128)}`]: 'v'.repeat(256), team: '' })),
      succeeds(listTags('<association-arn:made>'), { 'tags.tag-40': 'x', 'tags.more-0': isAbsent }),
    ],
  });
});

function numbered(count: number, name = 'tag'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}-${index}`, 'x']));
}
