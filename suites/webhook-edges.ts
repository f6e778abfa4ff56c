/** What the webhook leaves as it is, what it does not look at, and what it makes of odd values. */
import {
  admitPod,
  annotateServiceAccount,
  between,
  fails,
  irsaRole,
  isAbsent,
  matching,
  podIdentityRole,
  succeeds,
  suite,
} from '../harness/index.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from './lib/sources.ts';
import { CREDENTIALS_URI, env, JITTERED, TOKEN_FILE } from './lib/webhook.ts';
import { IMAGE, TOKEN_DIRECTORY } from './lib/worlds.ts';

const CACHE = 'amazon-eks-pod-identity-webhook source, pkg/cache/cache.go';

const WEB_TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
const STS_ENDPOINTS = 'AWS_STS_REGIONAL_ENDPOINTS';
const REGIONS = ['AWS_DEFAULT_REGION', 'AWS_REGION'];
const PAIR = [CREDENTIALS_URI, TOKEN_FILE];
const WEB_PAIR = ['AWS_ROLE_ARN', WEB_TOKEN_FILE];

/** One service account for each way; pods are only admitted, not run. */
const BOTH_WAYS = {
  roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
  workloads: { pi: { serviceAccount: 'pi', role: 'pi' }, web: { serviceAccount: 'web', irsa: 'web' } },
} as const;
/** A pod whose container sets these variables itself. */
const setting = (...names: readonly string[]) => ({
  spec: { containers: [{ name: 'app', image: IMAGE, env: env(...names) }] },
});
/** A pod whose container mounts this volume itself. */
const mounting = (name: string, mountPath: string, volume: object) => ({
  spec: { volumes: [volume], containers: [{ name: 'app', image: IMAGE, volumeMounts: [{ name, mountPath }] }] },
});
const annotated = (name: string, value: string) => ({
  metadata: { annotations: { [`eks.amazonaws.com/${name}`]: value } },
});

