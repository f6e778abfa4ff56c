/** What pods get by EKS Pod Identity: whose role, which session, and what it may do. */
import {
  allow,
  assumeRole,
  connect,
  control,
  createAssociation,
  deleteObject,
  deleteObjects,
  denied,
  fetchCredentials,
  getObject,
  getObjectTagging,
  granted,
  headBucket,
  headObject,
  listObjects,
  matching,
  podIdentityRole,
  putObject,
  readFile,
  refused,
  restartPod,
  suite,
  trustPodIdentity,
  trustRole,
  whoAmI,
} from '../harness/index.ts';
import { NOT_ALLOWED, NOT_INJECTED } from './lib/outcomes.ts';
import { readData } from './lib/worlds.ts';

const HOW_IT_GRANTS =
  'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" (considerations)';
const ABAC = 'Amazon EKS User Guide, "Grant pods access to AWS resources based on tags"';
const DENIAL_MESSAGES = 'IAM User Guide, "Troubleshoot access denied error messages"';

const TOKEN_FILE = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-01', 'an association grants what its role may do', {
    profile: 'core',
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
    roles: { app: podIdentityRole(readData, allow('s3:ListBucket', 'data')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [granted('app', getObject('data/key')), granted('app', listObjects('data'), { facts: { keys: 1 } })],
  });

  scenario('PI-02', 'a pod started without an association gets no credentials until it is started again', {
    profile: 'core',
    source: `${HOW_IT_GRANTS}; amazon-eks-pod-identity-webhook, pods are changed at admission alone`,
    roles: { app: podIdentityRole() },
    workloads: { app: {} },
    probes: [
      refused('app', whoAmI(), NOT_INJECTED),
      createAssociation('app', 'app'),
      refused('app', fetchCredentials(), NOT_INJECTED),
      restartPod('app'),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('PI-03', "a pod without an association that reaches instance metadata acts as the node's role", {
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management": restrict access to the instance profile assigned to the worker node',
    finding:
      "Pods that can reach instance metadata hold the node's role whenever they are given no role of their own: block the metadata service for pods (hop limit 1).",
    workloads: { app: { imds: 'reachable' } },
    probes: [granted('app', whoAmI(), { as: 'node' })],
  });

  scenario(
    'PI-03b',
    "whatever kept a pod from its settings, it acts as the node's role when it reaches instance metadata",
    {
      source: `${HOW_IT_GRANTS}; amazon-eks-pod-identity-webhook, README, annotation skip-containers`,
      finding:
        'A misspelt service account, a container that is skipped and a pod that is older than its association all end the same way: the pod runs, and is the node. Ask GetCallerIdentity, or look for the label eks.amazonaws.com/pod-identity.',
      roles: { app: podIdentityRole() },
      workloads: {
        app: { role: 'app', imds: 'reachable' },
        misspelt: { serviceAccount: 'apps', imds: 'reachable' },
        skipped: { role: 'app', imds: 'reachable', podAnnotations: { 'eks.amazonaws.com/skip-containers': 'probe' } },
        early: { serviceAccount: 'early', imds: 'reachable' },
      },
      probes: [
        control('app', whoAmI()),
        granted('misspelt', whoAmI(), { as: 'node' }),
        granted('skipped', whoAmI(), { as: 'node' }),
        createAssociation('early', 'app'),
        granted('early', whoAmI(), { as: 'node' }),
      ],
    },
  );

  scenario('PI-03c', "of what a pod's role may do, the role of its node may do nothing", {
    source:
      'IAM User Guide, "Policy evaluation logic": implicit deny; Amazon EKS User Guide, "Amazon EKS node IAM role"',
    // Of a cluster that was there before, nodes may have rights of their own.
    needs: ['own-cluster'],
    roles: {
      app: podIdentityRole(allow('s3:*', ['data', 'data/*']), allow('sts:AssumeRole', '<role:target>')),
      target: { trust: [trustRole('app')] },
    },
    workloads: { app: { role: 'app' }, plain: { serviceAccount: 'plain', imds: 'reachable' } },
    objects: ['data/key'],
    probes: [
      control('app', getObject('data/key')),
      control('plain', whoAmI(), { as: 'node' }),
      ...[
        ...[getObject, headObject, getObjectTagging, putObject, deleteObject].map((call) => call('data/key')),
        ...[listObjects('data'), headBucket('data')],
      ].map((call) => denied('plain', call, { as: 'node', by: 's3', code: 'AccessDenied', status: 403 })),
      granted('plain', deleteObjects('data', ['key']), { as: 'node', facts: { deleted: 0, refusals: 'AccessDenied' } }),
      denied('plain', assumeRole('target'), { as: 'node', by: 'sts', code: 'AccessDenied', status: 403 }),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('PI-04', 'another service account of the namespace gets no credentials', {
    profile: 'core',
    source: HOW_IT_GRANTS,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, other: { serviceAccount: 'other' } },
    probes: [control('app', fetchCredentials()), refused('other', fetchCredentials(), NOT_INJECTED)],
  });

  scenario('PI-05', 'the same service account name in another namespace gets no credentials', {
    profile: 'core',
    source: HOW_IT_GRANTS,
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, other: { namespace: 'other' } },
    probes: [control('app', fetchCredentials()), refused('other', fetchCredentials(), NOT_INJECTED)],
  });

  scenario('PI-06', 'an association may come before its namespace and service account', {
    source: 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": neither needs to exist',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', associationFirst: true } },
    probes: [granted('app', fetchCredentials())],
  });

  scenario('PI-07', 'a role that may read may not write', {
    profile: 'core',
    source: DENIAL_MESSAGES,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [granted('app', getObject('data/key')), denied('app', putObject('data/new'), NOT_ALLOWED)],
  });

  scenario('PI-08', 'a role that may read objects may not list the bucket', {
    source: 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"',
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [control('app', getObject('data/key')), denied('app', listObjects('data'), NOT_ALLOWED)],
  });

  scenario('PI-09', 'a role for one bucket opens no other', {
    source: DENIAL_MESSAGES,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key', 'others/key'],
    probes: [control('app', getObject('data/key')), denied('app', getObject('others/key'), NOT_ALLOWED)],
  });

  scenario('PI-16', 'the session belongs to the associated role and is named after cluster and pod', {
    profile: 'core',
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser: eks-clusterName-podName-UUID',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    // Names are cut, to a length that is not documented.
    probes: [
      granted('app', whoAmI(), {
        facts: { sessionName: matching(/^eks-.+-app-1-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) },
      }),
    ],
  });

  scenario('PI-17', 'replicas share the role, each with a session of its own', {
    source:
      'EKS Auth API Reference, AssumeRoleForPodIdentity, assumedRoleUser: the session name has the pod name and a random UUID',
    roles: { app: podIdentityRole() },
    workloads: { one: { role: 'app' }, two: { role: 'app' } },
    probes: [
      granted('one', whoAmI(), { facts: { sessionName: matching(/-<pod:one>-[0-9a-f-]{36}$/) } }),
      granted('two', whoAmI(), { facts: { sessionName: matching(/-<pod:two>-[0-9a-f-]{36}$/) } }),
    ],
  });

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

  scenario('PI-20', "an association's policy narrows what the role may do", {
    profile: 'core',
    source: 'Amazon EKS API Reference, CreatePodIdentityAssociation, policy: the intersection of both policies',
    roles: { app: podIdentityRole(readData) },
    workloads: {
      app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:*', 'data/a/*')] } },
    },
    objects: ['data/a/key', 'data/b/key'],
    probes: [
      granted('app', getObject('data/a/key')),
      denied('app', getObject('data/b/key'), {
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        policy: 'session',
        explicit: false,
      }),
      // The policy grants nothing by itself: the role may not write.
      denied('app', putObject('data/a/new'), NOT_ALLOWED),
    ],
  });

  scenario('PI-26', 'a container that does not run as root can read its token', {
    source: 'Kubernetes documentation, "Projected Volumes": ownership and permissions of service account tokens',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', runAsUser: 65534 } },
    probes: [
      granted('app', fetchCredentials()),
      // Nobody else's: all containers of the pod run as that user.
      granted('app', readFile(TOKEN_FILE), { facts: { mode: '0600' } }),
    ],
  });

  scenario('PI-26b', 'a container that does not run as root can read its token where volumes belong to a group', {
    source: 'Kubernetes documentation, "Configure a Security Context for a Pod or Container", fsGroup',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app', runAsUser: 65534, fsGroup: 2000 } },
    probes: [granted('app', fetchCredentials()), granted('app', readFile(TOKEN_FILE), { facts: { mode: '0640' } })],
  });

  scenario('PI-30', 'the agent is at 169.254.170.23, for every pod of the node', {
    source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" (considerations)',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      granted('app', connect('agent')),
      granted('app', fetchCredentials({ via: 'ipv4' }), { facts: { contentType: 'application/json' } }),
    ],
  });
});

function tagEquals(tag: string, value: string): { StringEquals: Record<string, string> } {
  return { StringEquals: { [`aws:PrincipalTag/${tag}`]: value } };
}

function tagLike(tag: string, pattern: string): { StringLike: Record<string, string> } {
  return { StringLike: { [`aws:PrincipalTag/${tag}`]: pattern } };
}
