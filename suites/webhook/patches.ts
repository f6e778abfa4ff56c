/** The JSON patch in the webhook's response. */
import { admitPod, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, IMAGE, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { labelled } from './lib/both-ways.ts';
import { ACCOUNTS, HOUR, POD, post, review, reviewOf, UID } from './lib/reviews.ts';

const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const PI_VOLUME = 'eks-pod-identity-token';
const WEB_FOLDER = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
const variable = (name: string, value: string) => ({ name, value });
const STS = variable('AWS_STS_REGIONAL_ENDPOINTS', 'regional');
const REGIONS = [variable('AWS_DEFAULT_REGION', '<region:c1>'), variable('AWS_REGION', '<region:c1>')];
const PI_PAIR = [
  variable('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.23/v1/credentials'),
  variable('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', `${TOKEN_DIRECTORY}/eks-pod-identity-token`),
];
const PI_MOUNT = { name: PI_VOLUME, readOnly: true, mountPath: TOKEN_DIRECTORY };
const volumeOf = (name: string, serviceAccountToken: object) => ({
  name,
  projected: { sources: [{ serviceAccountToken }] },
});
const PI_TOKEN = volumeOf(PI_VOLUME, {
  audience: 'pods.eks.amazonaws.com',
  expirationSeconds: 3600,
  path: 'eks-pod-identity-token',
});
const plain = (name: string, more: object = {}) => ({ name, image: 'i', ...more });
/** Returns a container as Go serializes it, with the additions for one that sets nothing. */
const injected = (name: string, more: object = {}) => ({
  ...plain(name, more),
  env: [STS, ...REGIONS, ...PI_PAIR],
  resources: {},
  volumeMounts: [PI_MOUNT],
});
/** Fields that the webhook does not change: before `env` in Go's order, and after `volumeMounts`. */
const LEADING = {
  command: ['run', '--name=\u00e9<&>'],
  ports: [{ containerPort: 8080 }],
  envFrom: [{ secretRef: { name: 'keys' } }],
};
const TRAILING = {
  livenessProbe: { grpc: { port: 9090, service: 'live' } },
  securityContext: { runAsUser: 0, allowPrivilegeEscalation: false },
  stdin: true,
};
const DATA = { name: 'data', emptyDir: {} };
/** Posts a review of `POD` with further fields. */
const reviewed = (metadata: object, spec: object = {}) =>
  post(review({ ...POD, metadata: { ...POD.metadata, ...metadata }, spec: { ...POD.spec, ...spec } }));
const asItWas = (container: object) => ({ ...container, resources: {} });
/** Returns a container with its own settings. */
const limited = (env: readonly object[], volumeMounts: readonly object[]) =>
  plain('app', { env, resources: { limits: { cpu: '1' } }, volumeMounts });
const OWN_ENV = [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }, { name: 'EMPTY' }];
const OWN_MOUNT = { volumeMounts: [{ name: PI_VOLUME, mountPath: '/mine' }] };
const DATA_MOUNT = { name: 'data', mountPath: '/data' };
const LABEL = add('/metadata/labels/eks.amazonaws.com~1pod-identity', 'enabled');
const LABELS = add('/metadata/labels', { 'eks.amazonaws.com/pod-identity': 'enabled' });

