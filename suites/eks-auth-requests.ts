/** Which requests EKS Auth answers: of which cluster, with which text for a token, by whom, and for which names. */
import {
  allow,
  askEksAuth,
  asSession,
  createAssociationFor,
  fails,
  fetchCredentials,
  getObject,
  granted,
  irsaRole,
  listAssociations,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  tagResource,
  tokenRotation,
  trustPodIdentity,
  type Conditions,
  type RoleSpec,
} from '../harness/index.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from './lib/signing-keys.ts';
import { EKS_AUTH, TAGS_OF_PODS } from './lib/sources.ts';
import { APP } from './lib/worlds.ts';

/** Which of its errors a bad token is, the API Reference does not say. */
const BAD_TOKEN = {
  by: 'eks-auth',
  code: ['InvalidTokenException', 'InvalidParameterException', 'InvalidRequestException', 'AccessDeniedException'],
  status: 400,
} as const;

const SESSION_TAGS = [
  ...['eks-cluster-arn', 'eks-cluster-name', 'kubernetes-namespace', 'kubernetes-service-account'],
  ...['kubernetes-pod-name', 'kubernetes-pod-uid'],
];
const principalTag = (key: string, value: string): Conditions => ({
  StringEquals: { [`aws:PrincipalTag/${key}`]: value },
});
const tagKeysAmong = (...keys: readonly string[]): Conditions => ({
  'ForAllValues:StringEquals': { 'aws:TagKeys': [...keys] },
});

/** Of a service account, as long as it may be, and of letters that no packing makes short. */
const LONG_NAME = Array.from({ length: 253 }, (_, at) => ((at * at * 104_729 + at * 7919) % 36).toString(36)).join('');
const OF_CLUSTERS = ['eks-auth:AssumeRoleForPodIdentity', 'eks:ListPodIdentityAssociations'];
const clusterTag = (value: string): Conditions => ({ StringEquals: { 'aws:ResourceTag/conformance-ea-14': value } });

