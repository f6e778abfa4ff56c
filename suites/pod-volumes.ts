/** What a pod's volumes hold, as those with tokens do: files that the kubelet writes, their paths and modes. */
import { between, granted, readFile, refused, suite } from '../harness/index.ts';

/** Of every namespace: certificates of the cluster's authority. */
const CLUSTER_AUTHORITY = { name: 'kube-root-ca.crt' } as const;
const VAULT_TOKEN = {
  serviceAccountToken: { path: 'token', audience: 'vault.example.com', expirationSeconds: 700 },
} as const;
const PEM = between(200, 100_000);
const TOKEN = between(300, 5000);

suite('pod-identity', ({ scenario }) => {
  scenario('PI-34', "a pod's volumes hold what they name, each file at its path and with its mode", {
    source:
      'Kubernetes documentation, "Projected Volumes", "ConfigMaps", "Secrets" and "Downward API": items, mode, optional',
    workloads: {
      // Unlike a token's, a file's mode goes by its volume, whoever the containers run as.
      plain: { volumes: { '/opt/token': { projected: { defaultMode: 0o444, sources: [VAULT_TOKEN] } } } },
      // With a group of the pod's own its files are that group's too ("Configure a Security Context for a Pod or Container").
      grouped: {
        ...{ runAsUser: 1000, fsGroup: 2000 },
        volumes: { '/opt/token': { projected: { defaultMode: 0o444, sources: [VAULT_TOKEN] } } },
      },
      app: {
        runAsUser: 0,
        podAnnotations: { 'conformance-note': 'hello' },
        volumes: {
          '/opt/outer/inner': { configMap: CLUSTER_AUTHORITY },
          '/opt/outer': { emptyDir: {} },
          '/opt/pod': {
            downwardAPI: {
              items: [
                { path: 'note', fieldRef: { fieldPath: "metadata.annotations['conformance-note']" } },
                {
                  path: 'deep/er/note',
                  mode: 0o400,
                  fieldRef: { fieldPath: "metadata.annotations['conformance-note']" },
                },
              ],
            },
          },
          '/opt/map': { configMap: { ...CLUSTER_AUTHORITY, defaultMode: 0o440 } },
          '/opt/items': {
            configMap: {
              ...CLUSTER_AUTHORITY,
              ...{ optional: true, defaultMode: 0o440 },
              items: [
                { key: 'ca.crt', path: 'of/authority', mode: 0o600 },
                { key: 'ca.crt', path: 'again' },
                { key: 'none', path: 'none' },
              ],
            },
          },
          '/opt/secret': { secret: { secretName: 'conformance-tokens' } },
          '/opt/one.crt': { configMap: CLUSTER_AUTHORITY, subPath: 'ca.crt' },
          '/opt/all': {
            projected: {
              defaultMode: 0o444,
              sources: [
                VAULT_TOKEN,
                { configMap: { ...CLUSTER_AUTHORITY, items: [{ key: 'ca.crt', path: 'map/ca.crt' }] } },
                { secret: { name: 'conformance-tokens', items: [{ key: 'any', path: 'secret/any', mode: 0o400 }] } },
                {
                  downwardAPI: {
                    items: [{ path: 'note', fieldRef: { fieldPath: "metadata.annotations['conformance-note']" } }],
                  },
                },
                { configMap: { name: 'conformance-none', optional: true } },
                { secret: { name: 'conformance-none', optional: true } },
              ],
            },
          },
        },
      },
    },
    tokens: { any: { serviceAccount: 'app/app' } },
    probes: [
      ...(
        [
          ['/opt/outer/inner/ca.crt', PEM, '0644'],
          ['/opt/pod/note', 5, '0644'],
          ['/opt/pod/deep/er/note', 5, '0400'],
          ['/opt/map/ca.crt', PEM, '0440'],
          ['/opt/items/of/authority', PEM, '0600'],
          ['/opt/items/again', PEM, '0440'],
          ['/opt/secret/any', TOKEN, '0644'],
          ['/opt/one.crt', PEM, '0644'],
          ['/opt/all/token', TOKEN, '0600'],
          ['/opt/all/map/ca.crt', PEM, '0444'],
          ['/opt/all/secret/any', TOKEN, '0400'],
          ['/opt/all/note', 5, '0444'],
        ] as const
      ).map(([path, bytes, mode]) => granted('app', readFile(path), { facts: { bytes, mode } })),
      granted('grouped', readFile('/opt/token/token'), { facts: { bytes: TOKEN, mode: '0640' } }),
      granted('plain', readFile('/opt/token/token'), { facts: { bytes: TOKEN, mode: '0444' } }),
      ...['/opt/items/ca.crt', '/opt/items/none', '/opt/outer/ca.crt', '/opt/all/ca.crt', '/opt/pod/none'].map((path) =>
        refused('app', readFile(path), { by: 'injection', code: 'ENOENT' }),
      ),
    ],
  });
});
