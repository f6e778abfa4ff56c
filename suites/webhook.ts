import {
  admitPod,
  between,
  cutWebhook,
  fetchCredentials,
  fails,
  irsaRole,
  isAbsent,
  matching,
  noToken,
  podIdentityRole,
  postToWebhook,
  refused,
  succeeds,
  suite,
  control,
} from '../harness/index.ts';

const HANDLER = 'amazon-eks-pod-identity-webhook source, pkg/handler/handler.go';
const README = 'amazon-eks-pod-identity-webhook, README';

const CREDENTIALS_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
const TOKEN_DIRECTORY = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';

/** What a container of a Pod Identity pod that sets nothing itself gets, in this order. */
const POD_IDENTITY_ENV = [
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  CREDENTIALS_URI,
  TOKEN_FILE,
];
const IRSA_ENV = [
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
];

/** Seconds: the token of a Pod Identity pod lives a random time in here, so that pods do not renew in step. */
const JITTERED = between(79_200, 86_400);

/** The world of nearly all scenarios here: one service account with an association; pods are only admitted, not run. */
const ASSOCIATED = { roles: { app: podIdentityRole() }, workloads: { app: { role: 'app' } } } as const;
const ANNOTATED = { roles: { app: irsaRole('app/app') }, workloads: { app: { irsa: 'app' } } } as const;

const IMAGE = 'example.com/app:1';
const env = (...names: readonly string[]): readonly { name: string; value: string }[] =>
  names.map((name) => ({ name, value: 'set-by-user' }));

/** An admission review for a pod of `<namespace:app>/app`, as the API server posts it. */
const review = (apiVersion: string, pod: object): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid: '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: '<namespace:app>',
      operation: 'CREATE',
      object: pod,
    },
  });
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', namespace: '<namespace:app>' },
  spec: { serviceAccountName: 'app', containers: [{ name: 'app', image: IMAGE }] },
};

