/** Session tags of pods, and associations that disable them. */
import { allow, denied, getObject, granted, podIdentityRole, suite, trustPodIdentity } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { readData } from '../lib/worlds.ts';

const ABAC = 'Amazon EKS User Guide, "Grant pods access to AWS resources based on tags"';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-18', 'each of the six session tags can be a condition', {
    profile: 'core',
    source: ABAC,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/cluster-arn', tagEquals('eks-cluster-arn', '<cluster-arn:c1>')),
        allow('s3:GetObject', 'data/cluster-name', tagEquals('eks-cluster-name', '<cluster:c1>')),
        allow('s3:GetObject', 'data/namespace', tagEquals('kubernetes-namespace', '<namespace:app>')),
        allow('s3:GetObject', 'data/service-account', tagEquals('kubernetes-service-account', 'app')),
        // The pod is not there yet when the policy is written: its name and uid are known by their form.
        allow('s3:GetObject', 'data/pod-name', tagLike('kubernetes-pod-name', 'app-?')),
        allow('s3:GetObject', 'data/pod-uid', tagLike('kubernetes-pod-uid', '????????-????-????-????-????????????')),
        allow('s3:GetObject', 'data/another', tagEquals('kubernetes-namespace', 'another')),
      ),
    },
    workloads: { app: { role: 'app' } },
    objects: ['cluster-arn', 'cluster-name', 'namespace', 'service-account', 'pod-name', 'pod-uid', 'another'].map(
      (key) => `data/${key}`,
    ),
    probes: [
      granted('app', getObject('data/cluster-arn')),
      granted('app', getObject('data/cluster-name')),
      granted('app', getObject('data/namespace')),
      granted('app', getObject('data/service-account')),
      granted('app', getObject('data/pod-name')),
      granted('app', getObject('data/pod-uid')),
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
    probes: [granted('app', getObject('data/key')), denied('app', getObject('tagged/key'), NOT_ALLOWED)],
  });
});

function tagEquals(tag: string, value: string): { StringEquals: Record<string, string> } {
  return { StringEquals: { [`aws:PrincipalTag/${tag}`]: value } };
}

function tagLike(tag: string, pattern: string): { StringLike: Record<string, string> } {
  return { StringLike: { [`aws:PrincipalTag/${tag}`]: pattern } };
}
