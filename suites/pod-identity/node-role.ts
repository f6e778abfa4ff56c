/** Pods and their node's role: when a pod falls back to it, and which permission a node needs. */
import {
  admitPod,
  allow,
  askEksAuth,
  asSession,
  assumeRole,
  control,
  controlSucceeds,
  createAssociation,
  deleteObject,
  deleteObjects,
  denied,
  denyNode,
  fetchCredentials,
  getObject,
  getObjectTagging,
  granted,
  headBucket,
  headObject,
  listObjects,
  podIdentityRole,
  putObject,
  refused,
  startPod,
  stopAgent,
  succeeds,
  suite,
  trustRole,
  whoAmI,
} from '../../harness/index.ts';
import { DENIED_ELSEWHERE, NOT_ASSUMED } from '../lib/outcomes.ts';
import { HOW_IT_GRANTS } from '../lib/sources.ts';

suite('pod-identity', ({ scenario }) => {
  scenario('PI-29', "a pod without an agent gets neither credentials nor the node's role", {
    source:
      'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; AWS SDKs and Tools Reference Guide, "Container credential provider"',
    roles: { app: podIdentityRole() },
    keywords: ['IMDS', 'hop limit'],
    workloads: { app: { role: 'app', imds: 'reachable', starts: 'later' } },
    probes: [
      succeeds(askEksAuth('app')),
      stopAgent(),
      startPod('app'),
      refused('app', whoAmI(), { by: 'agent', message: 'cannot be reached' }),
    ],
  });

  scenario('PI-25', 'pods on a node without eks-auth:AssumeRoleForPodIdentity get no credentials', {
    source: 'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent": permissions of the node role',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, late: { role: 'app', starts: 'later' } },
    probes: [
      control('app', fetchCredentials()),
      denyNode('eks-auth:AssumeRoleForPodIdentity'),
      // Another pod, because the agent has cached the first pod's credentials. The status, 400 or 403, is not documented.
      startPod('late'),
      refused('late', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException' }),
    ],
  });

  scenario('PI-03', "a pod without an association that reaches instance metadata acts as the node's role", {
    source:
      'Amazon EKS Best Practices Guide, "Identity and Access Management": restrict access to the instance profile assigned to the worker node',
    finding:
      "Pods that can reach instance metadata use the node's role whenever they get no role of their own. Block the metadata service for pods (hop limit 1).",
    keywords: ['IMDS'],
    workloads: { app: { imds: 'reachable' } },
    probes: [granted('app', whoAmI(), { as: 'node' })],
  });

  scenario('PI-03b', "a pod that lacks its settings acts as the node's role if it reaches instance metadata", {
    source: `${HOW_IT_GRANTS}; amazon-eks-pod-identity-webhook, README, annotation skip-containers`,
    finding:
      "A misspelled service account, a skipped container and a pod older than its association have the same effect: the pod runs with the node's role. Call GetCallerIdentity, or check the label eks.amazonaws.com/pod-identity.",
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      misspelt: { serviceAccount: 'apps' },
      skipped: { role: 'app', imds: 'reachable', podAnnotations: { 'eks.amazonaws.com/skip-containers': 'probe' } },
      early: { serviceAccount: 'early', imds: 'reachable' },
    },
    probes: [
      controlSucceeds(askEksAuth('app')),
      // Behaves like the pod of PI-03.
      succeeds(admitPod('misspelt'), { injected: 'none' }),
      granted('skipped', whoAmI(), { as: 'node' }),
      createAssociation('early', 'app'),
      granted('early', whoAmI(), { as: 'node' }),
    ],
  });

  scenario('PI-03c', "the node's role has none of the permissions of a pod's role", {
    source:
      'IAM User Guide, "Policy evaluation logic": implicit deny; Amazon EKS User Guide, "Amazon EKS node IAM role"',
    // Nodes of an existing cluster may have further permissions.
    needs: ['own-cluster'],
    roles: {
      app: podIdentityRole(allow('s3:*', ['data', 'data/*']), allow('sts:AssumeRole', '<role:target>')),
      target: { trust: [trustRole('app')] },
    },
    workloads: { app: { role: 'app' }, plain: { serviceAccount: 'plain', imds: 'reachable' } },
    objects: ['data/key'],
    probes: [
      controlSucceeds(asSession('app', getObject('data/key'))),
      control('plain', whoAmI(), { as: 'node' }),
      ...[
        getObject('data/key'),
        headObject('data/key'),
        getObjectTagging('data/key'),
        putObject('data/key'),
        deleteObject('data/key'),
        listObjects('data'),
        headBucket('data'),
      ].map((call) => denied('plain', call, { ...DENIED_ELSEWHERE, as: 'node' })),
      granted('plain', deleteObjects('data', ['key']), { as: 'node', facts: { deleted: 0, refusals: 'AccessDenied' } }),
      denied('plain', assumeRole('target'), { ...NOT_ASSUMED, as: 'node' }),
      succeeds(asSession('app', getObject('data/key'))),
    ],
  });
});
