import { expect } from 'chai';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testCluster } from '../../../test/support/kubelet.ts';
import type { TestCluster } from '../../../test/support/kubelet.ts';
import type { Pod } from './spec.ts';

const container = (args: string[], further: object = {}) => ({ name: 'main', image: 'test', args, ...further });

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const state = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state;

function terminated(pod: Pod | undefined) {
  const found = state(pod);
  return found !== undefined && 'terminated' in found ? found.terminated : undefined;
}

function waitingReason(pod: Pod | undefined): string | undefined {
  const found = state(pod);
  return found !== undefined && 'waiting' in found ? found.waiting.reason : undefined;
}

describe('the kubelet', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await testCluster();
  });
  afterEach(() => cluster.close());

  it('creates the environment of a container only from its spec', async () => {
    process.env['KUBELET_TEST_LEAK'] = 'leaked';
    cluster.store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { COLOUR: 'red', SHAPE: 'round' },
    });
    cluster.store.create('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hidden', namespace: 'default' },
      data: { key: Buffer.from('s3cret').toString('base64') },
    });
    cluster.createPod(
      'env',
      {
        serviceAccountName: 'default',
        containers: [
          container(['env'], {
            envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'X_', secretRef: { name: 'hidden' } }],
            env: [
              { name: 'SHAPE', value: 'square' },
              { name: 'BOTH', value: '$(COLOUR)-$(SHAPE)-$(UNKNOWN)-$$(COLOUR)-$(HOSTNAME)-$(X$(SHAPE))' },
              { name: 'KEY', valueFrom: { secretKeyRef: { name: 'hidden', key: 'key' } } },
              { name: 'NO', valueFrom: { configMapKeyRef: { name: 'none', key: 'key', optional: true } } },
              // An optional, missing reference keeps the value from envFrom.
              { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'none', optional: true } } },
              { name: 'EARLY', value: '$(LATER) $$$(SHAPE) $()' },
              { name: 'LATER', value: 'later' },
              { name: 'TWICE', value: 'first' },
              { name: 'TWICE', value: 'second' },
              { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'TEAM', valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
              { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            ],
          }),
        ],
      },
      { labels: { team: 'blue' } },
    );
    await cluster.ended('env');
    delete process.env['KUBELET_TEST_LEAK'];
    const env = JSON.parse(await cluster.log('env')) as Record<string, string>;
    expect(env).to.include({
      COLOUR: 'red',
      SHAPE: 'square',
      EARLY: '$(LATER) $square $()',
      TWICE: 'second',
      BOTH: 'red-square-$(UNKNOWN)-$(COLOUR)-$(HOSTNAME)-$(X$(SHAPE))',
      KEY: 's3cret',
      X_key: 's3cret',
      NAME: 'env',
      TEAM: 'blue',
      IP: '127.0.0.1',
      HOSTNAME: 'env',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: '6443',
      METADATA_ENDPOINT: 'http://127.0.0.1:8003',
    });
    expect(env).to.not.have.any.keys('KUBELET_TEST_LEAK', 'NO', 'npm_config_user_agent');
  });

  it('reports phase, exit code, message, conditions and events of a terminated container', async () => {
    cluster.createPod('ends', {
      containers: [
        container(['write', '$(LOG)', 'the reason'], { env: [{ name: 'LOG', value: '/dev/termination-log' }] }),
      ],
    });
    const pod = await cluster.ended('ends');
    expect(pod.status?.phase).to.equal('Succeeded');
    expect(terminated(pod)).to.include({ exitCode: 0, reason: 'Completed', message: 'the reason' });
    expect(pod.status?.conditions?.find(({ type }) => type === 'Ready')).to.include({
      status: 'False',
      reason: 'PodCompleted',
    });
    expect(cluster.reasons('ends')).to.deep.equal(['Scheduled', 'Pulled', 'Created', 'Started']);
  });

  for (const [command, exitCode] of [
    [['exit', '3'], 3],
    [['die'], 137],
  ] as const) {
    it(`reports exit code ${exitCode} for ${command.join(' ')}`, async () => {
      cluster.createPod('fails', { containers: [container([...command])] });
      const pod = await cluster.ended('fails');
      expect(pod.status?.phase).to.equal('Failed');
      expect(terminated(pod)).to.include({ exitCode, reason: 'Error' });
    });
  }

  for (const [title, script, further, expected] of [
    [
      "a failed container's log with FallbackToLogsOnError",
      'echo words; exit 7',
      { terminationMessagePolicy: 'FallbackToLogsOnError' },
      'words',
    ],
    ['no log after success', 'echo words', { terminationMessagePolicy: 'FallbackToLogsOnError' }, undefined],
    ['no log by default', 'echo words; exit 7', {}, undefined],
    [
      'the file at terminationMessagePath',
      'printf own > said',
      {
        workingDir: '/state',
        terminationMessagePath: '/state/said',
        volumeMounts: [{ name: 'state', mountPath: '/state' }],
      },
      'own',
    ],
  ] as const) {
    it(`reports as termination message ${title}`, async () => {
      cluster.createPod('tells', {
        volumes: [{ name: 'state', emptyDir: {} }],
        containers: [{ name: 'main', image: 'shell', args: [script], ...further }],
      });
      expect(terminated(await cluster.ended('tells'))?.message?.trim()).to.equal(expected);
    });
  }

  for (const [title, containers, expected] of [
    ['is running', ['exec sleep 60'], 'Running Initialized ContainersReady Ready true'],
    ['has partly succeeded', ['exit 0', 'exec sleep 60'], 'Running Initialized false true'],
    ['has succeeded', ['exit 0'], 'Succeeded Initialized false'],
    ['has partly failed', ['exit 0', 'exit 7'], 'Failed Initialized false false'],
  ] as const) {
    it(`reports phase, conditions and readiness of a pod that ${title}`, async () => {
      cluster.createPod('told', {
        containers: containers.map((script, at) => ({ name: `c${at}`, image: 'shell', args: [script] })),
      });
      const statusWords = (pod: Pod | undefined): string => {
        const { phase = '', conditions = [], containerStatuses = [] } = pod?.status ?? {};
        const known = ['Initialized', 'ContainersReady', 'Ready'].filter((type) =>
          conditions.some((condition) => condition.type === type && condition.status === 'True'),
        );
        return [phase, ...known, ...containerStatuses.map(({ ready }) => String(ready))].join(' ');
      };
      const pod = await cluster.until('told', (seen) => statusWords(seen) === expected);
      expect(statusWords(pod)).to.equal(expected);
    });
  }

  it('restarts a successful container with restartPolicy Always', async () => {
    cluster.createPod('always', { restartPolicy: 'Always', containers: [container(['exit', '0'])] });
    const pod = await cluster.until('always', (seen) => waitingReason(seen) === 'CrashLoopBackOff');
    expect(pod?.status?.phase).to.equal('Running');
    expect(pod?.status?.containerStatuses?.[0]?.lastState?.terminated).to.include({ exitCode: 0, reason: 'Completed' });
  });

  it('restarts a failed init container with restartPolicy OnFailure', async () => {
    const volumeMounts = [{ name: 'state', mountPath: '/state' }];
    cluster.createPod('initialized', {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'state', emptyDir: {} }],
      initContainers: [
        {
          name: 'init',
          image: 'shell',
          args: ['test -e /state/ran && exit 0; touch /state/ran; exit 1'],
          volumeMounts,
        },
      ],
      containers: [container(['exit', '0'])],
    });
    const { status } = await cluster.ended('initialized');
    expect(status?.phase).to.equal('Succeeded');
    expect(status?.initContainerStatuses?.[0]).to.include({ restartCount: 1 });
    expect(status?.containerStatuses?.[0]).to.include({ restartCount: 0 });
  });

  it("restarts a sidecar regardless of the pod's restartPolicy", async () => {
    const volumeMounts = [{ name: 'state', mountPath: '/state' }];
    const fails = 'test -e /state/ran && touch /state/again && exec sleep 60; touch /state/ran; exit 1';
    cluster.createPod('helped', {
      volumes: [{ name: 'state', emptyDir: {} }],
      initContainers: [{ name: 'side', image: 'shell', args: [fails], restartPolicy: 'Always', volumeMounts }],
      containers: [
        { name: 'main', image: 'shell', args: ['until test -e /state/again; do sleep 0.01; done'], volumeMounts },
      ],
    });
    expect((await cluster.ended('helped')).status?.phase).to.equal('Succeeded');
  });

  it('reports why a program does not start', async () => {
    cluster.createPod('absent', { containers: [container([], { command: ['/no/such/program'] })] });
    const pod = await cluster.ended('absent');
    expect(terminated(pod)).to.include({ exitCode: 128, reason: 'StartError' });
    expect(terminated(pod)?.message).to.contain('/no/such/program');
  });

  it('keeps a pod with an unknown image waiting', async () => {
    cluster.createPod('pull', { containers: [{ name: 'main', image: 'nowhere/else:1' }] });
    const pod = await cluster.until('pull', (p) => waitingReason(p) === 'ImagePullBackOff');
    expect(pod?.status?.phase).to.equal('Pending');
    expect(() => cluster.kubelet.logs('default', 'pull', { container: 'main', follow: false })).to.throw(
      /waiting to start: ImagePullBackOff/,
    );
    cluster.deletePod('pull');
    await cluster.until('pull', (p) => p === undefined);
  });

  it('runs init containers one by one, and sidecars in parallel to the others', async () => {
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
    cluster.createPod('init', {
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [
        { name: 'one', image: 'shell', args: ['echo one >> /shared/order'], volumeMounts },
        {
          name: 'side',
          image: 'shell',
          args: ['echo side >> /shared/order; sleep 60'],
          volumeMounts,
          restartPolicy: 'Always',
        },
        {
          name: 'two',
          image: 'shell',
          args: ['while ! grep -q side /shared/order; do sleep 0.01; done; echo two >> /shared/order'],
          volumeMounts,
        },
      ],
      containers: [{ name: 'main', image: 'shell', args: ['cat /shared/order'], volumeMounts }],
    });
    const pod = await cluster.ended('init');
    expect(pod.status?.phase).to.equal('Succeeded');
    expect(await cluster.log('init', 'main')).to.equal('one\nside\ntwo\n');
    expect(pod.status?.initContainerStatuses?.map(({ state }) => state?.terminated !== undefined)).to.deep.equal([
      true,
      true,
      true,
    ]);
  });

  it('stops the sidecars of a deleted pod after its containers, in reverse order', async () => {
    const noting = (name: string) => ({
      name,
      image: 'shell',
      args: [`trap 'sleep 0.05; echo ${name} >> /shared/order; exit' TERM; echo up; while :; do sleep 0.01; done`],
      volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
    });
    const { metadata } = cluster.createPod('ordered', {
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: ['one', 'two'].map((name) => ({ ...noting(name), restartPolicy: 'Always' })),
      containers: [noting('main')],
    });
    await cluster.until('ordered', (pod) => pod?.status?.phase === 'Running');
    for (const container of ['one', 'two', 'main'])
      await cluster.kubelet.logs('default', 'ordered', { container, follow: true }).take(1).toArray();
    const order = openSync(join(cluster.directory, 'pods', metadata.uid ?? '', 'volumes', 'shared', 'order'), 'a+');
    cluster.deletePod('ordered');
    await cluster.until('ordered', (pod) => pod === undefined);
    expect(readFileSync(order, 'utf8')).to.equal('main\ntwo\none\n');
    closeSync(order);
  });

  it('fails a pod whose init container fails, without starting its containers', async () => {
    cluster.createPod('stops', {
      initContainers: [{ name: 'bad', image: 'shell', args: ['exit 4'] }],
      containers: [container(['env'])],
    });
    const pod = await cluster.ended('stops');
    expect(pod.status?.phase).to.equal('Failed');
    expect(pod.status?.containerStatuses?.[0]?.state).to.have.nested.property('waiting.reason', 'PodInitializing');
  });

  it('restarts a container and keeps the log of its previous run', async () => {
    cluster.createPod('again', {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'state', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          image: 'shell',
          args: ['echo run >> /state/runs; wc -l < /state/runs; test $(wc -l < /state/runs) -ge 3'],
          volumeMounts: [{ name: 'state', mountPath: '/state' }],
        },
      ],
    });
    const pod = await cluster.ended('again');
    expect(pod.status?.phase).to.equal('Succeeded');
    expect(pod.status?.containerStatuses?.[0]).to.include({ restartCount: 2 });
    expect((await cluster.log('again')).trim()).to.equal('3');
    const previous = await cluster.kubelet
      .logs('default', 'again', { container: 'main', follow: false, previous: true })
      .toArray();
    expect(
      Buffer.concat(previous as Buffer[])
        .toString()
        .trim(),
    ).to.equal('2');
    expect(cluster.reasons('again')).to.include('BackOff');
  });

  it('follows a log until the container ends', async () => {
    cluster.createPod('talks', { containers: [container(['lines', '5'])] });
    await cluster.until('talks', (pod) => pod?.status?.phase === 'Running');
    const lines = await cluster.kubelet.logs('default', 'talks', { container: 'main', follow: true }).toArray();
    expect(Buffer.concat(lines as Buffer[]).toString()).to.equal('line 0\nline 1\nline 2\nline 3\nline 4\n');
    const tail = await cluster.kubelet
      .logs('default', 'talks', { container: 'main', follow: false, tailLines: 2 })
      .toArray();
    expect(Buffer.concat(tail as Buffer[]).toString()).to.equal('line 3\nline 4\n');
  });

  it('returns the log of one of several containers', async () => {
    const [main, other] = [container(['lines', '1']), container(['lines', '2'])];
    cluster.createPod('two', { containers: [main, { ...other, name: 'other' }] });
    await cluster.ended('two');
    const lines = await cluster.kubelet.logs('default', 'two', { container: 'other', follow: false }).toArray();
    expect(Buffer.concat(lines as Buffer[]).toString()).to.equal('line 0\nline 1\n');
  });

  it('stops all processes of a deleted pod and removes its directory', async () => {
    const { metadata } = cluster.createPod('family', { containers: [container(['child'])] });
    await cluster.until('family', (pod) => pod?.status?.phase === 'Running');
    const stream = cluster.kubelet.logs('default', 'family', { container: 'main', follow: true });
    const [first] = (await stream.take(1).toArray()) as Buffer[];
    const child = Number(first?.toString());
    expect(alive(child)).to.be.true;
    cluster.deletePod('family');
    await cluster.until('family', (pod) => pod === undefined);
    expect(
      await readFile(`/proc/${child}/stat`, 'utf8').then(
        (stat) => stat.split(' ')[2] === 'Z',
        () => true,
      ),
    ).to.be.true;
    expect(existsSync(join(cluster.directory, 'pods', metadata.uid ?? ''))).to.be.false;
    expect(cluster.reasons('family')).to.include('Killing');
  });

  it('gives each pod its own /tmp', async () => {
    for (const name of ['one', 'other'])
      cluster.createPod(name, {
        containers: [container(['write', '/tmp/kubelet-test', name]), container(['env'], { name: 'env' })],
      });
    for (const name of ['one', 'other']) {
      const { uid = '' } = (await cluster.ended(name)).metadata;
      const root = join(cluster.directory, 'pods', uid, 'containers');
      expect(readFileSync(join(root, 'main', 'tmp', 'kubelet-test'), 'utf8')).to.equal(name);
      expect(JSON.parse(await cluster.log(name, 'env'))).to.include({ TMPDIR: join(root, 'env', 'tmp') });
    }
    expect(existsSync('/tmp/kubelet-test')).to.be.false;
  });

  it('kills a process that ignores SIGTERM after the grace period, and reports its exit code', async () => {
    cluster.createPod('stubborn', { containers: [container(['stubborn'])] });
    await cluster.until('stubborn', (pod) => pod?.status?.phase === 'Running');
    await cluster.kubelet.logs('default', 'stubborn', { container: 'main', follow: true }).take(1).toArray();
    cluster.deletePod('stubborn', 0.05);
    const over = await cluster.until('stubborn', (pod) => pod?.status?.phase === 'Failed');
    expect(terminated(over)).to.include({ exitCode: 137 });
    await cluster.until('stubborn', (pod) => pod === undefined);
  });

  it('waits for the config map of an environment variable', async () => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'a' } } }];
    cluster.createPod('waits', { containers: [container(['env'], { env })] });
    await cluster.until('waits', (p) => waitingReason(p) === 'CreateContainerConfigError');
    cluster.store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'late', namespace: 'default' },
      data: { a: 'here' },
    });
    await cluster.ended('waits');
    expect(JSON.parse(await cluster.log('waits'))).to.include({ A: 'here' });
  });

  it('runs a container as runAsUser if it has the rights', async () => {
    cluster.createPod('user', {
      securityContext: { runAsUser: 12345, runAsGroup: 54321 },
      containers: [{ name: 'main', image: 'shell', args: ['id -u; id -g'] }],
    });
    await cluster.ended('user');
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) expect(await cluster.log('user')).to.equal('12345\n54321\n');
    else expect(cluster.reasons('user')).to.include('RunAsUserIgnored');
  });
});
