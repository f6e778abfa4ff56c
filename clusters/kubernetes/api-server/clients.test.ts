import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CoreV1Api, KubeConfig, PatchStrategy, Watch, setHeaderOptions } from '@kubernetes/client-node';
import { expect } from 'chai';
import { startTestCluster, type TestCluster } from '../../../test/support/api-server.ts';
import { findKubectl } from '../../../test/support/kubectl.ts';

function kubeConfig({ server }: TestCluster, user: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'embedded',
        cluster: {
          server: server.url,
          'certificate-authority-data': Buffer.from(server.certificateAuthority).toString('base64'),
        },
      },
    ],
    users: [{ name: 'user', user: { token: `user:${user}` } }],
    contexts: [{ name: 'embedded', context: { cluster: 'embedded', user: 'user' } }],
    'current-context': 'embedded',
  };
}

describe('@kubernetes/client-node', () => {
  let cluster: TestCluster;
  let config: KubeConfig;
  let core: CoreV1Api;
  before(async () => {
    cluster = await startTestCluster();
    config = new KubeConfig();
    config.loadFromString(JSON.stringify(kubeConfig(cluster, 'admin')));
    core = config.makeApiClient(CoreV1Api);
  });
  after(() => cluster.close());

  const namespace = 'default';

  it('creates, reads, patches, applies, lists and deletes objects', async () => {
    const spec = { containers: [{ name: 'app', image: 'app:1' }] };
    const created = await core.createNamespacedPod({ namespace, body: { metadata: { name: 'typed' }, spec } });
    expect(created.metadata?.creationTimestamp).to.be.instanceOf(Date);
    const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    const body = { metadata: { annotations: { step: 'two' } } };
    const patched = await core.patchNamespacedPod({ namespace, name: 'typed', body }, merge);
    expect(patched.metadata?.annotations).to.deep.equal({ step: 'two' });
    const listed = await core.listNamespacedPod({ namespace, fieldSelector: 'metadata.name=typed' });
    expect(listed.items.map((item) => item.spec?.serviceAccountName)).to.deep.equal(['default']);
    const apply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { a: '1' } };
    const request = { namespace, name: 'applied', fieldManager: 'test', force: true };
    await core.patchNamespacedConfigMap({ ...request, body: configMap }, apply);
    const again = await core.patchNamespacedConfigMap({ ...request, body: { ...configMap, data: { b: '2' } } }, apply);
    expect(again.data).to.deep.equal({ b: '2' });
    await core.deleteNamespacedPod({ namespace, name: 'typed' });
    const error: unknown = await core.readNamespacedPod({ namespace, name: 'typed' }).catch((e: unknown) => e);
    expect((error as { code: number }).code).to.equal(404);
  });

  it('requests tokens and reads logs', async () => {
    const token = await core.createNamespacedServiceAccountToken({
      namespace,
      name: 'default',
      body: { spec: { audiences: ['x'], expirationSeconds: 600 } },
    });
    expect(token.status?.token.split('.')).to.have.length(3);
    const spec = { containers: [{ name: 'app', image: 'app:1' }] };
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'logged' }, spec } });
    expect(await core.readNamespacedPodLog({ namespace, name: 'logged' })).to.equal('log of default/logged/app\n');
  });

  it('watches objects', async () => {
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      void new Watch(config).watch(
        `/api/v1/namespaces/${namespace}/secrets`,
        {},
        (type, object: { metadata: { name: string } }) => {
          seen.push(`${type} ${object.metadata.name}`);
          if (type === 'ADDED') void core.deleteNamespacedSecret({ namespace, name: 'watched' });
          if (type === 'DELETED') resolve();
        },
        reject,
      );
      core.createNamespacedSecret({ namespace, body: { metadata: { name: 'watched' } } }).catch(reject);
    });
    expect(seen).to.deep.equal(['ADDED watched', 'DELETED watched']);
  });
});

describe('kubectl', function () {
  const program = findKubectl();
  let cluster: TestCluster;
  let directory: string;
  before(async function () {
    if (program === undefined) return this.skip();
    directory = await mkdtemp(join(tmpdir(), 'kubectl-'));
    cluster = await startTestCluster();
    for (const user of ['admin', 'bob']) {
      await writeFile(join(directory, user), JSON.stringify(kubeConfig(cluster, user)));
    }
    const manifest = (label: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default', labels: { label } },
      spec: { containers: [{ name: 'app', image: 'app:1' }] },
    });
    await writeFile(join(directory, 'one.json'), JSON.stringify(manifest('one')));
    await writeFile(join(directory, 'two.json'), JSON.stringify(manifest('two')));
  });
  after(async () => {
    if (program === undefined) return;
    await cluster.close();
    await rm(directory, { recursive: true });
  });

  /** Returns the output of both streams, even if the command fails. */
  async function kubectl(command: string, user = 'admin'): Promise<string> {
    const env = { ...process.env, KUBECONFIG: join(directory, user), HOME: directory };
    const run = promisify(execFile)(program ?? '', command.split(' '), { env, cwd: directory });
    const { stdout, stderr } = await run.catch((error: unknown) => error as { stdout: string; stderr: string });
    return stdout + stderr;
  }

  const steps: readonly [command: string, expected: RegExp, user?: string][] = [
    ['apply -f one.json', /pod\/web created/],
    ['apply -f two.json', /pod\/web configured/],
    [
      'get pods -o wide --show-labels',
      /NAME +READY +STATUS +RESTARTS +AGE +IP +NODE.*\nweb +0\/1 +Pending +0 .*label=two/,
    ],
    ['apply --server-side --field-manager=x --force-conflicts -f one.json', /pod\/web serverside-applied/],
    ['label pod web extra=1', /pod\/web labeled/],
    ['get pod web -o jsonpath={.metadata.labels}', /\{"extra":"1","label":"one"\}/],
    ['describe pod web', /Service Account: +default[^]*TokenExpirationSeconds: +3607/],
    ['logs web', /^log of default\/web\/app/],
    ['wait --for=jsonpath={.status.phase}=Pending pod/web --timeout=5s', /condition met/],
    ['create namespace red', /namespace\/red created/],
    ['create serviceaccount app -n red', /serviceaccount\/app created/],
    ['create token app -n red --duration=10m --audience=x', /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/m],
    ['create token app -n red --duration=1m', /may not specify a duration less than 10 minutes/],
    ['create secret generic s --from-literal=a=b', /secret\/s created/],
    ['auth can-i list pods -n red', /^no/, 'bob'],
    ['create rolebinding bob-views --clusterrole=view --user=bob -n red', /rolebinding.*created/],
    ['auth can-i list pods -n red', /^yes/, 'bob'],
    ['get pods -n default', /Forbidden.*User "bob" cannot list resource "pods"/, 'bob'],
    ['get pods -n default --as=bob', /Forbidden.*User "bob" cannot list/],
    ['auth whoami', /Username +admin/],
    ['delete namespace red --timeout=10s', /namespace "red" deleted/],
    ['delete pod web --timeout=10s', /pod "web" deleted/],
    ['get all -A', /No resources found/],
  ];
  for (const [command, expected, user] of steps) {
    it(`${command}${user === undefined ? '' : ` (as ${user})`}`, async () => {
      expect(await kubectl(command, user)).to.match(expected);
    });
  }
});
