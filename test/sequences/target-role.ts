import { createHash } from 'node:crypto';
import { podIdentitySession } from '../../identity/pod-identity.ts';
import { ask, BINDING, FOR_CLUSTER, NAME, open, OTHER, passed, PLACE, PODS } from './sequence.ts';
import { ROLE, SESSION_ID, sessionOf, SIX, SUBJECT, tagged, TARGET } from './sequence.ts';
import type { Sequence } from './sequence.ts';

const PAGE = 'EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles"';
const POLICY = '{"Version":"2012-10-17","Statement":[]}';
const TAGGED = { 'sts:RoleSessionName': NAME, ...passed(SIX) };
const APP = sessionOf(ROLE, NAME, { tags: tagged(SIX), requestContext: {} });
const UNTAGGED = sessionOf(ROLE, NAME, { requestContext: {} });
const UNKNOWN_NAME = `eks-my-cluster-unknown-po-${SESSION_ID}`;
const UNKNOWN_TAGS = { ...SIX, 'kubernetes-pod-name': 'unknown-pod', 'kubernetes-pod-uid': 'unknown-pod' };

/** A name of 253 characters, the most that Kubernetes allows, which does not compress well. */
const LONG = ['a', 'b']
  .map((text) => createHash('sha512').update(text).digest('hex'))
  .join('')
  .slice(0, 253);
const LONG_CLUSTER = {
  name: LONG.slice(0, 100),
  arn: `arn:aws:eks:us-west-2:111122223333:cluster/${LONG.slice(0, 100)}`,
};
const LONG_NAME = `eks-${LONG.slice(0, 10)}-${LONG.slice(0, 10)}-${SESSION_ID}`;
const LONG_TAGS = {
  'eks-cluster-arn': LONG_CLUSTER.arn,
  'eks-cluster-name': LONG_CLUSTER.name,
  'kubernetes-namespace': LONG.slice(0, 63),
  'kubernetes-service-account': LONG,
  'kubernetes-pod-name': LONG,
  'kubernetes-pod-uid': '1d1a2b3c',
};
const LONG_CONTEXT = {
  ...{ 'sts:RoleSessionName': LONG_NAME, ...passed(LONG_TAGS) },
  ...{ 'aws:SourceAccount': '111122223333', 'aws:SourceArn': LONG_CLUSTER.arn },
};

/** The steps of the association's role, with and without session tags. */
const FIRST = [
  ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, { ...FOR_CLUSTER, ...TAGGED }),
  ask('trust', 'sts:TagSession', ROLE.arn, PODS, { ...FOR_CLUSTER, ...TAGGED }),
  open('trust', sessionOf(ROLE, NAME, { tags: tagged(SIX) }), { packedSize: true }),
];
const FIRST_UNTAGGED = [
  ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, { ...FOR_CLUSTER, 'sts:RoleSessionName': NAME }),
  open('trust', sessionOf(ROLE, NAME)),
];

