/** The service account that admission gives a pod, and its token. */
import { expect } from 'chai';
import { check, suite } from '../../harness/index.ts';
import { API_ACCESS } from '../lib/programs.ts';

suite('pods', ({ scenario }) => {
  scenario('RB-32', 'a pod has one service account, and each container gets its token unless disabled', {
    source:
      'Kubernetes documentation, "Managing Service Accounts", ServiceAccount admission controller; "Configure Service Accounts for Pods", opt out of API credential automounting; "Images", default image pull policy; API Reference, PodSpec and Volume',
    workloads: { app: {}, other: { serviceAccount: 'other' } },
    probes: [
      check('admission adds account, token and pull secrets', async ({ kubernetes, name }) => {
        const namespace = name('/api/v1/namespaces/<namespace:app>');
        const quiet = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'quiet' } };
        await kubernetes({
          method: 'POST',
          path: `${namespace}/serviceaccounts`,
          body: { ...quiet, automountServiceAccountToken: false, imagePullSecrets: [{ name: 'of-account' }] },
        });
        const container = (containerName: string, ...mountPaths: readonly string[]) => ({
          name: containerName,
          image: 'example.com/app:1',
          volumeMounts: mountPaths.map((mountPath) => ({ name: 'own', mountPath })),
        });
        const ownVolume = { name: 'own', emptyDir: {} };
        const admit = async (spec: object): Promise<object> => {
          const metadata = { name: 'admitted' };
          const pod = { containers: [container('one')], volumes: [ownVolume], ...spec };
          const path = `${namespace}/pods?dryRun=All`;
          const body = { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod };
          const answer = await kubernetes({ method: 'POST', path, body });
          if (answer.status !== 201) return { status: answer.status };
          const { spec: made } = JSON.parse(answer.body) as Admitted;
          const { serviceAccountName, serviceAccount, volumes = [], imagePullSecrets = [] } = made;
          const tokens = volumes.filter(({ projected }) =>
            projected?.sources.some((source) => source.serviceAccountToken?.expirationSeconds === 3607),
          );
          // The containers that mount the token, from its only volume.
          const mounts = [...(made.initContainers ?? []), ...made.containers].filter(({ volumeMounts = [] }) =>
            volumeMounts.some(
              (mount) => mount.mountPath === API_ACCESS && mount.name === tokens[0]?.name && mount.readOnly,
            ),
          );
          return {
            account: serviceAccountName,
            alias: serviceAccount,
            volumes: tokens.length,
            tokens: mounts.map((mount) => mount.name).join(),
            pulls: imagePullSecrets.map((secret) => secret.name).join(),
          };
        };
        const usual = { account: 'app', alias: 'app', volumes: 1, tokens: 'one', pulls: '' };
        const none = { ...usual, volumes: 0, tokens: '' };
        for (const [spec, expected] of [
          [{}, { ...usual, account: 'default', alias: 'default' }],
          [{ serviceAccountName: 'app' }, usual],
          [{ serviceAccount: 'app' }, usual],
          [{ serviceAccountName: 'app', serviceAccount: 'other' }, usual],
          [{ serviceAccountName: 'nobody' }, { status: 403 }],
          // Names must be unique, and mounts must name existing volumes.
          [{ serviceAccountName: 'app', volumes: [ownVolume, ownVolume] }, { status: 422 }],
          [{ serviceAccountName: 'app', volumes: [], containers: [container('one', '/own')] }, { status: 422 }],
          [{ serviceAccountName: 'app', containers: [container('one', '/own', '/own')] }, { status: 422 }],
          [{ serviceAccountName: 'app', containers: [container('one'), container('one')] }, { status: 422 }],
          [{ serviceAccountName: 'app', containers: [] }, { status: 422 }],
          [
            {
              serviceAccountName: 'app',
              initContainers: [container('init')],
              containers: [container('one', API_ACCESS), container('two', `${API_ACCESS}/more`), container('three')],
            },
            { ...usual, tokens: 'init,two,three' },
          ],
          [{ serviceAccountName: 'app', containers: [container('one', API_ACCESS)] }, none],
          [{ serviceAccountName: 'app', automountServiceAccountToken: false }, none],
          [
            { serviceAccountName: 'app', imagePullSecrets: [{ name: 'of-pod' }] },
            { ...usual, pulls: 'of-pod' },
          ],
          [{ serviceAccountName: 'quiet' }, { ...none, account: 'quiet', alias: 'quiet', pulls: 'of-account' }],
          [
            { serviceAccountName: 'quiet', automountServiceAccountToken: true, imagePullSecrets: [{ name: 'of-pod' }] },
            { ...usual, account: 'quiet', alias: 'quiet', pulls: 'of-pod' },
          ],
        ] as const)
          expect(await admit(spec), JSON.stringify(spec)).to.deep.equal(expected);
      }),
      check('omitted fields get defaults', async ({ kubernetes, name }) => {
        const pulls = {
          'example.com/app': 'Always',
          'example.com/app:latest': 'Always',
          'example.com:5000/app': 'Always',
          'example.com/app:1': 'IfNotPresent',
          [`example.com/app@sha256:${'0'.repeat(64)}`]: 'IfNotPresent',
        };
        const containers = Object.keys(pulls).map((image, i) => ({ name: `of-${i}`, image }));
        const volumes = [
          { name: 'none' },
          { name: 'map', configMap: { name: 'any' } },
          { name: 'secret', secret: { secretName: 'any' } },
          { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
        ];
        const answer = await kubernetes({
          method: 'POST',
          path: name('/api/v1/namespaces/<namespace:app>/pods?dryRun=All'),
          body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'admitted' }, spec: { containers, volumes } },
        });
        expect(answer.status).to.equal(201);
        const { spec } = JSON.parse(answer.body) as Admitted;
        expect(spec).to.include({ restartPolicy: 'Always', terminationGracePeriodSeconds: 30 });
        expect(spec.containers.map(({ imagePullPolicy }) => imagePullPolicy)).to.deep.equal(Object.values(pulls));
        expect(spec.volumes?.slice(0, 4)).to.deep.equal([
          { name: 'none', emptyDir: {} },
          { name: 'map', configMap: { name: 'any', defaultMode: 0o644 } },
          { name: 'secret', secret: { secretName: 'any', defaultMode: 0o644 } },
          {
            name: 'token',
            projected: {
              sources: [{ serviceAccountToken: { expirationSeconds: 3600, path: 'token' } }],
              defaultMode: 0o644,
            },
          },
        ]);
      }),
    ],
  });
});

/** The checked fields of an admitted pod. */
interface Admitted {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly serviceAccount: string;
    readonly imagePullSecrets?: readonly Named[];
    readonly volumes?: readonly (Named & {
      readonly projected?: {
        readonly sources: readonly { readonly serviceAccountToken?: { readonly expirationSeconds: number } }[];
      };
    })[];
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
  };
}

interface Named {
  readonly name: string;
}

interface Container extends Named {
  readonly imagePullPolicy?: string;
  readonly volumeMounts?: readonly (Named & { readonly mountPath: string; readonly readOnly?: boolean })[];
}
