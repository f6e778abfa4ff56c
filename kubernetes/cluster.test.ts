import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';
import { startCluster, type Cluster } from './index.ts';

describe('a cluster in this process', () => {
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

  it('runs a pod as a process, by its kubeconfig alone', async () => {
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

  it('lets nobody in without it', async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig.replace(/"token":"[^"]+"/, '"token":"guess"'));
    const error: unknown = await config
      .makeApiClient(CoreV1Api)
      .listNode()
      .catch((e: unknown) => e);
    expect((error as { code: number }).code).to.equal(401);
  });
});