suite('webhook', ({ scenario }) => {
  scenario('WH-10b', 'either variable of a pair keeps both of it away, in both ways', {
    source: WEBHOOK_HANDLER + ', existing environment variables',
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', setting(TOKEN_FILE)), {
        'app.envNames': [TOKEN_FILE, STS_ENDPOINTS, ...REGIONS].join(),
        [`app.env.${TOKEN_FILE}`]: 'set-by-user',
      }),
      succeeds(admitPod('web', setting('AWS_ROLE_ARN')), {
        'app.envNames': ['AWS_ROLE_ARN', STS_ENDPOINTS, ...REGIONS].join(),
        'app.env.AWS_ROLE_ARN': 'set-by-user',
      }),
      succeeds(admitPod('web', setting(WEB_TOKEN_FILE)), {
        'app.envNames': [WEB_TOKEN_FILE, STS_ENDPOINTS, ...REGIONS].join(),
      }),
    ],
  });

  scenario('WH-11b', "a mount of the token's volume is kept where the pod has put it", {
    source: WEBHOOK_HANDLER + ', existing volumes and mounts',
    ...BOTH_WAYS,
    probes: [
      succeeds(
        admitPod('pi', {
          spec: {
            containers: [
              {
                name: 'app',
                image: IMAGE,
                volumeMounts: [{ name: 'eks-pod-identity-token', mountPath: '/mine', readOnly: false }],
              },
            ],
          },
        }),
        { 'app.mount': '/mine', 'podIdentityVolume.audience': 'pods.eks.amazonaws.com' },
      ),
      succeeds(admitPod('web', mounting('aws-iam-token', '/mine', { name: 'aws-iam-token', emptyDir: {} })), {
        ...{ injected: 'irsa', 'app.mount': '/mine', 'irsaVolume.audience': isAbsent },
      }),
      // What another volume is mounted at is not looked at, and nothing has two mounts.
      succeeds(admitPod('pi', mounting('own', `${TOKEN_DIRECTORY}/own`, { name: 'own', emptyDir: {} })), {
        injected: 'pod-identity',
      }),
      fails(admitPod('pi', mounting('own', TOKEN_DIRECTORY, { name: 'own', emptyDir: {} })), {
        ...{ by: 'kubernetes', status: 422, message: 'must be unique' },
      }),
    ],
  });

  scenario('WH-12b', 'either region, and the STS endpoint, are left as a container sets them', {
    source: WEBHOOK_HANDLER + ', region and STS variables',
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', setting('AWS_DEFAULT_REGION')), {
        'app.envNames': ['AWS_DEFAULT_REGION', STS_ENDPOINTS, ...PAIR].join(),
      }),
      succeeds(admitPod('web', setting('AWS_REGION', STS_ENDPOINTS)), {
        'app.envNames': ['AWS_REGION', STS_ENDPOINTS, ...WEB_PAIR].join(),
        [`app.env.${STS_ENDPOINTS}`]: 'set-by-user',
      }),
      // A variable is set by its name, wherever its value comes from, and be it empty.
      ...[
        { name: 'AWS_REGION', valueFrom: { configMapKeyRef: { name: 'settings', key: 'region', optional: true } } },
        { name: 'AWS_REGION', value: '' },
        { name: 'AWS_REGION' },
      ].map((region) =>
        succeeds(admitPod('web', { spec: { containers: [{ name: 'app', image: IMAGE, env: [region] }] } }), {
          'app.envNames': ['AWS_REGION', STS_ENDPOINTS, ...WEB_PAIR].join(),
        }),
      ),
      // Without any of its own, both name the cluster's region.
      succeeds(admitPod('web'), {
        'app.env.AWS_REGION': matching(/^[a-z]{2}(-[a-z]+)+-\d$/),
        'app.env.AWS_DEFAULT_REGION': matching(/^[a-z]{2}(-[a-z]+)+-\d$/),
      }),
    ],
  });

  scenario('WH-13b', 'Windows is told by the node selector, old label or new, in both ways', {
    source: WEBHOOK_HANDLER + ', node selector; webhook test data',
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', { spec: { nodeSelector: { 'beta.kubernetes.io/os': 'windows' } } }), {
        [`app.env.${TOKEN_FILE}`]: matching(/^C:\\var\\run\\secrets\\pods\.eks/),
      }),
      succeeds(admitPod('web', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), {
        [`app.env.${WEB_TOKEN_FILE}`]: 'C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token',
      }),
      succeeds(
        admitPod('web', {
          spec: { nodeSelector: { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'windows' } },
        }),
        { [`app.env.${WEB_TOKEN_FILE}`]: matching(/^C:/) },
      ),
      ...[
        { nodeSelector: { 'kubernetes.io/os': 'linux' } },
        { nodeSelector: { 'kubernetes.io/os': 'Windows' } },
        // Kubernetes says that for schedulers to ignore.
        { os: { name: 'windows' } },
      ].map((spec) =>
        succeeds(admitPod('pi', { spec }), { [`app.env.${TOKEN_FILE}`]: matching(/^\/var\/run\/secrets\/pods\.eks/) }),
      ),
    ],
  });

  scenario('WH-23', 'a container that sets all variables itself gets no mount, though its pod gets the volume', {
    source: WEBHOOK_HANDLER + ', existing environment variables; webhook test data',
    roles: BOTH_WAYS.roles,
    workloads: {
      pi: BOTH_WAYS.workloads.pi,
      quiet: { serviceAccount: 'quiet', role: 'pi', serviceAccountAnnotations: { 'sts-regional-endpoints': 'false' } },
    },
    probes: [
      succeeds(admitPod('pi', setting(STS_ENDPOINTS, 'AWS_REGION', CREDENTIALS_URI)), {
        'app.envNames': [STS_ENDPOINTS, 'AWS_REGION', CREDENTIALS_URI].join(),
        'app.mount': isAbsent,
        'podIdentityVolume.present': true,
        label: 'enabled',
      }),
      // All three kinds count, also one that would not be added.
      succeeds(admitPod('quiet', setting('AWS_REGION', CREDENTIALS_URI)), {
        'app.envNames': ['AWS_REGION', CREDENTIALS_URI].join(),
        'app.mount': `${TOKEN_DIRECTORY} (read only)`,
      }),
    ],
  });

  scenario('WH-24', 'variables of the other way, and access keys, keep nothing away', {
    source: WEBHOOK_HANDLER + ', existing environment variables: those of its own way are looked at',
    finding:
      'A pod that sets AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE or access keys itself is given the settings of its association all the same, and SDKs then use its own.',
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', setting(...WEB_PAIR)), {
        injected: 'both',
        'app.envNames': [...WEB_PAIR, STS_ENDPOINTS, ...REGIONS, ...PAIR].join(),
      }),
      succeeds(admitPod('web', setting(...PAIR)), { injected: 'both', 'irsaVolume.present': true }),
      succeeds(admitPod('pi', setting('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')), { injected: 'pod-identity' }),
      // Neither do those that SDKs look at beside a pair, or in its place.
      ...(
        [
          ['pi', ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AWS_PROFILE'], PAIR],
          ['web', ['AWS_ROLE_SESSION_NAME', 'AWS_PROFILE'], WEB_PAIR],
        ] as const
      ).map(([like, own, pair]) =>
        succeeds(admitPod(like, setting(...own)), {
          'app.envNames': [...own, STS_ENDPOINTS, ...REGIONS, ...pair].join(),
        }),
      ),
      // Variables that come from elsewhere are not seen: those that are added win over them.
      succeeds(
        admitPod('pi', {
          spec: {
            containers: [
              { name: 'app', image: IMAGE, envFrom: [{ configMapRef: { name: 'settings', optional: true } }] },
            ],
          },
        }),
        { 'app.envNames': [STS_ENDPOINTS, ...REGIONS, ...PAIR].join() },
      ),
    ],
  });

  scenario('WH-25', 'skip-containers is a list of names as they are', {
    source: `${WEBHOOK}, annotation skip-containers; ${WEBHOOK_HANDLER}: CSV`,
    roles: BOTH_WAYS.roles,
    workloads: {
      pi: BOTH_WAYS.workloads.pi,
      // The annotation is one of pods.
      web: { ...BOTH_WAYS.workloads.web, serviceAccountAnnotations: { 'skip-containers': 'app' } },
    },
    probes: [
      succeeds(admitPod('pi', annotated('skip-containers', 'other')), { injected: 'pod-identity' }),
      succeeds(admitPod('pi', annotated('skip-containers', 'application')), { injected: 'pod-identity' }),
      // What is not CSV names nobody, whatever is ahead of the mistake.
      ...['"unfinished', 'app,"unfinished', 'app,other"', '"app"x,other'].map((list) =>
        succeeds(admitPod('pi', annotated('skip-containers', list)), { injected: 'pod-identity' }),
      ),
      succeeds(admitPod('pi', annotated('skip-containers', 'app')), {
        ...{ injected: 'none', 'podIdentityVolume.present': true, label: 'enabled' },
      }),
      succeeds(admitPod('web', annotated('skip-containers', 'other,app')), {
        injected: 'none',
        'app.mount': isAbsent,
        // The pod's volume is for whom is not skipped.
        'irsaVolume.present': true,
      }),
      succeeds(admitPod('web', annotated('skip-containers', '"app","other"')), { injected: 'none' }),
      // One line of them counts, the first that is not empty.
      succeeds(admitPod('web', annotated('skip-containers', '\nother,app\n')), { injected: 'none' }),
      succeeds(admitPod('web'), { injected: 'irsa' }),
      succeeds(admitPod('web', annotated('skip-containers', 'other\napp')), { injected: 'irsa' }),
      // A space belongs to the name.
      succeeds(admitPod('web', annotated('skip-containers', 'other, app')), { injected: 'irsa' }),
    ],
  });

  scenario('WH-26', 'token-expiration: a day is varied in Pod Identity, and longer is as it is', {
    source: `${WEBHOOK_HANDLER}, jitter of the default; ${WEBHOOK}, annotation token-expiration`,
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', annotated('token-expiration', '86400'), { repeat: 10 }), {
        'expirationSeconds.least': JITTERED,
        'expirationSeconds.distinct': between(2, 10),
      }),
      succeeds(admitPod('pi', annotated('token-expiration', '90000')), {
        'podIdentityVolume.expirationSeconds': 90_000,
      }),
      // Of what is asked for, the default alone is varied.
      succeeds(admitPod('pi', annotated('token-expiration', '80000')), {
        'podIdentityVolume.expirationSeconds': 80_000,
      }),
      ...['-1', '60'].map((text) =>
        succeeds(admitPod('pi', annotated('token-expiration', text)), { 'podIdentityVolume.expirationSeconds': 600 }),
      ),
      ...Object.entries({ 599: 600, 601: 601 }).map(([text, seconds]) =>
        succeeds(admitPod('web', annotated('token-expiration', text)), { 'irsaVolume.expirationSeconds': seconds }),
      ),
      // Whole numbers in digits, as Go's ParseInt reads them; anything else is none.
      succeeds(admitPod('web', annotated('token-expiration', '+7200')), { 'irsaVolume.expirationSeconds': 7200 }),
      ...['7200.0', '7.2e3', '0x1c20', '7_200', ' 7200', '7200s', '', '9223372036854775808'].map((text) =>
        succeeds(admitPod('web', annotated('token-expiration', text)), { 'irsaVolume.expirationSeconds': 86_400 }),
      ),
      succeeds(admitPod('web', annotated('token-expiration', '86400'), { repeat: 3 }), {
        'expirationSeconds.least': 86_400,
        'expirationSeconds.greatest': 86_400,
      }),
    ],
  });

  scenario(
    'WH-27',
    'of the annotations of a service account, those for STS count in Pod Identity, and the audience does not',
    {
      source: `${WEBHOOK}, annotations; ${CACHE}`,
      roles: BOTH_WAYS.roles,
      workloads: {
        pi: { ...BOTH_WAYS.workloads.pi, serviceAccountAnnotations: { audience: 'vault.example.com' } },
        web: BOTH_WAYS.workloads.web,
      },
      probes: [
        succeeds(admitPod('pi'), {
          'podIdentityVolume.audience': 'pods.eks.amazonaws.com',
          [`app.env.${STS_ENDPOINTS}`]: 'regional',
        }),
        // A pod's own annotations are none of the audience, nor of STS.
        succeeds(admitPod('web', annotated('audience', 'vault.example.com')), {
          'irsaVolume.audience': 'sts.amazonaws.com',
        }),
        succeeds(admitPod('web', annotated('sts-regional-endpoints', 'false')), {
          [`app.env.${STS_ENDPOINTS}`]: 'regional',
        }),
        // The expiration shows when the webhook knows of the change.
        annotateServiceAccount('pi', { 'sts-regional-endpoints': 'false', 'token-expiration': '7200' }),
        succeeds(admitPod('pi'), { [`app.env.${STS_ENDPOINTS}`]: isAbsent }),
        annotateServiceAccount('pi', { 'sts-regional-endpoints': 'never', 'token-expiration': '10800' }),
        succeeds(admitPod('pi'), { [`app.env.${STS_ENDPOINTS}`]: 'regional' }),
        // What a pod says that is no number leaves it at what its service account says.
        succeeds(admitPod('pi', annotated('token-expiration', '1h')), {
          'podIdentityVolume.expirationSeconds': 10_800,
        }),
      ],
    },
  );
});
