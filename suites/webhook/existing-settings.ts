/** Variables, volumes and mounts that a pod already has. */
import {
  admitPod,
  control,
  fails,
  fetchCredentials,
  isAbsent,
  matching,
  noToken,
  podIdentityRole,
  refused,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, IMAGE, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { BOTH_WAYS, containing } from './lib/both-ways.ts';
import {
  CREDENTIALS_URI,
  IRSA_ENV,
  PAIR,
  POD_IDENTITY_ENV,
  REGIONS,
  STS_ENDPOINTS,
  TOKEN_FILE,
  WEB_PAIR,
  WEB_TOKEN_FILE,
} from './lib/settings.ts';

type Facts = NonNullable<Parameters<typeof succeeds>[1]>;

/** Returns a pod whose container sets these variables itself. */
const setting = (...names: readonly string[]) =>
  containing({ env: names.map((name) => ({ name, value: 'set-by-user' })) });
/** Expects that the webhook adds only these variables, after the container's own. */
const adds = (like: string, own: readonly string[], added: readonly string[], more?: Facts) =>
  succeeds(admitPod(like, setting(...own)), { 'app.envNames': [...own, ...added].join(), ...more });
/** Returns a pod whose container mounts this volume itself. */
const mounting = (name: string, mountPath: string, volume: object) => ({
  spec: { volumes: [volume], containers: [{ name: 'app', image: IMAGE, volumeMounts: [{ name, mountPath }] }] },
});
const OWN_VOLUME = { name: 'own', emptyDir: {} };

suite('webhook', ({ scenario }) => {
  scenario('WH-10', 'a pod that sets one of the two credential variables gets neither from the webhook', {
    profile: 'core',
    source: WEBHOOK_HANDLER + ', existing environment variables',
    roles: { app: podIdentityRole() },
    workloads: {
      app: { role: 'app' },
      half: { role: 'app', env: { [CREDENTIALS_URI]: 'http://169.254.170.23/v1/credentials' } },
    },
    probes: [
      adds('app', [CREDENTIALS_URI], [STS_ENDPOINTS, ...REGIONS], {
        [`app.env.${CREDENTIALS_URI}`]: 'set-by-user',
        [`app.env.${TOKEN_FILE}`]: isAbsent,
      }),
      control('app', fetchCredentials()),
      // The request of an SDK that knows the address but has no token.
      refused('half', fetchCredentials({ token: noToken }), { by: 'agent', status: 400 }),
    ],
  });

  scenario('WH-11', 'the webhook keeps an existing volume with the same name', {
    source: WEBHOOK_HANDLER + ', existing volumes',
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
    source: WEBHOOK_HANDLER + ', region variables',
    ...ASSOCIATED,
    probes: [adds('app', ['AWS_REGION'], [STS_ENDPOINTS, ...PAIR], { 'app.env.AWS_REGION': 'set-by-user' })],
  });

  scenario('WH-10b', 'the webhook adds neither variable of a pair if one is set, for Pod Identity and IRSA', {
    source: WEBHOOK_HANDLER + ', existing environment variables',
    ...BOTH_WAYS,
    probes: [
      adds('pi', [TOKEN_FILE], [STS_ENDPOINTS, ...REGIONS], { [`app.env.${TOKEN_FILE}`]: 'set-by-user' }),
      adds('web', ['AWS_ROLE_ARN'], [STS_ENDPOINTS, ...REGIONS], { 'app.env.AWS_ROLE_ARN': 'set-by-user' }),
      adds('web', [WEB_TOKEN_FILE], [STS_ENDPOINTS, ...REGIONS]),
    ],
  });

  scenario('WH-11b', 'the webhook keeps an existing mount of the token volume', {
    source: WEBHOOK_HANDLER + ', existing volumes and mounts',
    ...BOTH_WAYS,
    probes: [
      succeeds(
        admitPod(
          'pi',
          containing({ volumeMounts: [{ name: 'eks-pod-identity-token', mountPath: '/mine', readOnly: false }] }),
        ),
        { 'app.mount': '/mine', 'podIdentityVolume.audience': 'pods.eks.amazonaws.com' },
      ),
      succeeds(admitPod('web', mounting('aws-iam-token', '/mine', { name: 'aws-iam-token', emptyDir: {} })), {
        injected: 'irsa',
        'app.mount': '/mine',
        'irsaVolume.audience': isAbsent,
      }),
      // The webhook ignores the mounts of other volumes, but the API server rejects two mounts at one path.
      succeeds(admitPod('pi', mounting('own', `${TOKEN_DIRECTORY}/own`, OWN_VOLUME)), { injected: 'pod-identity' }),
      fails(admitPod('pi', mounting('own', TOKEN_DIRECTORY, OWN_VOLUME)), {
        by: 'kubernetes',
        status: 422,
        message: 'must be unique',
      }),
    ],
  });

  scenario('WH-12b', 'the webhook keeps the regions and the STS endpoint that a container sets', {
    source: WEBHOOK_HANDLER + ', region and STS variables',
    ...BOTH_WAYS,
    probes: [
      adds('pi', ['AWS_DEFAULT_REGION'], [STS_ENDPOINTS, ...PAIR]),
      adds('web', ['AWS_REGION', STS_ENDPOINTS], WEB_PAIR, { [`app.env.${STS_ENDPOINTS}`]: 'set-by-user' }),
      // A variable counts as set by its name, even if its value is empty or comes from elsewhere.
      ...[
        { name: 'AWS_REGION', valueFrom: { configMapKeyRef: { name: 'settings', key: 'region', optional: true } } },
        { name: 'AWS_REGION', value: '' },
        { name: 'AWS_REGION' },
      ].map((region) =>
        succeeds(admitPod('web', containing({ env: [region] })), {
          'app.envNames': ['AWS_REGION', STS_ENDPOINTS, ...WEB_PAIR].join(),
        }),
      ),
      // By default, both variables name the cluster's region.
      succeeds(admitPod('web'), {
        'app.env.AWS_REGION': matching(/^[a-z]{2}(-[a-z]+)+-\d$/),
        'app.env.AWS_DEFAULT_REGION': matching(/^[a-z]{2}(-[a-z]+)+-\d$/),
      }),
    ],
  });

  scenario('WH-23', 'a container that sets all variables gets no mount, although its pod gets the volume', {
    source: WEBHOOK_HANDLER + ', existing environment variables; webhook test data',
    roles: BOTH_WAYS.roles,
    workloads: {
      pi: BOTH_WAYS.workloads.pi,
      quiet: { serviceAccount: 'quiet', role: 'pi', serviceAccountAnnotations: { 'sts-regional-endpoints': 'false' } },
    },
    probes: [
      adds('pi', [STS_ENDPOINTS, 'AWS_REGION', CREDENTIALS_URI], [], {
        'app.mount': isAbsent,
        'podIdentityVolume.present': true,
        label: 'enabled',
      }),
      // All three kinds count, even one that the webhook would not add.
      adds('quiet', ['AWS_REGION', CREDENTIALS_URI], [], { 'app.mount': `${TOKEN_DIRECTORY} (read only)` }),
    ],
  });

  scenario('WH-24', 'variables of the other mechanism and access keys do not prevent injection', {
    keywords: ['static keys'],
    source: WEBHOOK_HANDLER + ', existing environment variables: only those of its own mechanism count',
    finding:
      'A pod that sets AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE or access keys itself still gets the settings of its association, but SDKs then use its own settings.',
    ...BOTH_WAYS,
    probes: [
      succeeds(admitPod('pi', setting(...WEB_PAIR)), {
        injected: 'both',
        'app.envNames': [...WEB_PAIR, ...POD_IDENTITY_ENV].join(),
      }),
      succeeds(admitPod('web', setting(...PAIR)), { injected: 'both', 'irsaVolume.present': true }),
      succeeds(admitPod('pi', setting('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')), { injected: 'pod-identity' }),
      // Variables that SDKs read in addition to a pair, or instead of it, do not prevent injection either.
      adds(
        'pi',
        ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AWS_PROFILE'],
        POD_IDENTITY_ENV,
      ),
      adds('web', ['AWS_ROLE_SESSION_NAME', 'AWS_PROFILE'], IRSA_ENV),
      // The webhook does not see variables from other sources, and the added ones override them.
      succeeds(admitPod('pi', containing({ envFrom: [{ configMapRef: { name: 'settings', optional: true } }] })), {
        'app.envNames': POD_IDENTITY_ENV.join(),
      }),
    ],
  });
});
