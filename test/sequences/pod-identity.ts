import { nodeQuestion, podIdentitySession } from '../../identity/pod-identity.ts';
import { ask, BINDING, CLUSTER, FOR_CLUSTER, NAME, open, passed, POD, PODS } from './sequence.ts';
import { PLACE, ROLE, SESSION_ID, sessionOf, SIX, SUBJECT, tagged } from './sequence.ts';
import type { Sequence } from './sequence.ts';

const ROLE_PAGE = 'EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"';
const TAGS_PAGE = 'EKS User Guide, "Grant Pods access to AWS resources based on tags"';
const NODE = sessionOf({ arn: `arn:aws:iam::${PODS.accountId}:role/node`, id: 'AROANODE' }, 'i-0123456789abcdef0');
const UNKNOWN_NAME = `eks-my-cluster-unknown-po-${SESSION_ID}`;
const UNKNOWN_TAGS = { ...SIX, 'kubernetes-pod-name': 'unknown-pod', 'kubernetes-pod-uid': 'unknown-pod' };
const POLICY = '{"Version":"2012-10-17","Statement":[]}';

/** Returns both questions about a role of an association. */
const withTags = (context: object, more: object = {}) =>
  ['sts:AssumeRole', 'sts:TagSession'].map((action) =>
    ask('trust', action, ROLE.arn, PODS, { ...FOR_CLUSTER, ...context }, more),
  );

