/** Files of volumes: paths, modes, users, and missing keys. */
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, check, granted, readFile, suite, type WorkloadSpec } from '../../harness/index.ts';
import { askerOf } from '../lib/namespace-requests.ts';
import {
  CLUSTER_AUTHORITY,
  lacks,
  LATE,
  lists,
  MAP_OF_SETTINGS,
  MAPS,
  NOTE,
  PEM,
  reads,
  SETTINGS,
  type Answered,
} from './lib/volumes.ts';
import { API_ACCESS } from '../lib/programs.ts';

const VAULT_TOKEN = {
  serviceAccountToken: { path: 'token', audience: 'vault.example.com', expirationSeconds: 700 },
} as const;
const TOKEN_VOLUME = { '/opt/token': { projected: { defaultMode: 0o444, sources: [VAULT_TOKEN] } } };
const TOKEN = between(300, 5000);
const MISSING_KEY = /non-existent (config |secret )?key: late|"conformance-late" not found/;
const WAITING = ['unset', 'mandatory', 'absent'];
/** Files that only their owner could read. */
const OWNER_ONLY_VOLUMES = {
  '/opt/map': { configMap: { ...CLUSTER_AUTHORITY, defaultMode: 0o400 } },
  '/opt/secret': { secret: { secretName: 'conformance-tokens', defaultMode: 0o600 } },
  '/opt/pod': {
    downwardAPI: { items: [{ ...NOTE, mode: 0o200 }] },
  },
};
/** Returns volumes of each kind, and one nested in another. */
const volumesWith = (secret: string) => ({
  '/opt/outer/inner': { configMap: CLUSTER_AUTHORITY },
  '/opt/outer': { emptyDir: {} },
  '/opt/pod': {
    downwardAPI: { items: [NOTE, { ...NOTE, path: 'deep/er/note', mode: 0o400 }] },
  },
  '/opt/map': { configMap: { ...CLUSTER_AUTHORITY, defaultMode: 0o440 } },
  '/opt/items': {
    configMap: {
      ...CLUSTER_AUTHORITY,
      optional: true,
      defaultMode: 0o440,
      items: [
        { key: 'ca.crt', path: 'of/authority', mode: 0o600 },
        { key: 'ca.crt', path: 'again' },
        { key: 'none', path: 'none' },
      ],
    },
  },
  // An empty list of items counts as no list.
  '/opt/secret': { secret: { secretName: secret, items: [] } },
  '/opt/one.crt': { configMap: CLUSTER_AUTHORITY, subPath: 'ca.crt' },
  '/opt/folder': {
    configMap: { ...CLUSTER_AUTHORITY, items: [{ key: 'ca.crt', path: 'a/b/ca.crt', mode: 0o440 }] },
    subPath: 'a/b',
  },
  '/opt/all': {
    projected: {
      defaultMode: 0o444,
      sources: [
        VAULT_TOKEN,
        { configMap: { ...CLUSTER_AUTHORITY, items: [{ key: 'ca.crt', path: 'map/ca.crt' }] } },
        { secret: { name: secret, items: [{ key: 'any', path: 'secret/any', mode: 0o400 }] } },
        { downwardAPI: { items: [NOTE] } },
        { configMap: { name: 'conformance-none', optional: true } },
        { secret: { name: 'conformance-none', optional: true } },
      ],
    },
  },
});

