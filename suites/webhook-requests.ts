/** What the webhook answers to requests as they are: patches word by word, and what it does not take. */
import { fails, irsaRole, isAbsent, podIdentityRole, postToWebhook, succeeds, suite } from '../harness/index.ts';
import { TOKEN_DIRECTORY } from './lib/worlds.ts';

const WEBHOOK = 'amazon-eks-pod-identity-webhook source, ';
const HANDLER = `${WEBHOOK}pkg/handler/handler.go`;

const JSON_TYPE = 'application/json';
const UID = '0d5c1a52-7d1a-4d2e-9d53-6a0a8c0c1f11';

/** Service accounts of each way; pods are only asked about. */
const ACCOUNTS = {
  roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
  workloads: {
    pi: { serviceAccount: 'pi', role: 'pi' },
    web: { serviceAccount: 'web', irsa: 'web' },
    mute: { serviceAccount: 'mute', irsa: 'web', serviceAccountAnnotations: { audience: '' } },
  },
} as const;

/** A review of a pod, whose token lives an hour: the default is varied. */
const reviewOf = (serviceAccountName: string, spec: object, metadata: object = {}): string =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: UID,
      namespace: '<namespace:app>',
      object: {
        metadata: {
          name: 'p',
          namespace: 'other',
          annotations: { 'eks.amazonaws.com/token-expiration': '3600' },
          ...metadata,
        },
        spec: { serviceAccountName, ...spec },
      },
    },
  });

/** A review of a pod with nothing else. */
const bare = (object: object): string => JSON.stringify({ request: { namespace: '<namespace:app>', object } });

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
  ...{ name, image: 'i', ...more },
  ...{ env: [STS, ...REGIONS, ...PI_PAIR], resources: {}, volumeMounts: [PI_MOUNT] },
});
/** Fields that the webhook has nothing to do with: ahead of `env` in Go's order, and after `volumeMounts`. */
const LEADING = {
  ...{ command: ['run', '--name=\u00e9<&>'], ports: [{ containerPort: 8080 }] },
  ...{ envFrom: [{ secretRef: { name: 'keys' } }] },
};
const TRAILING = {
  ...{
    livenessProbe: { grpc: { port: 9090, service: 'live' } },
    securityContext: { runAsUser: 0, allowPrivilegeEscalation: false },
  },
  ...{ stdin: true },
};
const asItWas = (container: object) => ({ ...container, resources: {} });
const LABEL = add('/metadata/labels/eks.amazonaws.com~1pod-identity', 'enabled');
const LABELS = add('/metadata/labels', { 'eks.amazonaws.com/pod-identity': 'enabled' });

