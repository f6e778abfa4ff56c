import { AdmissionregistrationV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { findKubectl } from '../../test/support/kubectl.ts';
import { startCluster, type Cluster } from '../../test/support/cluster.ts';

describe('an in-process cluster', () => {
  let cluster: Cluster;
  let core: CoreV1Api;
  before(async () => {
    cluster = await startCluster({ images: new Map([['shell', { entrypoint: ['/bin/sh', '-c'] }]]) });
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
  });
  after(() => cluster.close());

  const namespace = 'default';

  it('runs a pod as a process, with only a kubeconfig', async () => {
    const spec = {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          image: 'shell',
          args: ['echo "$GREETING from $HOSTNAME"'],
          env: [{ name: 'GREETING', value: 'hello' }],
        },
      ],
    };
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'greeter' }, spec } });
    let phase: string | undefined;
    while (phase !== 'Succeeded') {
      await pause(10);
      phase = (await core.readNamespacedPod({ namespace, name: 'greeter' })).status?.phase;
    }
    expect(await core.readNamespacedPodLog({ namespace, name: 'greeter' })).to.equal('hello from greeter\n');
  });

  it('asks admission webhooks about tokens of pods, and mounts a volume once they allow it', async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig);
    const admission = config.makeApiClient(AdmissionregistrationV1Api);
    const webhook = {
      name: 'tokens.example.com',
      clientConfig: { url: 'https://127.0.0.1:1/' },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['serviceaccounts/token'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    };
    const body = { metadata: { name: 'tokens' }, webhooks: [webhook] };
    await admission.createValidatingWebhookConfiguration({ body });
    const spec = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'shell', args: ['true'] }] };
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'waits' }, spec } });
    const failures = async () =>
      (await core.listNamespacedEvent({ namespace })).items.filter(
        ({ reason, involvedObject }) => reason === 'FailedMount' && involvedObject.name === 'waits',
      );
    while ((await failures()).length === 0) await pause(10);
    expect((await failures())[0]?.message).to.contain('failed calling webhook "tokens.example.com"');
    await admission.deleteValidatingWebhookConfiguration({ name: 'tokens' });
    const phase = async () => (await core.readNamespacedPod({ namespace, name: 'waits' })).status?.phase;
    while ((await phase()) !== 'Succeeded') await pause(10);
  });

  it('denies access without the kubeconfig', async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig.replace(/"token":"[^"]+"/, '"token":"guess"'));
    const error: unknown = await config
      .makeApiClient(CoreV1Api)
      .listNode()
      .catch((e: unknown) => e);
    expect((error as { code: number }).code).to.equal(401);
  });

  describe('kubectl', function () {
    const program = findKubectl();
    let directory: string;
    before(async function () {
      if (program === undefined) return this.skip();
      directory = await mkdtemp(join(tmpdir(), 'kubectl-'));
      await writeFile(join(directory, 'config'), cluster.kubeconfig, { mode: 0o600 });
    });
    after(() => (program === undefined ? undefined : rm(directory, { recursive: true })));

    const steps: readonly [command: string, expected: RegExp][] = [
      ['create deployment web --image=shell --replicas=2 -- sleep 600', /web created/],
      ['rollout status deployment/web --timeout=20s', /successfully rolled out/],
      ['scale deployment/web --replicas=1', /web scaled/],
      ['wait --for=jsonpath={.status.replicas}=1 deployment/web --timeout=20s', /condition met/],
      ['get deployment web', /web +1\/1 +1 +1 /],
      ['create job once --image=shell -- echo hello', /once created/],
      ['wait --for=condition=complete job/once --timeout=20s', /condition met/],
      ['logs job/once', /^hello$/m],
      ['get jobs', /once +Complete +1\/1 /],
      ['delete deployment,job --all', /"web" deleted[^]*"once" deleted/],
      ['create cronjob each --image=shell --schedule=@daily -- true', /this cluster does not support cronjobs.batch/],
    ];
    for (const [command, expected] of steps) {
      it(command, async () => {
        const env = { ...process.env, KUBECONFIG: join(directory, 'config'), HOME: directory };
        const run = promisify(execFile)(program ?? '', command.split(' '), { env, cwd: directory });
        const { stdout, stderr } = await run.catch((error: unknown) => error as { stdout: string; stderr: string });
        expect(stdout + stderr).to.match(expected);
      });
    }
  });
});
