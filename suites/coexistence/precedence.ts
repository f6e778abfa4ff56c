/** Which role a pod has with Pod Identity, IRSA or both, and after one of them is added or removed. */
import {
  admitPod,
  allow,
  annotateServiceAccount,
  askEksAuth,
  assumeWithWebIdentity,
  controlSucceeds,
  createAssociation,
  deleteAssociation,
  denied,
  fetchCredentials,
  getObject,
  granted,
  irsaRole,
  noToken,
  podIdentityRole,
  refused,
  restartPod,
  startPod,
  succeeds,
  suite,
  trustPodIdentity,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { BAD_WEB_TOKEN, NO_ASSOCIATION, NOT_ALLOWED, NOT_INJECTED } from '../lib/outcomes.ts';
import { WEB } from '../lib/worlds.ts';

const WEBHOOK = 'amazon-eks-pod-identity-webhook, mutation of pods: the association is looked up before the annotation';
const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity works"';
const RUNNING_PODS = 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": recreate the pods';
/** Roles for Pod Identity and for IRSA, for service account `app` in namespace `app`. */
const ROLES = { associated: podIdentityRole(), annotated: irsaRole('app/app') } as const;
/** The SDK uses the role of the annotation, and the pod has no Pod Identity settings. */
const usesIrsa = (workload: string) => [
  granted(workload, whoAmI(), { as: 'annotated' }),
  refused(workload, fetchCredentials(), NOT_INJECTED),
];

suite('coexistence', ({ scenario }) => {
  scenario('CO-01', 'a new pod of a service account with both gets only Pod Identity', {
    profile: 'core',
    source: WEBHOOK,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { role: 'associated', irsa: 'annotated' } },
    probes: [
      granted('app', whoAmI(), { as: 'associated' }),
      succeeds(admitPod('app'), { injected: 'pod-identity', 'irsaVolume.present': false }),
    ],
  });

  scenario('CO-06', 'service accounts with Pod Identity and with IRSA have separate roles in one namespace', {
    source: `${OVERVIEW}; "Assign IAM roles to Kubernetes service accounts"`,
    needs: ['irsa'],
    roles: {
      pod: podIdentityRole(allow('s3:GetObject', 'data/pod/*')),
      web: irsaRole('app/web', allow('s3:GetObject', 'data/web/*')),
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'pod' }, web: { serviceAccount: 'web', irsa: 'web' } },
    objects: ['data/pod/key', 'data/web/key'],
    probes: [
      may('pod', getObject('data/pod/key')),
      mayNot('pod', getObject('data/web/key'), NOT_ALLOWED),
      granted('web', getObject('data/web/key')),
      denied('web', getObject('data/pod/key'), NOT_ALLOWED),
    ],
  });

  scenario('CO-10', 'one role can serve Pod Identity and IRSA, and only Pod Identity sets session tags', {
    source:
      'Amazon EKS User Guide, "Grant Kubernetes workloads access to AWS using Kubernetes Service Accounts", comparison',
    needs: ['irsa'],
    roles: {
      app: {
        trust: [trustPodIdentity(), trustWebIdentity({ subject: 'app/web' })],
        permissions: [
          allow('s3:GetObject', 'data/open/*'),
          allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*'),
        ],
      },
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'app' }, web: { serviceAccount: 'web', irsa: 'app' } },
    tokens: { web: { serviceAccount: 'app/web', audience: 'sts.amazonaws.com' } },
    objects: ['data/open/key', 'data/<namespace:app>/key'],
    probes: [
      may('pod', getObject('data/open/key')),
      may('pod', getObject('data/<namespace:app>/key')),
      may(WEB, getObject('data/open/key')),
      mayNot(WEB, getObject('data/<namespace:app>/key'), NOT_ALLOWED),
    ],
  });

  scenario('CO-11', "a service account's token-expiration annotation applies to Pod Identity and IRSA", {
    source: 'amazon-eks-pod-identity-webhook, README, service account annotations',
    roles: ROLES,
    workloads: {
      app: { role: 'associated', irsa: 'annotated', serviceAccountAnnotations: { 'token-expiration': '7200' } },
      web: { serviceAccount: 'web', irsa: 'annotated', serviceAccountAnnotations: { 'token-expiration': '7200' } },
    },
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity', 'podIdentityVolume.expirationSeconds': 7200 }),
      succeeds(admitPod('web'), { injected: 'irsa', 'irsaVolume.expirationSeconds': 7200 }),
      annotateServiceAccount('app', { 'token-expiration': null }),
      succeeds(admitPod('app'), {
        injected: 'pod-identity',
        'podIdentityVolume.expirationSeconds': { between: [79_200, 86_400] },
      }),
    ],
  });

  scenario('CO-02', 'a running IRSA pod keeps its role when its service account gets an association', {
    profile: 'core',
    source: RUNNING_PODS,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { irsa: 'annotated' } },
    probes: [
      ...usesIrsa('app'),
      createAssociation('app', 'associated'),
      ...usesIrsa('app'),
      granted('app', assumeWithWebIdentity('annotated')),
      // The association applies to the next pod.
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
    ],
  });

  scenario('CO-03', 'a new pod uses a new association instead of IRSA', {
    source: WEBHOOK,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { irsa: 'annotated', starts: 'later' } },
    probes: [
      controlSucceeds(admitPod('app'), { injected: 'irsa' }),
      createAssociation('app', 'associated'),
      startPod('app'),
      granted('app', whoAmI(), { as: 'associated' }),
    ],
  });

  scenario('CO-04', 'a new pod uses IRSA again after the deletion of the association', {
    source: WEBHOOK,
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { role: 'associated', irsa: 'annotated', starts: 'later' } },
    probes: [
      controlSucceeds(admitPod('app'), { injected: 'pod-identity' }),
      deleteAssociation('app'),
      startPod('app'),
      ...usesIrsa('app'),
    ],
  });

  scenario('CO-05', 'a running pod whose association was deleted does not fall back to IRSA', {
    source: 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors; settings are injected only at admission',
    needs: ['irsa'],
    roles: ROLES,
    workloads: { app: { role: 'associated', irsa: 'annotated' } },
    probes: [
      // The pod has its settings, but the agent has no credentials for it yet.
      refused('app', fetchCredentials({ token: noToken }), { by: 'agent', code: '400' }),
      controlSucceeds(askEksAuth('app')),
      deleteAssociation('app'),
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-09', 'a pod started before its association uses the role of its annotation', {
    keywords: ['migration', 'restart'],
    // The annotation is left over from an account that has no OIDC provider for this cluster.
    source: `${WEBHOOK}; AWS STS API Reference, AssumeRoleWithWebIdentity, InvalidIdentityToken`,
    finding:
      'A pod that starts before the webhook knows its association keeps the settings of a leftover role-arn annotation until it is recreated. Remove the annotation, or start pods after the association.',
    needs: ['irsa', 'two-clusters', 'two-accounts'],
    roles: {
      associated: podIdentityRole(),
      elsewhere: {
        account: 'other',
        trust: [trustWebIdentity({ cluster: 'c2', account: 'other', subject: 'app/app' })],
      },
    },
    workloads: { app: { cluster: 'c2', irsa: 'elsewhere' } },
    probes: [
      refused('app', assumeWithWebIdentity('elsewhere'), BAD_WEB_TOKEN),
      createAssociation('app', 'associated'),
      restartPod('app'),
      granted('app', whoAmI(), { as: 'associated' }),
    ],
  });
});
