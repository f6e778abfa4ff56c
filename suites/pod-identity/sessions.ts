/** Sessions of pods: their tags, their names, and associations that disable tags. */
import {
  allow,
  denied,
  getObject,
  granted,
  matching,
  podIdentityRole,
  suite,
  trustPodIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { EKS_AUTH, TAGS_OF_PODS } from '../lib/sources.ts';
import { APP, ASSOCIATED, readData } from '../lib/worlds.ts';

/** Objects, each with the tag condition for reading it. */
const READABLE = [
  ['cluster-arn', 'StringEquals', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['cluster-name', 'StringEquals', 'eks-cluster-name', '<cluster:c1>'],
  ['namespace', 'StringEquals', 'kubernetes-namespace', '<namespace:app>'],
  ['service-account', 'StringEquals', 'kubernetes-service-account', 'app'],
  // The pod does not exist when the policy is written, so the conditions match the form of its name and UID.
  ['pod-name', 'StringLike', 'kubernetes-pod-name', 'app-?'],
  ['pod-uid', 'StringLike', 'kubernetes-pod-uid', '????????-????-????-????-????????????'],
] as const;
const UNREADABLE = ['another', 'StringEquals', 'kubernetes-namespace', 'another'] as const;

suite('pod-identity', ({ scenario }) => {
  scenario('PI-18', 'policies can have conditions on each of the six session tags', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: {
      app: podIdentityRole(
        ...[...READABLE, UNREADABLE].map(([key, operator, tag, value]) =>
          allow('s3:GetObject', `data/${key}`, { [operator]: { [`aws:PrincipalTag/${tag}`]: value } }),
        ),
      ),
    },
    workloads: APP,
    objects: [...READABLE, UNREADABLE].map(([key]) => `data/${key}`),
    probes: [
      ...READABLE.map(([key]) => granted('app', getObject(`data/${key}`))),
      denied('app', getObject('data/another'), NOT_ALLOWED),
    ],
  });

  scenario('PI-19', 'a role need not trust sts:TagSession if session tags are disabled', {
    profile: 'core',
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, disableSessionTags',
    roles: {
      app: {
        trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })],
        permissions: [
          readData,
          allow('s3:GetObject', 'tagged/*', { Null: { 'aws:PrincipalTag/kubernetes-namespace': 'false' } }),
        ],
      },
    },
    workloads: { app: { role: { role: 'app', disableSessionTags: true } } },
    objects: ['data/key', 'tagged/key'],
    probes: [may('app', getObject('data/key')), mayNot('app', getObject('tagged/key'), NOT_ALLOWED)],
  });

  scenario('PI-16', 'the session belongs to the associated role and is named after cluster and pod', {
    profile: 'core',
    source: `${EKS_AUTH}, assumedRoleUser: eks-clusterName-podName-UUID`,
    ...ASSOCIATED,
    // Names are truncated to an undocumented length.
    probes: [
      granted('app', whoAmI(), {
        facts: { sessionName: matching(/^eks-.+-app-1-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
      }),
    ],
  });

  scenario('PI-17', 'replicas share a role, but each has its own session', {
    source: `${EKS_AUTH}, assumedRoleUser: the session name has the pod name and a random UUID`,
    roles: ASSOCIATED.roles,
    workloads: { one: { role: 'app' }, two: { role: 'app' } },
    probes: ['one', 'two'].map((pod) =>
      granted(pod, whoAmI(), { facts: { sessionName: matching(new RegExp(`-<pod:${pod}>-[0-9a-f-]{36}$`)) } }),
    ),
  });
});
