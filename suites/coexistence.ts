import {
  admitPod,
  allow,
  annotateServiceAccount,
  assumeWithWebIdentity,
  control,
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
} from '../harness/index.ts';
import { NO_ASSOCIATION } from './lib/outcomes.ts';

const WEBHOOK = 'amazon-eks-pod-identity-webhook, mutation of pods: the association is looked up before the annotation';
const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity works"';
const SDK_CHAIN = 'AWS SDK for JavaScript, default credential provider chain for Node.js';
const RUNNING_PODS = 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": recreate the pods';
const AGENT_REFUSES = 'EKS Auth API Reference, AssumeRoleForPodIdentity, errors';

/** A role for each way, for the service account `app` in namespace `app`. */
const ROLES = { associated: podIdentityRole(), annotated: irsaRole('app/app') } as const;

/** The role of the annotation by the SDK's chain, and nothing of Pod Identity in the pod. */
const usesIrsa = (workload: string) => [
  granted(workload, whoAmI(), { as: 'annotated' }),
  refused(workload, fetchCredentials(), { by: 'injection', code: 'NoCredentialsSettings' }),
];

/** The pod runs with the settings of Pod Identity, and has not yet been given credentials for its own token. */
const hasAskedNothingYet = (workload: string) =>
  refused(workload, fetchCredentials({ token: noToken }), { by: 'agent', code: '400' });

suite('coexistence', ({ scenario }) => {
  scenario('CO-01', 'a new pod of a service account with both gets Pod Identity alone', {
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

  scenario('CO-02', 'a running IRSA pod keeps its role when an association comes', {
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
      // The association is there for the next pod.
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
    ],
  });

  scenario('CO-03', 'the next pod has the role of the association', {
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

  scenario('CO-04', 'the next pod after the association was deleted is back at IRSA', {
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
    source: `${AGENT_REFUSES}; settings are injected at admission alone`,
    needs: ['irsa'],
    roles: ROLES,
    workloads: {
      app: { role: 'associated', irsa: 'annotated' },
      // Another pod of the same service account shows that the association gave credentials. Were it the same pod, the
      // agent would go on answering it with those that it holds.
      witness: { role: 'associated', irsa: 'annotated' },
    },
    probes: [
      hasAskedNothingYet('app'),
      control('witness', fetchCredentials()),
      deleteAssociation('app'),
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-06', 'two service accounts of a namespace, one of each kind, keep to their own', {
    source: `${OVERVIEW}; "Assign IAM roles to Kubernetes service accounts"`,
    needs: ['irsa'],
    roles: {
      pod: podIdentityRole(allow('s3:GetObject', 'data/pod/*')),
      web: irsaRole('app/web', allow('s3:GetObject', 'data/web/*')),
    },
    workloads: { pod: { serviceAccount: 'pod', role: 'pod' }, web: { serviceAccount: 'web', irsa: 'web' } },
    objects: ['data/pod/key', 'data/web/key'],
    probes: [
      granted('pod', getObject('data/pod/key')),
      denied('pod', getObject('data/web/key'), { by: 's3', code: 'AccessDenied', status: 403, policy: 'identity' }),
      granted('web', getObject('data/web/key')),
      denied('web', getObject('data/pod/key'), { by: 's3', code: 'AccessDenied', status: 403, policy: 'identity' }),
    ],
  });

  scenario('CO-07', 'web identity settings written into the pod beat those of Pod Identity', {
    profile: 'core',
    source: `${SDK_CHAIN}: web identity comes before container credentials`,
    finding:
      'A pod that sets AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE itself keeps using that role; its association has no effect.',
    needs: ['irsa'],
    roles: ROLES,
    workloads: {
      app: {
        role: 'associated',
        env: {
          AWS_ROLE_ARN: '<role:annotated>',
          AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/conformance/tokens/web-identity',
        },
      },
    },
    tokens: { 'web-identity': { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      granted('app', whoAmI(), { as: 'annotated' }),
      // Pod Identity was injected all the same, and works.
      granted('app', fetchCredentials()),
    ],
  });

  scenario('CO-08', 'access keys in the environment beat Pod Identity', {
    // These keys are nobody's: that STS knows nothing of them shows that the SDK took them, without real keys in a pod.
    source: `${SDK_CHAIN}: environment variables come first; ${OVERVIEW}`,
    finding:
      'A pod with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY uses them; its association has no effect until they are removed.',
    roles: { app: podIdentityRole() },
    workloads: {
      app: {
        role: 'app',
        env: { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'nobodys-secret-access-key' },
      },
    },
    probes: [
      control('app', fetchCredentials()),
      refused('app', whoAmI(), { by: 'sts', code: 'InvalidClientTokenId', status: 403 }),
    ],
  });

  scenario('CO-09', 'a pod that was started ahead of its association meets what its annotation leads to', {
    // The annotation is left over from an account that has no OIDC provider for this cluster.
    source: `${WEBHOOK}; AWS STS API Reference, AssumeRoleWithWebIdentity, InvalidIdentityToken`,
    finding:
      'A pod that starts before its association has reached the webhook gets the settings of a left-over role-arn annotation for its whole life: remove the annotation, or start pods after the association.',
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
      refused('app', assumeWithWebIdentity('elsewhere'), { by: 'sts', code: 'InvalidIdentityToken', status: 400 }),
      createAssociation('app', 'associated'),
      restartPod('app'),
      granted('app', whoAmI(), { as: 'associated' }),
    ],
  });

  scenario('CO-10', 'one role serves both ways, and only Pod Identity brings tags', {
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
    objects: ['data/open/key', 'data/<namespace:app>/key'],
    probes: [
      granted('pod', getObject('data/open/key')),
      granted('pod', getObject('data/<namespace:app>/key')),
      granted('web', getObject('data/open/key')),
      denied('web', getObject('data/<namespace:app>/key'), { by: 's3', code: 'AccessDenied', policy: 'identity' }),
    ],
  });

  scenario('CO-11', "the service account's token-expiration counts in both ways", {
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

  scenario('CO-13', "the SDK's chain does not fall back to the node's role when the agent refuses", {
    profile: 'core',
    source: `${SDK_CHAIN}: with AWS_CONTAINER_CREDENTIALS_FULL_URI set, instance metadata is not asked`,
    needs: ['imds'],
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app', imds: 'reachable' },
      plain: { serviceAccount: 'plain', imds: 'reachable' },
    },
    probes: [
      // A pod without an association does get the node's role here, so that it could be fallen back to.
      control('plain', whoAmI(), { as: 'node' }),
      hasAskedNothingYet('app'),
      deleteAssociation('app'),
      // No later provider of the chain is tried.
      refused('app', whoAmI(), NO_ASSOCIATION),
    ],
  });

  scenario('CO-14', "the SDK's chain does not fall back to the node's role when STS refuses", {
    source: `${SDK_CHAIN}: with AWS_WEB_IDENTITY_TOKEN_FILE set, instance metadata is not asked; AWS STS API Reference, AssumeRoleWithWebIdentity`,
    needs: ['irsa', 'imds'],
    roles: { annotated: irsaRole('app/other') },
    workloads: {
      app: { irsa: 'annotated', imds: 'reachable' },
      plain: { serviceAccount: 'plain', imds: 'reachable' },
    },
    probes: [
      control('plain', whoAmI(), { as: 'node' }),
      refused('app', whoAmI(), { by: 'sts', code: 'AccessDenied', status: 403 }),
    ],
  });
});
