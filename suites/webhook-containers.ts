import {
  admitPod,
  control,
  fetchCredentials,
  granted,
  isAbsent,
  noToken,
  podIdentityRole,
  refused,
  succeeds,
  suite,
  whoAmI,
} from '../harness/index.ts';
import { WEBHOOK, WEBHOOK_HANDLER } from './lib/sources.ts';
import { CREDENTIALS_URI, env, POD_IDENTITY_ENV, TOKEN_FILE } from './lib/webhook.ts';
import { ASSOCIATED, IMAGE, TOKEN_DIRECTORY } from './lib/worlds.ts';

suite('webhook', ({ scenario }) => {
  scenario('WH-07', 'containers named in skip-containers are left as they are', {
    profile: 'core',
    source: WEBHOOK + ', annotation skip-containers',
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
    profile: 'core',
    source: WEBHOOK_HANDLER + '; Kubernetes documentation, "Sidecar Containers"',
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

  for (const [id, container, what] of [
    ['WH-08b', 'init', 'an init container'],
    ['WH-08c', 'sidecar', 'a sidecar'],
  ] as const) {
    scenario(id, `${what} gets credentials from the agent`, {
      source: WEBHOOK_HANDLER + '; Kubernetes documentation, "Init Containers" and "Sidecar Containers"',
      roles: { app: podIdentityRole() },
      workloads: { app: { role: 'app', container } },
      probes: [granted('app', fetchCredentials()), granted('app', whoAmI())],
    });
  }

  scenario('WH-10', 'a pod that sets one of the two credential variables itself gets neither', {
    profile: 'core',
    source: WEBHOOK_HANDLER + ', existing environment variables',
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
    probes: [
      succeeds(admitPod('app', { spec: { containers: [{ name: 'app', image: IMAGE, env: env('AWS_REGION') }] } }), {
        'app.envNames': ['AWS_REGION', 'AWS_STS_REGIONAL_ENDPOINTS', CREDENTIALS_URI, TOKEN_FILE].join(),
        'app.env.AWS_REGION': 'set-by-user',
      }),
    ],
  });

  scenario('WH-13', 'a pod for Windows nodes is told a path of Windows', {
    source: WEBHOOK_HANDLER + ', node selector; webhook test data',
    ...ASSOCIATED,
    probes: [
      succeeds(admitPod('app', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }), {
        [`app.env.${TOKEN_FILE}`]:
          'C:\\var\\run\\secrets\\pods.eks.amazonaws.com\\serviceaccount\\eks-pod-identity-token',
        'app.mount': `${TOKEN_DIRECTORY} (read only)`,
      }),
    ],
  });

  scenario('WH-14', "a pod on the host's network gets settings and credentials like any other", {
    source:
      WEBHOOK_HANDLER + ': no field of the pod but its containers, volumes, labels and node selector is looked at',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [
      granted('app', fetchCredentials()),
      succeeds(admitPod('app', { spec: { hostNetwork: true } }), {
        injected: 'pod-identity',
        'app.envNames': POD_IDENTITY_ENV.join(),
      }),
    ],
  });
});