suite('webhook', ({ scenario }) => {
  scenario('WH-01', 'a pod with an association gets exactly the Pod Identity settings', {
    source: 'Amazon EKS User Guide, "Understand how EKS Pod Identity works"; ' + HANDLER,
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app'), {
        injected: 'pod-identity',
        'app.envNames': POD_IDENTITY_ENV.join(),
        'app.env.AWS_STS_REGIONAL_ENDPOINTS': 'regional',
        [`app.env.${CREDENTIALS_URI}`]: matching(/^http:\/\/(169\.254\.170\.23|\[fd00:ec2::23\])\/v1\/credentials$/),
        [`app.env.${TOKEN_FILE}`]: `${TOKEN_DIRECTORY}/eks-pod-identity-token`,
        'app.mount': `${TOKEN_DIRECTORY} (read only)`,
        'podIdentityVolume.audience': 'pods.eks.amazonaws.com',
        'podIdentityVolume.path': 'eks-pod-identity-token',
        'podIdentityVolume.expirationSeconds': JITTERED,
        'irsaVolume.present': false,
        label: 'enabled',
      }),
    ],
  });

  scenario('WH-01b', 'with association and role annotation, only the Pod Identity settings are injected', {
    source: HANDLER + ', container credentials come first',
    roles: { app: podIdentityRole(), web: irsaRole('app/app') },
    workloads: { app: { role: 'app', irsa: 'web' } },
    probes: [
      succeeds(admitPod('app'), {
        injected: 'pod-identity',
        'app.env.AWS_ROLE_ARN': isAbsent,
        'app.env.AWS_WEB_IDENTITY_TOKEN_FILE': isAbsent,
        'irsaVolume.present': false,
      }),
    ],
  });

  scenario('WH-02', 'a pod whose service account names a role gets exactly the IRSA settings', {
    source: 'Amazon EKS User Guide, "Configure Pods to use a Kubernetes service account"; ' + HANDLER,
    ...ANNOTATED,
    probes: [
      succeeds(admitPod('app'), {
        injected: 'irsa',
        'app.envNames': IRSA_ENV.join(),
        'app.env.AWS_ROLE_ARN': '<role:app>',
        'app.env.AWS_WEB_IDENTITY_TOKEN_FILE': '/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
        'app.mount': '/var/run/secrets/eks.amazonaws.com/serviceaccount (read only)',
        'irsaVolume.audience': 'sts.amazonaws.com',
        'irsaVolume.path': 'token',
        'podIdentityVolume.present': false,
        label: isAbsent,
      }),
    ],
  });

  scenario('WH-02b', 'annotations of the service account set the audience and the STS endpoint', {
    source: README + ', annotations',
    roles: ANNOTATED.roles,
    workloads: {
      app: {
        irsa: 'app',
        serviceAccountAnnotations: { audience: 'vault.example.com', 'sts-regional-endpoints': 'false' },
      },
    },
    probes: [
      succeeds(admitPod('app'), {
        injected: 'irsa',
        'irsaVolume.audience': 'vault.example.com',
        'app.env.AWS_STS_REGIONAL_ENDPOINTS': isAbsent,
      }),
    ],
  });

  scenario('WH-03', 'Pod Identity tokens of pods made at once expire at different times', {
    source: HANDLER + ', jitter of the token expiration',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', {}, { repeat: 20 }), {
        pods: 20,
        'expirationSeconds.least': JITTERED,
        'expirationSeconds.greatest': JITTERED,
        'expirationSeconds.distinct': between(2, 20),
      }),
    ],
  });

  scenario('WH-04', 'IRSA tokens live a day, all alike', {
    source: README + ', token expiration',
    ...ANNOTATED,
    probes: [
      succeeds(admitPod('app', {}, { repeat: 5 }), {
        'expirationSeconds.least': 86_400,
        'expirationSeconds.greatest': 86_400,
      }),
    ],
  });

  scenario('WH-05', 'a token lives no less than ten minutes, whatever an annotation says', {
    source: README + ', annotation token-expiration',
    roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
    workloads: {
      pi: { serviceAccount: 'pi', role: 'pi', serviceAccountAnnotations: { 'token-expiration': '60' } },
      web: { serviceAccount: 'web', irsa: 'web', serviceAccountAnnotations: { 'token-expiration': '60' } },
    },
    probes: [
      succeeds(admitPod('pi'), { 'podIdentityVolume.expirationSeconds': 600 }),
      succeeds(admitPod('web'), { 'irsaVolume.expirationSeconds': 600 }),
    ],
  });

  scenario('WH-05b', "the pod's token expiration wins over the service account's", {
    source: README + ', annotation token-expiration',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '1200' } } },
    probes: [
      succeeds(admitPod('app'), { 'podIdentityVolume.expirationSeconds': 1200 }),
      succeeds(admitPod('app', { metadata: { annotations: { 'eks.amazonaws.com/token-expiration': '3600' } } }), {
        'podIdentityVolume.expirationSeconds': 3600,
      }),
    ],
  });

  scenario('WH-06', 'a token expiration that is no number counts for nothing', {
    source: 'amazon-eks-pod-identity-webhook source, pkg/annotations.go and pkg/cache/cache.go',
    roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
    workloads: {
      pi: { serviceAccount: 'pi', role: 'pi', serviceAccountAnnotations: { 'token-expiration': 'abc' } },
      web: { serviceAccount: 'web', irsa: 'web', serviceAccountAnnotations: { 'token-expiration': 'abc' } },
    },
    probes: [
      succeeds(admitPod('pi'), { 'podIdentityVolume.expirationSeconds': JITTERED }),
      succeeds(admitPod('web'), { 'irsaVolume.expirationSeconds': 86_400 }),
      succeeds(admitPod('web', { metadata: { annotations: { 'eks.amazonaws.com/token-expiration': '1h' } } }), {
        'irsaVolume.expirationSeconds': 86_400,
      }),
    ],
  });

  scenario('WH-07', 'containers named in skip-containers are left as they are', {
    source: README + ', annotation skip-containers',
    ...ASSOCIATED,
    probes: [
      succeeds(
        admitPod('app', {
          metadata: { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy,prepare' } },
          spec: {
            initContainers: [{ name: 'prepare', image: IMAGE }],
            containers: [
              { name: 'app', image: IMAGE },
              { name: 'proxy', image: IMAGE },
            ],
          },
        }),
        {
          injected: 'pod-identity',
          'app.envNames': POD_IDENTITY_ENV.join(),
          'proxy.envNames': '',
          'proxy.mount': isAbsent,
          'prepare.envNames': '',
          'prepare.mount': isAbsent,
        },
      ),
    ],
  });

  scenario('WH-08', 'init containers and sidecars get the settings too', {
    source: HANDLER + '; Kubernetes documentation, "Sidecar Containers"',
    ...ASSOCIATED,
    probes: [
      succeeds(
        admitPod('app', {
          spec: {
            initContainers: [
              { name: 'prepare', image: IMAGE },
              { name: 'sidecar', image: IMAGE, restartPolicy: 'Always' },
            ],
          },
        }),
        {
          'app.envNames': POD_IDENTITY_ENV.join(),
          'prepare.envNames': POD_IDENTITY_ENV.join(),
          'prepare.mount': `${TOKEN_DIRECTORY} (read only)`,
          'sidecar.envNames': POD_IDENTITY_ENV.join(),
          'sidecar.mount': `${TOKEN_DIRECTORY} (read only)`,
        },
      ),
    ],
  });

  scenario('WH-09', 'ephemeral containers are left as they are', {
    source: HANDLER + ', paths of the patch',
    ...ASSOCIATED,
    probes: [
      succeeds(
        postToWebhook(
          'application/json',
          review('admission.k8s.io/v1', {
            ...POD,
            spec: { ...POD.spec, ephemeralContainers: [{ name: 'debugger', image: IMAGE }] },
          }),
        ),
        { patchPaths: '/metadata/labels,/spec/volumes,/spec/containers' },
      ),
    ],
  });

  scenario('WH-10', 'a pod that sets one of the two credential variables itself gets neither', {
    source: HANDLER + ', existing environment variables',
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      half: { role: 'app', env: { [CREDENTIALS_URI]: 'http://169.254.170.23/v1/credentials' } },
    },
    probes: [
      succeeds(admitPod('app', { spec: { containers: [{ name: 'app', image: IMAGE, env: env(CREDENTIALS_URI) }] } }), {
        'app.envNames': [CREDENTIALS_URI, 'AWS_STS_REGIONAL_ENDPOINTS', 'AWS_DEFAULT_REGION', 'AWS_REGION'].join(),
        [`app.env.${CREDENTIALS_URI}`]: 'set-by-user',
        [`app.env.${TOKEN_FILE}`]: isAbsent,
      }),
      control('app', fetchCredentials()),
      // What an SDK sends that knows the address and no token.
      refused('half', fetchCredentials({ token: noToken }), { by: 'agent', status: 400 }),
    ],
  });

  scenario('WH-11', 'a volume of the same name is kept, whatever it holds', {
    source: HANDLER + ', existing volumes',
    ...ASSOCIATED,
    probes: [
      succeeds(
        admitPod('app', {
          spec: {
            volumes: [
              {
                name: 'eks-pod-identity-token',
                projected: {
                  sources: [
                    { serviceAccountToken: { path: 'mine', audience: 'mine.example.com', expirationSeconds: 900 } },
                  ],
                },
              },
            ],
          },
        }),
        {
          injected: 'pod-identity',
          'podIdentityVolume.audience': 'mine.example.com',
          'podIdentityVolume.path': 'mine',
          'podIdentityVolume.expirationSeconds': 900,
          'app.mount': `${TOKEN_DIRECTORY} (read only)`,
        },
      ),
    ],
  });

  scenario('WH-12', 'a container that sets a region keeps it, and gets no other', {
    source: HANDLER + ', region variables',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', { spec: { containers: [{ name: 'app', image: IMAGE, env: env('AWS_REGION') }] } }), {
        'app.envNames': ['AWS_REGION', 'AWS_STS_REGIONAL_ENDPOINTS', CREDENTIALS_URI, TOKEN_FILE].join(),
        'app.env.AWS_REGION': 'set-by-user',
      }),
    ],
  });

  scenario('WH-13', 'a pod for Windows nodes is told a path of Windows', {
    source: HANDLER + ', node selector; webhook test data',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), {
        [`app.env.${TOKEN_FILE}`]:
          'C:\\var\\run\\secrets\\pods.eks.amazonaws.com\\serviceaccount\\eks-pod-identity-token',
      }),
    ],
  });

  scenario('WH-14', "a pod on the host's network gets the settings like any other", {
    source: HANDLER + ': no field of the pod but its containers, volumes, labels and node selector is looked at',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', { spec: { hostNetwork: true } }), {
        injected: 'pod-identity',
        'app.envNames': POD_IDENTITY_ENV.join(),
      }),
    ],
  });

  scenario('WH-15', 'the webhook takes nothing but JSON', {
    source: HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook('application/json', review('admission.k8s.io/v1', POD)), { patched: true }),
      fails(postToWebhook('text/plain', review('admission.k8s.io/v1', POD)), {
        by: 'webhook',
        code: '415',
        status: 415,
        message: 'Invalid Content-Type, expected `application/json`',
      }),
    ],
  });

  scenario('WH-16', 'a review without a request is not allowed', {
    source: HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(postToWebhook('application/json', review('admission.k8s.io/v1', POD)), { allowed: true }),
      fails(
        postToWebhook(
          'application/json',
          JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }),
        ),
        { by: 'webhook', code: 'NotAllowed', status: 200, message: 'bad content' },
      ),
    ],
  });

  scenario('WH-17', "the answer is of the review's version and repeats its uid", {
    source: 'Kubernetes documentation, "Dynamic Admission Control", response',
    ...ASSOCIATED,
    probes: [
      ...(['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'] as const).map((apiVersion) =>
        succeeds(postToWebhook('application/json', review(apiVersion, POD)), {
          apiVersion,
          uid: '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11',
          patched: true,
        }),
      ),
    ],
  });

  scenario('WH-18', 'when the webhook cannot be reached, pods start without credentials and nobody is told', {
    source: 'Kubernetes documentation, "Dynamic Admission Control", failure policy; eks-pod-identity-agent, issue 153',
    finding:
      'The webhook fails open: a pod that is created while it cannot be reached has no credentials settings for its whole life. Watch for pods without the label eks.amazonaws.com/pod-identity.',
    roles: ASSOCIATED.roles,
    workloads: ASSOCIATED.workloads,
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      cutWebhook(),
      succeeds(admitPod('app'), { injected: 'none', label: isAbsent }),
    ],
  });

  scenario('WH-19', 'a pod that asks the webhook to skip it gets nothing', {
    source: 'amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml, objectSelector',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      succeeds(admitPod('app', { metadata: { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' } } }), {
        injected: 'none',
        'podIdentityVolume.present': false,
        label: isAbsent,
      }),
    ],
  });

  scenario('WH-21', 'a pod that names no service account is one of "default"', {
    source: 'Kubernetes documentation, "Configure Service Accounts for Pods"',
    roles: { app: podIdentityRole() },
    workloads: { app: { serviceAccount: 'default', role: 'app' }, other: { serviceAccount: 'other' } },
    probes: [
      succeeds(admitPod('app', { spec: { serviceAccountName: undefined } }), { injected: 'pod-identity' }),
      succeeds(admitPod('other'), { injected: 'none' }),
    ],
  });

  scenario('WH-22', "the webhook's label stands beside the pod's own", {
    source: HANDLER + ', label',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', { metadata: { labels: { team: 'payments', 'app.kubernetes.io/name': 'app' } } }), {
        label: 'enabled',
        'labels.team': 'payments',
        'labels.app.kubernetes.io/name': 'app',
      }),
    ],
  });
});