export const SEQUENCES: readonly Sequence[] = [
  {
    title: 'a target role in another account receives the transitive tags as request tags of the association’s role',
    source: PAGE,
    path: () => podIdentitySession({ ...BINDING, targetRole: TARGET }),
    steps: [
      ...FIRST,
      ask('target role', 'sts:AssumeRole', TARGET.arn, APP, TAGGED),
      ask('target role', 'sts:TagSession', TARGET.arn, APP, TAGGED),
      open('target role', sessionOf(TARGET, NAME, { tags: tagged(SIX), requestContext: {} }), { packedSize: true }),
    ],
  },
  {
    title: 'a target role receives no external id if session tags are on',
    source: PAGE,
    path: () => podIdentitySession({ ...BINDING, targetRole: TARGET, externalId: `us-west-2/${OTHER}/c/shop/cart` }),
    steps: [
      ...FIRST,
      ask('target role', 'sts:AssumeRole', TARGET.arn, APP, TAGGED),
      ask('target role', 'sts:TagSession', TARGET.arn, APP, TAGGED),
      open('target role', sessionOf(TARGET, NAME, { tags: tagged(SIX), requestContext: {} }), { packedSize: true }),
    ],
  },
  {
    title: 'a target role receives the external id of the association if session tags are off, and no TagSession',
    source: PAGE,
    path: () =>
      podIdentitySession({
        ...{ ...BINDING, targetRole: TARGET, disableSessionTags: true },
        externalId: 'us-west-2/111122223333/my-cluster/shop/cart',
      }),
    steps: [
      ...FIRST_UNTAGGED,
      ask('target role', 'sts:AssumeRole', TARGET.arn, UNTAGGED, {
        'sts:RoleSessionName': NAME,
        'sts:ExternalId': 'us-west-2/111122223333/my-cluster/shop/cart',
      }),
      open('target role', sessionOf(TARGET, NAME, { requestContext: {} })),
    ],
  },
  {
    title: 'an external id is not sent to the role of an association without a target role',
    source: PAGE,
    path: () => podIdentitySession({ ...BINDING, disableSessionTags: true, externalId: 'us-west-2/1/c/shop/cart' }),
    steps: FIRST_UNTAGGED,
  },
  {
    title: 'a session policy limits the session of the target role, and not the session in between',
    source: 'EKS API Reference, CreatePodIdentityAssociation, policy',
    path: () =>
      podIdentitySession({ ...BINDING, targetRole: TARGET, disableSessionTags: true, policy: POLICY, issuedAt: 1000 }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, { ...FOR_CLUSTER, 'sts:RoleSessionName': NAME }),
      open('trust', sessionOf(ROLE, NAME, { issuedAt: 1000 })),
      ask(
        'target role',
        'sts:AssumeRole',
        TARGET.arn,
        { ...UNTAGGED, issuedAt: 1000 },
        { 'sts:RoleSessionName': NAME },
      ),
      open('target role', sessionOf(TARGET, NAME, { sessionPolicies: [POLICY], issuedAt: 1000, requestContext: {} }), {
        packedSize: true,
      }),
    ],
  },
  {
    title: 'a target role in the same account is asked like one of another account',
    source: PAGE,
    path: () =>
      podIdentitySession({
        ...{ ...BINDING, disableSessionTags: true },
        targetRole: { arn: 'arn:aws:iam::111122223333:role/next', id: 'AROANEXT', tags: [['tier', 'data']] },
      }),
    steps: [
      ...FIRST_UNTAGGED,
      ask('target role', 'sts:AssumeRole', 'arn:aws:iam::111122223333:role/next', UNTAGGED, {
        ...{ 'sts:RoleSessionName': NAME, 'aws:ResourceTag/tier': 'data', 'iam:ResourceTag/tier': 'data' },
      }),
      open(
        'target role',
        sessionOf({ arn: 'arn:aws:iam::111122223333:role/next', id: 'AROANEXT' }, NAME, { requestContext: {} }),
      ),
    ],
  },
  {
    title:
      'EKS assumes the target role, so keys of the pod’s network do not reach that request, but those of organizations do',
    source: 'IAM User Guide, "AWS global condition context keys", aws:PrincipalOrgID and aws:SourceVpce',
    path: () => podIdentitySession({ ...BINDING, targetRole: TARGET, disableSessionTags: true, requestContext: PLACE }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, {
        ...{ ...FOR_CLUSTER, 'sts:RoleSessionName': NAME },
        ...{ 'aws:SourceOrgID': 'o-pod', 'aws:SourceOrgPaths': ['o-pod/r-1/'], 'aws:ResourceOrgID': 'o-role' },
      }),
      open('trust', sessionOf(ROLE, NAME, { requestContext: PLACE })),
      ask(
        ...(['target role', 'sts:AssumeRole', TARGET.arn] as const),
        sessionOf(ROLE, NAME, { requestContext: { 'aws:PrincipalOrgID': 'o-pod', 'aws:ResourceOrgID': 'o-role' } }),
        { 'sts:RoleSessionName': NAME },
      ),
      open('target role', sessionOf(TARGET, NAME, { requestContext: PLACE })),
    ],
  },
  {
    title: 'an unknown pod leaves the tags of request and caller unknown at the target role',
    source: `EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser; ${PAGE}`,
    path: () => podIdentitySession({ ...BINDING, subject: SUBJECT, targetRole: TARGET }),
    steps: [
      ...['sts:AssumeRole', 'sts:TagSession'].map((action) =>
        ask(
          ...(['trust', action, ROLE.arn, PODS] as const),
          { ...FOR_CLUSTER, 'sts:RoleSessionName': UNKNOWN_NAME, ...passed(UNKNOWN_TAGS) },
          {
            unknown: {
              'sts:RoleSessionName': 'eks-my-cluster-',
              'aws:RequestTag/kubernetes-pod-name': '',
              'aws:RequestTag/kubernetes-pod-uid': '',
            },
          },
        ),
      ),
      open('trust', sessionOf(ROLE, UNKNOWN_NAME, { tags: tagged(UNKNOWN_TAGS) }), {
        packedSize: true,
        unknown: {
          'aws:userid': 'AROAAPP:eks-my-cluster-',
          'aws:PrincipalTag/kubernetes-pod-name': '',
          'aws:PrincipalTag/kubernetes-pod-uid': '',
        },
      }),
      ...['sts:AssumeRole', 'sts:TagSession'].map((action) =>
        ask(
          ...(['target role', action, TARGET.arn] as const),
          sessionOf(ROLE, UNKNOWN_NAME, { tags: tagged(UNKNOWN_TAGS), requestContext: {} }),
          { 'sts:RoleSessionName': UNKNOWN_NAME, ...passed(UNKNOWN_TAGS) },
          {
            unknown: {
              'sts:RoleSessionName': 'eks-my-cluster-',
              'aws:userid': 'AROAAPP:eks-my-cluster-',
              'aws:RequestTag/kubernetes-pod-name': '',
              'aws:RequestTag/kubernetes-pod-uid': '',
              'aws:PrincipalTag/kubernetes-pod-name': '',
              'aws:PrincipalTag/kubernetes-pod-uid': '',
            },
          },
        ),
      ),
      open('target role', sessionOf(TARGET, UNKNOWN_NAME, { tags: tagged(UNKNOWN_TAGS), requestContext: {} }), {
        packedSize: true,
        unknown: {
          'aws:userid': 'AROATARGET:eks-my-cluster-',
          'aws:PrincipalTag/kubernetes-pod-name': '',
          'aws:PrincipalTag/kubernetes-pod-uid': '',
        },
      }),
    ],
  },
  {
    title: 'a target role whose id is unknown leaves only aws:userid of the last session unknown',
    source: 'IAM User Guide, "IAM identifiers", "Unique identifiers"',
    path: () => podIdentitySession({ ...BINDING, targetRole: { arn: TARGET.arn, tags: [] }, disableSessionTags: true }),
    steps: [
      ...FIRST_UNTAGGED,
      ask('target role', 'sts:AssumeRole', TARGET.arn, UNTAGGED, { 'sts:RoleSessionName': NAME }),
      open('target role', sessionOf({ arn: TARGET.arn, id: '' }, NAME, { requestContext: {} }), {
        unknown: { 'aws:userid': '' },
      }),
    ],
  },
  {
    title: 'tags with long names exceed the packed size, so the target role is not asked',
    source: 'STS API Reference, AssumeRole, PackedPolicyTooLarge',
    path: () =>
      podIdentitySession({
        ...{ cluster: LONG_CLUSTER, role: ROLE, sessionId: SESSION_ID, targetRole: TARGET },
        subject: { namespace: LONG.slice(0, 63), serviceAccount: LONG, pod: { name: LONG, uid: '1d1a2b3c' } },
      }),
    steps: [
      ask('trust', 'sts:AssumeRole', ROLE.arn, PODS, LONG_CONTEXT),
      ask('trust', 'sts:TagSession', ROLE.arn, PODS, LONG_CONTEXT),
      open('trust', sessionOf(ROLE, LONG_NAME, { tags: tagged(LONG_TAGS) }), {
        ...{ packedSize: true, problem: 'Packed size of session tags consumes N% of allotted space.' },
      }),
    ],
  },
];