suite('volumes', ({ scenario }) => {
  scenario('PI-34', "a pod's volumes contain their files, each at its path and with its mode", {
    source:
      'Kubernetes documentation, "Projected Volumes", "ConfigMaps", "Secrets" and "Downward API": items, mode, optional',
    workloads: {
      // The mode of a file comes from its volume. The mode of a token also depends on the users of the containers.
      plain: { volumes: TOKEN_VOLUME },
      // With an fsGroup, the files also belong to that group ("Configure a Security Context for a Pod or Container").
      grouped: {
        runAsUser: 1000,
        fsGroup: 2000,
        podAnnotations: { 'conformance-note': 'hello' },
        volumes: { ...TOKEN_VOLUME, ...OWNER_ONLY_VOLUMES },
      },
      // If containers have different users, including init containers, all of them must be able to read the token.
      mixed: { container: 'init', runAsUser: 1000, mainRunAsUser: 2000, volumes: TOKEN_VOLUME },
      app: {
        runAsUser: 0,
        automountServiceAccountToken: true,
        podAnnotations: { 'conformance-note': 'hello' },
        volumes: volumesWith('conformance-tokens'),
      },
    },
    tokens: { any: { serviceAccount: 'app/app' } },
    probes: [
      ...reads(
        'app',
        ['/opt/outer/inner/ca.crt', PEM, '0644'],
        ['/opt/pod/note', 5, '0644'],
        ['/opt/pod/deep/er/note', 5, '0400'],
        ['/opt/map/ca.crt', PEM, '0440'],
        ['/opt/items/of/authority', PEM, '0600'],
        ['/opt/items/again', PEM, '0440'],
        ['/opt/secret/any', TOKEN, '0644'],
        ['/opt/one.crt', PEM, '0644'],
        ['/opt/folder/ca.crt', PEM, '0440'],
        ['/opt/all/token', TOKEN, '0600'],
        ['/opt/all/map/ca.crt', PEM, '0444'],
        ['/opt/all/secret/any', TOKEN, '0400'],
        ['/opt/all/note', 5, '0444'],
      ),
      ...reads(
        'grouped',
        ['/opt/token/token', TOKEN, '0640'],
        ['/opt/map/ca.crt', PEM, '0440'],
        ['/opt/secret/any', TOKEN, '0640'],
        ['/opt/pod/note', 5, '0640'],
      ),
      // The files for API access, which every pod gets.
      lists(API_ACCESS, 'ca.crt,namespace,token'),
      ...reads('app', [`${API_ACCESS}/ca.crt`, PEM, '0644'], [`${API_ACCESS}/namespace`, between(1, 63), '0644']),
      ...['plain', 'mixed'].flatMap((pod) => reads(pod, ['/opt/token/token', TOKEN, '0444'])),
      check('invalid paths, fields and token lifetimes are rejected', async ({ kubernetes, name }) => {
        const path = name('/api/v1/namespaces/<namespace:app>/pods?dryRun=All');
        const ask = (volume: object): Promise<{ readonly status: number; readonly body: string }> => {
          const containers = [{ name: 'app', image: 'none' }];
          const spec = { serviceAccountName: 'app', containers, volumes: [{ name: 'files', ...volume }] };
          const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'conformance-files' }, spec };
          return kubernetes({ method: 'POST', path, body });
        };
        for (const out of ['../x', '/x', 'a/../../x', 'a/..', '..x', '']) {
          const items = [{ key: 'ca.crt', path: out }];
          const token = { ...VAULT_TOKEN.serviceAccountToken, path: out };
          const named = [{ path: out, fieldRef: { fieldPath: 'metadata.name' } }];
          for (const volume of [
            { configMap: { ...CLUSTER_AUTHORITY, items } },
            { secret: { secretName: 'conformance-tokens', items } },
            { downwardAPI: { items: named } },
            { projected: { sources: [{ configMap: { ...CLUSTER_AUTHORITY, items } }] } },
            { projected: { sources: [{ serviceAccountToken: token }] } },
          ])
            expect((await ask(volume)).status, `rejection of ${JSON.stringify(volume)}`).to.equal(422);
        }
        for (const [expirationSeconds, status] of [
          [599, 422],
          [600, 201],
          [2 ** 32, 201],
          [2 ** 32 + 1, 422],
        ] as const) {
          const token = { ...VAULT_TOKEN.serviceAccountToken, expirationSeconds };
          const answer = await ask({ projected: { sources: [{ serviceAccountToken: token }] } });
          expect(answer.status, `a token of ${expirationSeconds} s`).to.equal(status);
        }
        // Files cannot contain fields that are set after admission, although variables can.
        const known = ['metadata.name', 'metadata.labels', "metadata.annotations['a']"];
        const later = ['spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.podIP'];
        for (const fieldPath of [...known, ...later]) {
          const status = known.includes(fieldPath) ? 201 : 422;
          const items = [{ path: 'field', fieldRef: { fieldPath } }];
          for (const volume of [{ downwardAPI: { items } }, { projected: { sources: [{ downwardAPI: { items } }] } }])
            expect((await ask(volume)).status, JSON.stringify(volume)).to.equal(status);
        }
        const within = [{ key: 'ca.crt', path: 'a/..b/x..' }];
        expect(await ask({ configMap: { ...CLUSTER_AUTHORITY, items: within } })).to.include({ status: 201 });
        const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conformance-keys' } };
        for (const key of ['../x', 'a/b', '..', '.', '..x', '', 'a b']) {
          const body = { ...map, data: { [key]: 'x' } };
          const answer = await kubernetes({ method: 'POST', path: `${name(MAPS)}?dryRun=All`, body });
          expect(answer, `rejection of key ${JSON.stringify(key)}`).to.include({ status: 422 });
        }
      }),
      ...['/opt/items/ca.crt', '/opt/items/none', '/opt/outer/ca.crt', '/opt/all/ca.crt', '/opt/pod/none'].map(lacks),
    ],
  });

  scenario('PI-36', 'a pod starts with volumes of each kind, and with its own user and group', {
    source:
      'Kubernetes documentation, "Volumes", "Projected Volumes" and "Configure a Security Context for a Pod or Container"',
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('each pod starts', async (context) => {
        const { name } = context;
        const ask = askerOf<Answered>(context);
        const { spec: sane } = await ask('GET', `pods/${name('<pod:app>')}`);
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'conformance-secret' } };
        await ask('POST', 'secrets', { ...secret, data: { any: Buffer.from('any').toString('base64') } });
        await ask('POST', 'configmaps', { ...MAP_OF_SETTINGS, data: { kept: 'x' } });
        const settings = { '/opt/map': { configMap: SETTINGS }, '/opt/once': { configMap: SETTINGS, subPath: 'kept' } };
        const pods: readonly (readonly [string, Volumes, object])[] = [
          ['all', volumesWith(secret.metadata.name), { runAsUser: 0 }],
          ['grouped', { ...TOKEN_VOLUME, '/opt/empty': { emptyDir: {} } }, { runAsUser: 1000, fsGroup: 2000 }],
          ['settings', settings, {}],
        ];
        const annotations = { 'conformance-note': 'hello' };
        for (const [pod, volumes, securityContext] of pods) {
          await ask('POST', 'pods', podWith(`conformance-${pod}`, sane, volumes, { annotations, securityContext }));
        }
        for (const [pod] of pods) await started(ask, `conformance-${pod}`);
      }),
    ],
  });

  scenario('PI-38', 'a pod waits for the keys that its volumes name, unless they are optional', {
    source: 'Kubernetes API Reference, ConfigMapVolumeSource and SecretProjection: items and optional',
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('pods start once their keys exist', async (context) => {
        const { name } = context;
        const ask = askerOf<Answered>(context);
        const { spec } = await ask('GET', `pods/${name('<pod:app>')}`);
        await ask('POST', 'configmaps', { ...MAP_OF_SETTINGS, data: { kept: 'x' } });
        const items = [{ key: 'late', path: 'late' }];
        const volumes = {
          unset: {},
          mandatory: { optional: false },
          optional: { optional: true },
          // A missing config map also prevents the start.
          absent: LATE,
        };
        for (const [pod, more] of Object.entries(volumes))
          await ask('POST', 'pods', podWith(pod, spec, { '/opt/map': { configMap: { ...SETTINGS, items, ...more } } }));
        await started(ask, 'optional');
        for (const pod of WAITING) {
          const messages = await whatKeeps(ask, pod, MISSING_KEY);
          expect(messages, `why pod ${pod} does not start`).not.to.equal(undefined);
        }
        await ask('PUT', `configmaps/${SETTINGS.name}`, { ...MAP_OF_SETTINGS, data: { late: 'x' } });
        await ask('POST', 'configmaps', { ...MAP_OF_SETTINGS, metadata: LATE, data: { late: 'x' } });
        for (const pod of WAITING) await started(ask, pod, MISSING_KEY);
      }),
    ],
  });
});