export const SEQUENCES: readonly Sequence[] = [
  {
    title: 'EKS Auth asks whether the node may use the cluster, with the tags of the cluster',
    source: 'Service Authorization Reference, "Amazon EKS Auth"',
    *path() {
      yield nodeQuestion(CLUSTER.arn, NODE, [['env', 'prod']]);
    },
    steps: [ask('node', 'eks-auth:AssumeRoleForPodIdentity', CLUSTER.arn, NODE, { 'aws:ResourceTag/env': 'prod' })],
  },
  {
    title: 'EKS Auth asks about a cluster without tags with an empty context',
    source: 'Service Authorization Reference, "Amazon EKS Auth"',
    *path() {
      yield nodeQuestion(`arn:aws:eks:us-west-2:444455556666:cluster/c`, NODE);
    },
    steps: [ask('node', 'eks-auth:AssumeRoleForPodIdentity', 'arn:aws:eks:us-west-2:444455556666:cluster/c', NODE, {})],
  },
  {
    title: 'an association asks for AssumeRole and TagSession with six transitive tags',
    source: ROLE_PAGE,
    path: () => podIdentitySession(BINDING),
    steps: [
      ...withTags({ 'sts:RoleSessionName': NAME, ...passed(SIX) }),
      open('trust', sessionOf(ROLE, NAME, { tags: tagged(SIX) }), { packedSize: true }),
    ],
  },
  {
    title: 'an association without session tags asks for no TagSession and opens a session without tags',
    source: TAGS_PAGE,
    path: () => podIdentitySession({ ...BINDING, disableSessionTags: true }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, { ...FOR_CLUSTER, 'sts:RoleSessionName': NAME }),
      open('trust', sessionOf(ROLE, NAME)),
    ],
  },
  {
    title: 'the tags of an association’s role are keys of its trust policy, and not of the session’s own tags',
    source: 'Service Authorization Reference, "AWS Security Token Service", resource type role',
    path: () => podIdentitySession({ ...BINDING, role: { ...ROLE, tags: [['team', 'blue']] } }),
    steps: [
      ...withTags({
        ...{ 'sts:RoleSessionName': NAME, 'aws:ResourceTag/team': 'blue', 'iam:ResourceTag/team': 'blue' },
        ...passed(SIX),
      }),
      open('trust', sessionOf(ROLE, NAME, { tags: tagged(SIX) }), { packedSize: true }),
    ],
  },
  {
    title: 'a session policy of an association limits its session',
    source: 'EKS API Reference, CreatePodIdentityAssociation, policy',
    path: () => podIdentitySession({ ...BINDING, disableSessionTags: true, policy: POLICY, issuedAt: 1000 }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, { ...FOR_CLUSTER, 'sts:RoleSessionName': NAME }),
      open('trust', sessionOf(ROLE, NAME, { sessionPolicies: [POLICY], issuedAt: 1000 }), { packedSize: true }),
    ],
  },
  {
    title: 'an unknown pod leaves the pod tags, the session name and aws:userid unknown, with known beginnings',
    source: `EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser; ${TAGS_PAGE}`,
    path: () => podIdentitySession({ ...BINDING, subject: SUBJECT }),
    steps: [
      ...withTags(
        { 'sts:RoleSessionName': UNKNOWN_NAME, ...passed(UNKNOWN_TAGS) },
        {
          unknown: {
            'sts:RoleSessionName': 'eks-my-cluster-',
            'aws:RequestTag/kubernetes-pod-name': '',
            'aws:RequestTag/kubernetes-pod-uid': '',
          },
        },
      ),
      open('trust', sessionOf(ROLE, UNKNOWN_NAME, { tags: tagged(UNKNOWN_TAGS) }), {
        packedSize: true,
        unknown: {
          'aws:userid': 'AROAAPP:eks-my-cluster-',
          'aws:PrincipalTag/kubernetes-pod-name': '',
          'aws:PrincipalTag/kubernetes-pod-uid': '',
        },
      }),
    ],
  },
  {
    title: 'an unknown pod without session tags leaves only the session name and aws:userid unknown',
    source: TAGS_PAGE,
    path: () => podIdentitySession({ ...BINDING, subject: SUBJECT, disableSessionTags: true }),
    steps: [
      ask(
        ...(['trust', 'sts:AssumeRole', ROLE.arn, PODS] as const),
        { ...FOR_CLUSTER, 'sts:RoleSessionName': UNKNOWN_NAME },
        { unknown: { 'sts:RoleSessionName': 'eks-my-cluster-' } },
      ),
      open('trust', sessionOf(ROLE, UNKNOWN_NAME), { unknown: { 'aws:userid': 'AROAAPP:eks-my-cluster-' } }),
    ],
  },
  {
    title: 'a pod with an unknown UID leaves only the UID tag unknown',
    source: TAGS_PAGE,
    path: () => podIdentitySession({ ...BINDING, subject: { ...SUBJECT, pod: { name: POD.pod.name } } }),
    steps: [
      ...withTags(
        { 'sts:RoleSessionName': NAME, ...passed({ ...SIX, 'kubernetes-pod-uid': 'unknown-pod' }) },
        { unknown: { 'aws:RequestTag/kubernetes-pod-uid': '' } },
      ),
      open('trust', sessionOf(ROLE, NAME, { tags: tagged({ ...SIX, 'kubernetes-pod-uid': 'unknown-pod' }) }), {
        packedSize: true,
        unknown: { 'aws:PrincipalTag/kubernetes-pod-uid': '' },
      }),
    ],
  },
  {
    title: 'a role whose id is unknown leaves aws:userid unknown without a known beginning',
    source: 'IAM User Guide, "IAM identifiers", "Unique identifiers"',
    path: () => podIdentitySession({ ...BINDING, role: { arn: ROLE.arn, tags: [] }, disableSessionTags: true }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, { ...FOR_CLUSTER, 'sts:RoleSessionName': NAME }),
      open('trust', sessionOf({ arn: ROLE.arn, id: '' }, NAME), { unknown: { 'aws:userid': '' } }),
    ],
  },
  {
    title: 'an unknown pod with a role whose id is unknown leaves aws:userid unknown without a known beginning',
    source: 'IAM User Guide, "IAM identifiers", "Unique identifiers"',
    path: () =>
      podIdentitySession({
        ...{ ...BINDING, subject: SUBJECT, role: { arn: ROLE.arn, tags: [] }, disableSessionTags: true },
      }),
    steps: [
      ask(
        ...(['trust', 'sts:AssumeRole', ROLE.arn, PODS] as const),
        { ...FOR_CLUSTER, 'sts:RoleSessionName': UNKNOWN_NAME },
        { unknown: { 'sts:RoleSessionName': 'eks-my-cluster-' } },
      ),
      open('trust', sessionOf({ arn: ROLE.arn, id: '' }, UNKNOWN_NAME), { unknown: { 'aws:userid': '' } }),
    ],
  },
  {
    title: 'the ARN of a session has the name of its role without the path',
    source: 'IAM User Guide, "AWS JSON policy elements: Principal", role session principals',
    path: () =>
      podIdentitySession({
        ...{ ...BINDING, disableSessionTags: true },
        role: { ...ROLE, arn: 'arn:aws:iam::111122223333:role/eks/shop/app' },
      }),
    steps: [
      ask('trust', 'sts:AssumeRole', 'arn:aws:iam::111122223333:role/eks/shop/app', PODS, {
        ...FOR_CLUSTER,
        'sts:RoleSessionName': NAME,
      }),
      open('trust', sessionOf({ arn: 'arn:aws:iam::111122223333:role/eks/shop/app', id: 'AROAAPP' }, NAME)),
    ],
  },
  {
    title: 'an association in China opens a session in the partition aws-cn',
    source: 'EKS User Guide (China), "Create IAM role with trust policy required by EKS Pod Identity"',
    path: () =>
      podIdentitySession({
        ...{ ...BINDING, disableSessionTags: true, role: { ...ROLE, arn: 'arn:aws-cn:iam::111122223333:role/app' } },
        cluster: { name: 'my-cluster', arn: 'arn:aws-cn:eks:cn-north-1:111122223333:cluster/my-cluster' },
      }),
    steps: [
      ask('trust', 'sts:AssumeRole', 'arn:aws-cn:iam::111122223333:role/app', PODS, {
        'aws:SourceAccount': '111122223333',
        'aws:SourceArn': 'arn:aws-cn:eks:cn-north-1:111122223333:cluster/my-cluster',
        'sts:RoleSessionName': NAME,
      }),
      open(
        'trust',
        sessionOf({ arn: 'arn:aws-cn:iam::111122223333:role/app', id: 'AROAAPP' }, NAME, {
          arn: `arn:aws-cn:sts::111122223333:assumed-role/app/${NAME}`,
        }),
      ),
    ],
  },
  {
    title: 'short names of cluster and pod are whole in the session name',
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser',
    path: () =>
      podIdentitySession({
        ...{ role: ROLE, sessionId: SESSION_ID, disableSessionTags: true },
        cluster: { name: 'dev', arn: 'arn:aws:eks:us-west-2:111122223333:cluster/dev' },
        subject: { ...SUBJECT, pod: { name: 'cart-0' } },
      }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, {
        'aws:SourceAccount': '111122223333',
        'aws:SourceArn': 'arn:aws:eks:us-west-2:111122223333:cluster/dev',
        'sts:RoleSessionName': `eks-dev-cart-0-${SESSION_ID}`,
      }),
      open('trust', sessionOf(ROLE, `eks-dev-cart-0-${SESSION_ID}`)),
    ],
  },
  {
    title: 'a long name of the cluster is cut in the known beginning of an unknown pod’s session name',
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser',
    path: () =>
      podIdentitySession({
        ...{ role: ROLE, sessionId: SESSION_ID, disableSessionTags: true, subject: SUBJECT },
        cluster: { name: 'eks-workshop', arn: 'arn:aws:eks:us-west-2:111122223333:cluster/eks-workshop' },
      }),
    steps: [
      ask(
        ...(['trust', 'sts:AssumeRole', ROLE.arn, PODS] as const),
        {
          'aws:SourceAccount': '111122223333',
          'aws:SourceArn': 'arn:aws:eks:us-west-2:111122223333:cluster/eks-workshop',
          'sts:RoleSessionName': `eks-eks-worksh-unknown-po-${SESSION_ID}`,
        },
        { unknown: { 'sts:RoleSessionName': 'eks-eks-worksh-' } },
      ),
      open('trust', sessionOf(ROLE, `eks-eks-worksh-unknown-po-${SESSION_ID}`), {
        unknown: { 'aws:userid': 'AROAAPP:eks-eks-worksh-' },
      }),
    ],
  },
  {
    title: 'keys of the organization reach the service’s request, and keys of the network do not',
    source: 'IAM User Guide, "AWS global condition context keys", aws:SourceOrgID and aws:SourceVpce',
    path: () => podIdentitySession({ ...BINDING, disableSessionTags: true, requestContext: PLACE }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, {
        ...{ ...FOR_CLUSTER, 'sts:RoleSessionName': NAME },
        ...{ 'aws:SourceOrgID': 'o-pod', 'aws:SourceOrgPaths': ['o-pod/r-1/'], 'aws:ResourceOrgID': 'o-role' },
      }),
      open('trust', sessionOf(ROLE, NAME, { requestContext: PLACE })),
    ],
  },
];