suite('webhook', ({ scenario }) => {
  scenario('WH-30', 'a patch adds the settings of Pod Identity and changes nothing else of a container', {
    source: `${HANDLER}; webhook test data; RFC 6902, "add"`,
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
                ...{ name: 'app', image: 'i' },
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
              ...{ name: 'app', image: 'i' },
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
        ...{ kind: 'AdmissionReview', uid: UID, patchType: 'JSONPatch' },
        patch: JSON.stringify([...before, add('/spec/containers', containers)]),
      }),
    ),
  });

  scenario('WH-31', 'a patch adds the settings of IRSA, to init containers too, and no label', {
    source: `${HANDLER}; webhook test data`,
    ...ACCOUNTS,
    probes: (
      [
        ['web', { audience: 'sts.amazonaws.com', expirationSeconds: 3600, path: 'token' }],
        // An empty audience is none: the API server then takes its own.
        ['mute', { expirationSeconds: 3600, path: 'token' }],
      ] as const
    ).map(([account, token]) => {
      const container = (name: string) => ({
        ...{ name, image: 'i' },
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

  scenario('WH-32', 'a review that cannot be read is not allowed, and its answer says why', {
    source: `${HANDLER}, Handle; Kubernetes, apimachinery, pkg/runtime/serializer`,
    ...ACCOUNTS,
    probes: [
      succeeds(postToWebhook(JSON_TYPE, reviewOf('pi', {})), { allowed: true, patched: true }),
      // Neither what a pod leaves out nor what it is called matters.
      succeeds(postToWebhook(JSON_TYPE, bare({ spec: { serviceAccountName: 'pi' } })), { patched: true }),
      // An API server fills in the name that counts.
      ...[{}, { spec: {} }, { spec: { serviceAccount: 'pi' } }].map((pod) =>
        succeeds(postToWebhook(JSON_TYPE, bare(pod)), { patched: false }),
      ),
      ...['\n ', '\ufeff', '---\n', '--- \n'].map((before) =>
        succeeds(postToWebhook(JSON_TYPE, `${before}${reviewOf('pi', {})} \n`), { uid: UID, patched: true }),
      ),
      ...(
        [
          ['', 'bad content'],
          [' \n', 'bad content'],
          ['null', 'bad content'],
          ['{"kind":"AdmissionReview"}', 'bad content'],
          ['{"request":null}', 'bad content'],
          // Names of a review count in their own case alone, those of a pod in any.
          ['{"Request":{"object":{}}}', 'bad content'],
          ['{"request":{}}', 'unexpected end of JSON input'],
          ['{"request":{"object":null}}', 'unexpected end of JSON input'],
          ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
          ...['{"kind":', '{"kind":"A",', '{"a":{}'].map(
            (body) => [body, "couldn't get version/kind; json parse error: unexpected end of JSON input"] as const,
          ),
          ['{"apiVersion":5}', "couldn't get version/kind; json parse error: json: cannot unmarshal number"],
          ['{"kind":5}', "couldn't get version/kind; json parse error: json: cannot unmarshal number"],
          ['[]', "couldn't get version/kind; json parse error: json: cannot unmarshal array"],
          ['word', "couldn't get version/kind; json parse error: json: cannot unmarshal string"],
          ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
          ['{"request":"x"}', 'json: cannot unmarshal string into Go struct field AdmissionReview.request'],
          ['{"request":{"object":"x"}}', 'json: cannot unmarshal string into Go value of type v1.Pod'],
          ['{"request":{"object":{"SPEC":1}}}', 'json: cannot unmarshal number into Go struct field Pod.spec'],
        ] as const
      ).map(([body, message]) =>
        fails(postToWebhook(JSON_TYPE, body), {
          ...{ by: 'webhook', code: 'NotAllowed', status: 200, message },
          facts: {
            ...{ allowed: false, uid: '', patched: false, apiVersion: isAbsent },
            ...(body.includes('AdmissionReview') ? {} : { kind: isAbsent }),
          },
        }),
      ),
    ],
  });

  scenario('WH-33', 'the webhook looks at the form of a request, and at no method', {
    source: `${HANDLER}, Handle; Go, package net/http, Request.ParseForm`,
    ...ACCOUNTS,
    probes: [
      ...[{}, { method: 'PUT' }, { method: 'DELETE' }, { path: '/mutate?a=%41&b' }].map((options) =>
        succeeds(postToWebhook(JSON_TYPE, reviewOf('pi', {}), options), { patched: true }),
      ),
      ...(
        [
          ['text/plain', {}],
          ['application/json; charset=utf-8', {}],
          ['application/json;charset="utf-8"', {}],
          ['application/json;', {}],
          ['Application/JSON', {}],
          ['json', {}],
          ['', {}],
          ['application/x-www-form-urlencoded', {}],
          ['a/b/c', { method: 'DELETE' }],
          ['text/plain; a="b;\\"c"; d=e;', {}],
          [' text/plain ;a=b', {}],
          ['text/plain', { method: 'GET' }],
        ] as const
      ).map(([type, options]) =>
        fails(postToWebhook(type, 'a=1', options), {
          ...{ by: 'webhook', code: '415', status: 415 },
          message: 'Invalid Content-Type, expected `application/json`',
          facts: { contentType: 'text/plain; charset=utf-8' },
        }),
      ),
      ...(
        [
          ['a/b/c', 'x', {}],
          ['a b', 'x', {}],
          ['application/json; charset', 'x', {}],
          ['a/b/c', 'x', { method: 'PATCH' }],
          ['a/b/c', 'x', { method: 'PUT' }],
          ['application/x-www-form-urlencoded', 'a=1;b=2', {}],
          ['Application/X-WWW-Form-Urlencoded; a=b', 'a=%', { method: 'PUT' }],
          ['application/x-www-form-urlencoded ; a=b', 'a=%2', {}],
          // A query is looked at first, whatever the method.
          ...['/mutate?a=1;b=2', '/mutate?a=%zz', '/mutate?a=1&b=%4', '/mutate?%'].flatMap((path) =>
            [{ path }, { path, method: 'DELETE' }].map((options) => [JSON_TYPE, reviewOf('pi', {}), options] as const),
          ),
          ['text/plain; a', 'x', {}],
          ['text/plain; a="b', 'x', {}],
          ['text/', 'x', {}],
          ['/plain', 'x', {}],
          ['text/plain; =b', 'x', {}],
        ] as const
      ).map(([type, body, options]) =>
        fails(postToWebhook(type, body, options), {
          ...{ by: 'webhook', code: '400', status: 400, message: '{"error": "error parsing form"}' },
        }),
      ),
      ...['/', '/mutate/', '/Mutate', '/healthz/'].map((path) =>
        fails(postToWebhook(JSON_TYPE, '{}', { path }), { by: 'webhook', code: '404', message: '404 page not found' }),
      ),
      // What is not a review is no access: the answer tells.
      ...(['GET', 'POST'] as const).map((method) =>
        fails(postToWebhook('text/plain', 'x', { path: '/healthz', method }), {
          ...{ by: 'webhook', status: 200, message: 'ok', facts: { contentType: 'text/plain; charset=utf-8' } },
        }),
      ),
    ],
  });
});