suite('eks-auth', ({ scenario }) => {
  scenario('EA-13', 'who names no cluster of the account, or presents no token, gets no session', {
    source: `${EKS_AUTH}, clusterName, token and errors`,
    roles: { app: podIdentityRole() },
    workloads: APP,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { clusterName: '<cluster:c1>-absent' }), {
        by: 'eks-auth',
        code: 'ResourceNotFoundException',
        status: 404,
      }),
      // Not of the pattern that the API Reference gives.
      fails(askEksAuth('app', { clusterName: '<cluster:c1>.' }), {
        by: 'eks-auth',
        code: ['InvalidParameterException', 'InvalidRequestException'],
        status: 400,
      }),
      ...['', 'token', 'a.b', 'a.b.c', 'bm90.YW55.dG9rZW4'].map((text) =>
        fails(askEksAuth('app', { text }), BAD_TOKEN),
      ),
      fails(askEksAuth('app', { change: 'two-segments' }), BAD_TOKEN),
      fails(askEksAuth('app', { change: 'garbage-header' }), BAD_TOKEN),
      fails(askEksAuth('app', { change: 'garbage-claims' }), BAD_TOKEN),
    ],
  });

  scenario('EA-14', 'who asks EKS Auth or EKS may be limited to clusters that have a tag', {
    source:
      'Service Authorization Reference, Amazon EKS Auth and Amazon EKS, resource type cluster: aws:ResourceTag/${TagKey}',
    needs: ['own-cluster'],
    roles: {
      app: podIdentityRole(),
      red: irsaRole('app/node', allow(OF_CLUSTERS, '*', clusterTag('red'))),
      blue: irsaRole('app/node', allow(OF_CLUSTERS, '*', clusterTag('blue'))),
    },
    workloads: { app: { role: 'app' }, node: { serviceAccount: 'node' } },
    tokens: { node: { serviceAccount: 'app/node', audience: 'sts.amazonaws.com' } },
    probes: [
      succeeds(tagResource('<cluster-arn:c1>', { 'conformance-ea-14': 'red' })),
      succeeds(askEksAuth('app', { as: { role: 'red', token: 'node' } }), { roleArn: '<role:app>' }),
      fails(askEksAuth('app', { as: { role: 'blue', token: 'node' } }), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
      }),
      succeeds(listAssociations({ namespace: 'app', as: { role: 'red', token: 'node' } }), { count: 1 }),
      fails(listAssociations({ namespace: 'app', as: { role: 'blue', token: 'node' } }), {
        by: 'eks',
        code: 'AccessDeniedException',
        status: 403,
      }),
    ],
  });

  scenario('EA-17', "a token by the cluster's next key opens a session", {
    source: `${EKS_AUTH}, token; ${SIGNING_KEYS}`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '600' } } },
    probes: [
      granted('app', fetchCredentials()),
      toLastHourOfKey(),
      toNextKey(),
      granted('app', tokenRotation('pod-identity', 10)),
      refused('app', fetchCredentials({ change: 'flip-signature' }), { by: 'eks-auth', status: 400 }),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('EA-18', 'a session has six tags: none of those that the association has, nor others', {
    source: `${TAGS_OF_PODS}; Amazon EKS API Reference, CreatePodIdentityAssociation, tags`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/own', principalTag('kubernetes-namespace', '<namespace:app>')),
        allow('s3:GetObject', 'data/tagged', principalTag('conformance-team', 'red')),
      ),
      six: { trust: [trustPodIdentity({ conditions: tagKeysAmong(...SESSION_TAGS) })] },
      five: { trust: [trustPodIdentity({ conditions: tagKeysAmong(...SESSION_TAGS.slice(1)) })] },
    },
    workloads: {
      app: {},
      six: { serviceAccount: 'six', role: 'six' },
      five: { serviceAccount: 'five', role: 'five' },
    },
    objects: ['data/own', 'data/tagged'],
    probes: [
      succeeds(createAssociationFor('app/app', { role: 'app' }, { tags: { 'conformance-team': 'red' } })),
      succeeds(asSession('app', getObject('data/own'))),
      fails(asSession('app', getObject('data/tagged')), { by: 's3', code: 'AccessDenied', status: 403 }),
      succeeds(askEksAuth('six'), { roleArn: '<role:six>' }),
      fails(askEksAuth('five'), { by: 'eks-auth', code: 'AccessDeniedException', status: 400 }),
    ],
  });

  const service = (key: string, value: string): RoleSpec => ({
    trust: [trustPodIdentity({ conditions: { StringEquals: { [key]: value } } })],
  });

  scenario('EA-16', 'a trust policy may ask which service of AWS acts, and under which name of a session', {
    source:
      'IAM User Guide, "AWS global condition context keys": aws:PrincipalIsAWSService, aws:PrincipalServiceName; "IAM and AWS STS condition context keys": sts:RoleSessionName',
    roles: {
      service: service('aws:PrincipalServiceName', 'pods.eks.amazonaws.com'),
      another: service('aws:PrincipalServiceName', 'ec2.amazonaws.com'),
      aws: service('aws:PrincipalIsAWSService', 'true'),
      nobody: service('aws:PrincipalIsAWSService', 'false'),
      named: { trust: [trustPodIdentity({ conditions: { StringLike: { 'sts:RoleSessionName': 'eks-*' } } })] },
      unnamed: { trust: [trustPodIdentity({ conditions: { StringNotLike: { 'sts:RoleSessionName': 'eks-*' } } })] },
    },
    workloads: Object.fromEntries(
      ['service', 'another', 'aws', 'nobody', 'named', 'unnamed'].map((role) => [role, { serviceAccount: role, role }]),
    ),
    probes: [
      ...['service', 'aws', 'named'].map((role) => succeeds(askEksAuth(role), { roleArn: `<role:${role}>` })),
      ...['another', 'nobody', 'unnamed'].map((role) =>
        fails(askEksAuth(role), { by: 'eks-auth', code: 'AccessDeniedException', status: 400 }),
      ),
    ],
  });

  scenario('EA-15', 'names that are too long for session tags give no session until tags are turned off', {
    source:
      'Amazon EKS User Guide, "Grant Pods access to AWS resources based on tags": PackedPolicyTooLarge, and to disable session tags',
    roles: { app: podIdentityRole() },
    workloads: {
      app: APP.app,
      long: { serviceAccount: LONG_NAME, role: 'app' },
      untagged: { serviceAccount: `un${LONG_NAME}`.slice(0, 253), role: { role: 'app', disableSessionTags: true } },
    },
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      fails(askEksAuth('long'), {
        ...{ by: 'eks-auth', status: 400, message: 'PackedPolicyTooLarge' },
        // Which of its errors it is, the API Reference does not say.
        code: ['InvalidRequestException', 'InvalidParameterException', 'AccessDeniedException'],
      }),
      succeeds(askEksAuth('untagged'), { roleArn: '<role:app>' }),
    ],
  });
});
