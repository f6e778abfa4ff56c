/** The JSON patch that the webhook answers with. */
import { admitPod, postToWebhook, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED, IMAGE, TOKEN_DIRECTORY } from '../lib/worlds.ts';
import { ACCOUNTS, JSON_TYPE, POD, review, reviewOf, UID } from './lib/reviews.ts';

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
/** A container as Go writes it, with what is added to one that sets nothing. */
const injected = (name: string, more: object = {}) => ({
  name,
  image: 'i',
  ...more,
  env: [STS, ...REGIONS, ...PI_PAIR],
  resources: {},
  volumeMounts: [PI_MOUNT],
});
/** Fields that the webhook has nothing to do with: ahead of `env` in Go's order, and after `volumeMounts`. */
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
const asItWas = (container: object) => ({ ...container, resources: {} });
const LABEL = add('/metadata/labels/eks.amazonaws.com~1pod-identity', 'enabled');
const LABELS = add('/metadata/labels', { 'eks.amazonaws.com/pod-identity': 'enabled' });

suite('webhook', ({ scenario }) => {
  scenario('WH-28', 'a patch adds what is missing, each at its place', {
    source: WEBHOOK_HANDLER + ', paths of the patch',
    ...ASSOCIATED,
    probes: [
      succeeds(
        postToWebhook(
          JSON_TYPE,
          review('admission.k8s.io/v1', {
            ...POD,
            metadata: { ...POD.metadata, labels: { team: 'payments' } },
            spec: {
              ...POD.spec,
              volumes: [{ name: 'data', emptyDir: {} }],
              initContainers: [{ name: 'prepare', image: IMAGE }],
            },
          }),
        ),
        {
          patchPaths:
            '/metadata/labels/eks.amazonaws.com~1pod-identity,/spec/volumes/0,/spec/containers,/spec/initContainers',
        },
      ),
      succeeds(admitPod('app', { metadata: { labels: { 'eks.amazonaws.com/pod-identity': 'disabled' } } }), {
        label: 'enabled',
      }),
      // As much as a pod's annotations may be.
      succeeds(
        postToWebhook(
          JSON_TYPE,
          review('admission.k8s.io/v1', {
            ...POD,
            metadata: { ...POD.metadata, annotations: { 'example.com/note': 'x'.repeat(250_000) } },
          }),
        ),
        { patchPaths: '/metadata/labels,/spec/volumes,/spec/containers' },
      ),
    ],
  });

  scenario('WH-30', 'a patch adds the settings of Pod Identity and changes nothing else of a container', {
    source: `${WEBHOOK_HANDLER}; webhook test data; RFC 6902, "add"`,
    ...ACCOUNTS,
    probes: (
      [
        [
          {
            containers: [
              { name: 'app', image: 'i' },
              { name: 'two', image: 'i', ...LEADING, ...TRAILING },
            ],
          },
          {},
          [LABELS, add('/spec/volumes', [PI_TOKEN])],
          [injected('app'), { ...injected('two', LEADING), ...TRAILING }],
        ],
        // There and empty is not the same as not there.
        [
          { containers: [{ name: 'app', image: 'i' }], volumes: [], initContainers: [] },
          { labels: {} },
          [LABEL, add('/spec/volumes/0', PI_TOKEN)],
          [injected('app')],
        ],
        [{ containers: [] }, { labels: null }, [LABELS, add('/spec/volumes', [PI_TOKEN])], []],
        [
          {
            containers: [
              {
                name: 'app',
                image: 'i',
                env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }, { name: 'EMPTY' }],
                resources: { limits: { cpu: '1' } },
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', emptyDir: {} }],
          },
          { labels: { team: 'payments' } },
          [LABEL, add('/spec/volumes/0', PI_TOKEN)],
          [
            {
              name: 'app',
              image: 'i',
              env: [
                { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                { name: 'EMPTY' },
                ...[STS, ...REGIONS, ...PI_PAIR],
              ],
              resources: { limits: { cpu: '1' } },
              volumeMounts: [{ name: 'data', mountPath: '/data' }, PI_MOUNT],
            },
          ],
        ],
        // A volume of the name, and a mount of it, stay.
        [
          {
            containers: [{ name: 'app', image: 'i', volumeMounts: [{ name: PI_VOLUME, mountPath: '/mine' }] }],
            volumes: [
              { name: 'data', emptyDir: {} },
              { name: PI_VOLUME, emptyDir: {} },
            ],
          },
          {},
          [LABELS],
          [{ ...injected('app'), volumeMounts: [{ name: PI_VOLUME, mountPath: '/mine' }] }],
        ],
        // Two of three kinds of variables are there, and then all.
        [
          {
            containers: [
              { name: 'sts', image: 'i', env: [variable('AWS_REGION', 'r'), PI_PAIR[0]] },
              { name: 'region', image: 'i', env: [STS, PI_PAIR[1]] },
              { name: 'pair', image: 'i', env: [STS, variable('AWS_DEFAULT_REGION', 'r')] },
              { name: 'none', image: 'i', env: [STS, variable('AWS_DEFAULT_REGION', 'r'), PI_PAIR[0]] },
            ],
          },
          {},
          [LABELS, add('/spec/volumes', [PI_TOKEN])],
          [
            { ...injected('sts'), env: [variable('AWS_REGION', 'r'), PI_PAIR[0], STS] },
            { ...injected('region'), env: [STS, PI_PAIR[1], ...REGIONS] },
            { ...injected('pair'), env: [STS, variable('AWS_DEFAULT_REGION', 'r'), ...PI_PAIR] },
            asItWas({ name: 'none', image: 'i', env: [STS, variable('AWS_DEFAULT_REGION', 'r'), PI_PAIR[0]] }),
          ],
        ],
        // An empty name in the list is that of a container without a name.
        [
          { containers: [{ image: 'i' }, { name: 'app', image: 'i' }, { name: 'two', image: 'i' }] },
          {
            annotations: {
              'eks.amazonaws.com/token-expiration': '3600',
              'eks.amazonaws.com/skip-containers': ',app',
            },
          },
          [LABELS, add('/spec/volumes', [PI_TOKEN])],
          [asItWas({ name: '', image: 'i' }), asItWas({ name: 'app', image: 'i' }), injected('two')],
        ],
      ] as const
    ).map(([spec, metadata, before, containers]) =>
      succeeds(postToWebhook(JSON_TYPE, reviewOf('pi', spec, metadata)), {
        kind: 'AdmissionReview',
        uid: UID,
        patchType: 'JSONPatch',
        patch: JSON.stringify([...before, add('/spec/containers', containers)]),
      }),
    ),
  });

  scenario('WH-31', 'a patch adds the settings of IRSA, to init containers too, and no label', {
    source: `${WEBHOOK_HANDLER}; webhook test data`,
    ...ACCOUNTS,
    probes: (
      [
        ['web', { audience: 'sts.amazonaws.com', expirationSeconds: 3600, path: 'token' }],
        // An empty audience is none: the API server then takes its own.
        ['mute', { expirationSeconds: 3600, path: 'token' }],
      ] as const
    ).map(([account, token]) => {
      const container = (name: string) => ({
        name,
        image: 'i',
        env: [
          ...[STS, ...REGIONS, variable('AWS_ROLE_ARN', '<role:web>')],
          variable('AWS_WEB_IDENTITY_TOKEN_FILE', `${WEB_FOLDER}/token`),
        ],
        resources: {},
        volumeMounts: [{ name: 'aws-iam-token', readOnly: true, mountPath: WEB_FOLDER }],
      });
      const spec = { containers: [{ name: 'app', image: 'i' }], initContainers: [{ name: 'first', image: 'i' }] };
      return succeeds(postToWebhook(JSON_TYPE, reviewOf(account, spec)), {
        patch: JSON.stringify([
          add('/spec/volumes', [volumeOf('aws-iam-token', token)]),
          add('/spec/containers', [container('app')]),
          add('/spec/initContainers', [container('first')]),
        ]),
      });
    }),
  });
});