type Volumes = NonNullable<WorkloadSpec['volumes']>;

type Ask = ReturnType<typeof askerOf<Answered>>;

/** Returns a pod with the image of another, which mounts these volumes and ends. */
function podWith(
  name: string,
  { containers: [like] }: Answered['spec'],
  volumes: Volumes,
  { annotations = {}, securityContext = {} }: { readonly annotations?: object; readonly securityContext?: object } = {},
): object {
  const mounted = Object.entries(volumes).map(([mountPath, { subPath, ...source }], index) => ({
    mountPath,
    source,
    name: `v${index}`,
    ...(subPath !== undefined && { subPath }),
  }));
  const container = {
    name: 'app',
    image: like?.image,
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'PROBE_PLAN', value: '{"phases":[]}' }],
    volumeMounts: mounted.map(({ source: _, ...mount }) => mount),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations },
    spec: {
      serviceAccountName: 'app',
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      securityContext,
      containers: [container],
      volumes: mounted.map(({ name: volume, source }) => ({ name: volume, ...source })),
    },
  };
}

const LONGEST_MILLISECONDS = 25_000;

/** Messages of a kubelet that is busy or lacks the image. */
const BUSY = /\btime|cache|image/i;

/** Waits until a pod's container has started. Fails if the kubelet reports a reason; throws if it is only late. */
async function started(ask: Ask, name: string, known = BUSY): Promise<void> {
  const messages = await whatKeeps(ask, name);
  if (messages === undefined) return;
  const reasons = messages.filter((message) => !BUSY.test(message) && !known.test(message));
  expect(reasons.join('; '), `why pod ${name} does not start`).to.equal('');
  throw new Error(`Timed out after ${LONGEST_MILLISECONDS / 1000} s waiting for pod ${name} to start.`);
}

/**
 * Waits until a pod's container has started or failed, until the kubelet reports a message like `enough`, or until a time limit.
 * Returns undefined after a start, otherwise the kubelet's messages.
 */
async function whatKeeps(ask: Ask, name: string, enough?: RegExp): Promise<readonly string[] | undefined> {
  const end = Date.now() + LONGEST_MILLISECONDS;
  for (;;) {
    const { status, metadata } = await ask('GET', `pods/${name}`);
    const { running, terminated } = status.containerStatuses?.[0]?.state ?? {};
    if ((running ?? terminated) !== undefined) return undefined;
    const { items } = await ask('GET', 'events');
    const messages = items
      .filter(({ reason, involvedObject: { uid } }) => /^Failed(Mount)?$/.test(reason) && uid === metadata.uid)
      .map(({ message }) => message);
    if (status.phase === 'Failed' || Date.now() >= end || messages.some((message) => enough?.test(message)))
      return messages;
    await sleep(200);
  }
}