suite('webhook', ({ scenario }) => {
  scenario('WH-28', 'a patch adds each missing part at its place', {
    source: WEBHOOK_HANDLER + ', paths of the patch',
    ...ASSOCIATED,
    probes: [
      succeeds(
        reviewed(
          { labels: { team: 'payments' } },
          { volumes: [DATA], initContainers: [{ name: 'prepare', image: IMAGE }] },
        ),
        {
          patchPaths:
            '/metadata/labels/eks.amazonaws.com~1pod-identity,/spec/volumes/0,/spec/containers,/spec/initContainers',
        },
      ),
      succeeds(admitPod('app', labelled({ 'eks.amazonaws.com/pod-identity': 'disabled' })), { label: 'enabled' }),
      // Close to the maximum size of a pod's annotations.
      succeeds(reviewed({ annotations: { 'example.com/note': 'x'.repeat(250_000) } }), {
        patchPaths: '/metadata/labels,/spec/volumes,/spec/containers',
      }),
    ],
  });

  scenario('WH-30', 'a patch adds the settings of Pod Identity and changes nothing else of a container', {
    source: `${WEBHOOK_HANDLER}; webhook test data; RFC 6902, "add"`,
    ...ACCOUNTS,
    probes: (
      [
        [
          { containers: [plain('app'), plain('two', { ...LEADING, ...TRAILING })] },
          {},
          [LABELS, add('/spec/volumes', [PI_TOKEN])],
          [injected('app'), { ...injected('two', LEADING), ...TRAILING }],
        ],
        // An empty list differs from a missing one.
        [
          { containers: [plain('app')], volumes: [], initContainers: [] },
          { labels: {} },
          [LABEL, add('/spec/volumes/0', PI_TOKEN)],
          [injected('app')],
        ],
        [{ containers: [] }, { labels: null }, [LABELS, add('/spec/volumes', [PI_TOKEN])], []],
        [
          { containers: [limited(OWN_ENV, [DATA_MOUNT])], volumes: [DATA] },
          { labels: { team: 'payments' } },
          [LABEL, add('/spec/volumes/0', PI_TOKEN)],
          [limited([...OWN_ENV, STS, ...REGIONS, ...PI_PAIR], [DATA_MOUNT, PI_MOUNT])],
        ],
        // An existing volume with the name, and its mount, stay.
        [
          { containers: [plain('app', OWN_MOUNT)], volumes: [DATA, { name: PI_VOLUME, emptyDir: {} }] },
          {},
          [LABELS],
          [{ ...injected('app'), ...OWN_MOUNT }],
        ],
        // Containers with two of three kinds of variables, and one with all of them.
        [
          {
            containers: [
              plain('sts', { env: [variable('AWS_REGION', 'r'), PI_PAIR[0]] }),
              plain('region', { env: [STS, PI_PAIR[1]] }),
              plain('pair', { env: [STS, variable('AWS_DEFAULT_REGION', 'r')] }),
              plain('none', { env: [STS, variable('AWS_DEFAULT_REGION', 'r'), PI_PAIR[0]] }),
            ],
          },
          {},
          [LABELS, add('/spec/volumes', [PI_TOKEN])],
          [
            { ...injected('sts'), env: [variable('AWS_REGION', 'r'), PI_PAIR[0], STS] },
            { ...injected('region'), env: [STS, PI_PAIR[1], ...REGIONS] },
            { ...injected('pair'), env: [STS, variable('AWS_DEFAULT_REGION', 'r'), ...PI_PAIR] },
            asItWas(plain('none', { env: [STS, variable('AWS_DEFAULT_REGION', 'r'), PI_PAIR[0]] })),
          ],
        ],
        // An empty name in the list matches a container without a name.
        [
          { containers: [{ image: 'i' }, plain('app'), plain('two')] },
          { annotations: { ...HOUR, 'eks.amazonaws.com/skip-containers': ',app' } },
          [LABELS, add('/spec/volumes', [PI_TOKEN])],
          [asItWas(plain('')), asItWas(plain('app')), injected('two')],
        ],
      ] as const
    ).map(([spec, metadata, before, containers]) =>
      succeeds(post(reviewOf('pi', spec, metadata)), {
        kind: 'AdmissionReview',
        uid: UID,
        patchType: 'JSONPatch',
        patch: JSON.stringify([...before, add('/spec/containers', containers)]),
      }),
    ),
  });

  scenario('WH-31', 'a patch adds the settings of IRSA, also to init containers, and no label', {
    source: `${WEBHOOK_HANDLER}; webhook test data`,
    ...ACCOUNTS,
    probes: (
      [
        ['web', { audience: 'sts.amazonaws.com', expirationSeconds: 3600, path: 'token' }],
        // An empty audience is omitted, and the API server then uses its own.
        ['mute', { expirationSeconds: 3600, path: 'token' }],
      ] as const
    ).map(([account, token]) => {
      const webPair = [
        variable('AWS_ROLE_ARN', '<role:web>'),
        variable('AWS_WEB_IDENTITY_TOKEN_FILE', `${WEB_FOLDER}/token`),
      ];
      const container = (name: string) => ({
        ...injected(name),
        env: [STS, ...REGIONS, ...webPair],
        volumeMounts: [{ name: 'aws-iam-token', readOnly: true, mountPath: WEB_FOLDER }],
      });
      const spec = { containers: [plain('app')], initContainers: [plain('first')] };
      return succeeds(post(reviewOf(account, spec)), {
        patch: JSON.stringify([
          add('/spec/volumes', [volumeOf('aws-iam-token', token)]),
          add('/spec/containers', [container('app')]),
          add('/spec/initContainers', [container('first')]),
        ]),
      });
    }),
  });
});
