/** Which credentials a pod uses if it has settings of Pod Identity, of IRSA, or access keys. */
import {
  admitPod,
  allow,
  annotateServiceAccount,
  control,
  denied,
  fetchCredentials,
  getObject,
  granted,
  irsaRole,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  trustPodIdentity,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';

const WEBHOOK = 'amazon-eks-pod-identity-webhook, mutation of pods: the association is looked up before the annotation';
const OVERVIEW = 'Amazon EKS User Guide, "Learn how EKS Pod Identity works"';
const SDK_CHAIN = 'AWS SDK for JavaScript, default credential provider chain for Node.js';
/** A role for each way, for the service account `app` in namespace `app`. */
const ROLES = { associated: podIdentityRole(), annotated: irsaRole('app/app') } as const;

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
});
