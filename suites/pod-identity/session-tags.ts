/** Session tags of pods, and associations that disable them. */
import {
  allow,
  asSession,
  denied,
  fails,
  getObject,
  granted,
  podIdentityRole,
  succeeds,
  suite,
  trustPodIdentity,
} from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { TAGS_OF_PODS } from '../lib/sources.ts';
import { APP, readData } from '../lib/worlds.ts';

/** Objects, and the condition on a tag under which each may be read. */
const READABLE = [
  ['cluster-arn', 'StringEquals', 'eks-cluster-arn', '<cluster-arn:c1>'],
  ['cluster-name', 'StringEquals', 'eks-cluster-name', '<cluster:c1>'],
  ['namespace', 'StringEquals', 'kubernetes-namespace', '<namespace:app>'],
  ['service-account', 'StringEquals', 'kubernetes-service-account', 'app'],
  // The pod is not there yet when the policy is written: its name and UID are known by their form.
  ['pod-name', 'StringLike', 'kubernetes-pod-name', 'app-?'],
  ['pod-uid', 'StringLike', 'kubernetes-pod-uid', '????????-????-????-????-????????????'],
] as const;
const UNREADABLE = ['another', 'StringEquals', 'kubernetes-namespace', 'another'] as const;

suite('pod-identity', ({ scenario }) => {
  scenario('PI-18', 'each of the six session tags can be a condition', {
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

  scenario('PI-19', 'with session tags disabled a role need not trust sts:TagSession', {
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
    probes: [
      succeeds(asSession('app', getObject('data/key'))),
      fails(asSession('app', getObject('tagged/key')), NOT_ALLOWED),
    ],
  });
});
