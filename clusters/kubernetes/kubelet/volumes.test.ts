import { expect } from 'chai';
import { existsSync, lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { testCluster } from '../../../test/support/kubelet.ts';
import type { TestCluster } from '../../../test/support/kubelet.ts';
import type { Pod, PodSpec } from './spec.ts';

const MOUNT = '/var/run/secrets/example.com/serviceaccount';
const HOUR = 3_600_000;

function tokenPod(expirationSeconds: number, further: Partial<PodSpec> = {}): Partial<PodSpec> {
  return {
    volumes: [
      {
        name: 'token',
        projected: {
          sources: [{ serviceAccountToken: { audience: 'vault', expirationSeconds, path: 'token' } }],
        },
      },
    ],
    containers: [{ name: 'main', image: 'test', args: ['hold'], volumeMounts: [{ name: 'token', mountPath: MOUNT }] }],
    ...further,
  };
}

describe('pod volumes', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await testCluster();
  });
  afterEach(() => cluster.close());

  const root = (pod: Pod, container = 'main'): string =>
    join(cluster.directory, 'pods', pod.metadata.uid ?? '', 'containers', container);
  const eventually = async (check: () => boolean): Promise<void> => {
    while (!check()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it("contain a token bound to pod and node, through a kubelet's symbolic links", async () => {
    const pod = cluster.createPod('token', tokenPod(3600));
    await cluster.ready('token');
    const directory = join(root(pod), MOUNT);
    expect(readFileSync(join(directory, 'token'), 'utf8')).to.equal('token-1');
    expect(readlinkSync(join(directory, 'token'))).to.equal('..data/token');
    expect(lstatSync(join(directory, '..data')).isSymbolicLink()).to.be.true;
    expect(cluster.tokenRequests).to.deep.equal([
      {
        audiences: ['vault'],
        expirationSeconds: 3600,
        pod: { name: 'token', uid: pod.metadata.uid },
        node: { name: 'node-1', uid: 'node-uid' },
      },
    ]);
  });

  for (const { title, lifetime, before, after } of [
    { title: '80 % of its lifetime', lifetime: 3600, before: 0.79 * HOUR, after: 0.02 * HOUR },
    { title: '24 hours', lifetime: 40 * 3600, before: 23.9 * HOUR, after: 0.2 * HOUR },
  ]) {
    it(`rotate a token after ${title}, not before`, async () => {
      const pod = cluster.createPod('rotate', tokenPod(lifetime));
      await cluster.ready('rotate');
      const file = join(root(pod), MOUNT, 'token');
      const generation = readlinkSync(join(root(pod), MOUNT, '..data'));
      cluster.clock.advance(before);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(readFileSync(file, 'utf8')).to.equal('token-1');
      cluster.clock.advance(after);
      await eventually(() => readFileSync(file, 'utf8') === 'token-2');
      expect(readlinkSync(join(root(pod), MOUNT, '..data'))).to.not.equal(generation);
      expect(cluster.tokenRequests).to.have.length(2);
    });
  }

  for (const { title, spec, mode } of [
    { title: 'no user', spec: {}, mode: 0o644 },
    { title: 'one user for all containers', spec: { securityContext: { runAsUser: 4000 } }, mode: 0o600 },
    { title: 'an fsGroup', spec: { securityContext: { fsGroup: 5000 } }, mode: 0o640 },
  ]) {
    it(`create the token file with mode ${mode.toString(8)} for ${title}`, async () => {
      const pod = cluster.createPod('modes', tokenPod(3600, spec));
      await cluster.ready('modes');
      const { mode: found, uid, gid } = statSync(join(root(pod), MOUNT, 'token'));
      expect(found & 0o777).to.equal(mode);
      if (process.geteuid?.() !== 0) return;
      expect([uid, gid]).to.deep.equal([spec.securityContext?.runAsUser ?? 0, spec.securityContext?.fsGroup ?? 0]);
    });
  }

  it('belong to the fsGroup', async () => {
    cluster.store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { key: 'value' },
    });
    // Without items, the volume has a file for every key.
    const volumes = [{ name: 'token', configMap: { name: 'settings', defaultMode: 0o200, items: [] } }];
    const pod = cluster.createPod('grouped', tokenPod(3600, { volumes, securityContext: { fsGroup: 5000 } }));
    await cluster.ready('grouped');
    const { mode, gid } = statSync(join(root(pod), MOUNT, 'key'));
    expect(mode & 0o777).to.equal(0o640);
    if (process.geteuid?.() === 0) expect(gid).to.equal(5000);
  });

  it("translate a container's own mount paths, but not those of other containers", async () => {
    const volumeMounts = [{ name: 'token', mountPath: MOUNT }];
    const env = [{ name: 'TOKEN_FILE', value: `${MOUNT}/token` }];
    const { volumes = [] } = tokenPod(3600);
    cluster.createPod('translate', {
      volumes,
      containers: [
        { name: 'with', image: 'test', args: ['cat', '$(TOKEN_FILE)'], env, volumeMounts },
        { name: 'without', image: 'test', args: ['cat', '$(TOKEN_FILE)'], env },
      ],
    });
    const pod = await cluster.ended('translate');
    expect(await cluster.log('translate', 'with')).to.equal('token-1');
    expect(await cluster.log('translate', 'without')).to.contain('ENOENT');
    expect(pod.status?.phase).to.equal('Failed');
  });

  it('contain annotations, config maps and secrets, and follow their changes', async () => {
    const data = (value: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { colour: value },
    });
    cluster.store.create('configmaps', data('red'));
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hidden', namespace: 'default' },
      data: { key: Buffer.from(value).toString('base64') },
    });
    cluster.store.create('secrets', secret('s3cret'));
    const pod = cluster.createPod(
      'shows',
      {
        volumes: [
          {
            name: 'info',
            downwardAPI: { items: [{ path: 'notes', fieldRef: { fieldPath: 'metadata.annotations' } }] },
          },
          {
            name: 'settings',
            configMap: { name: 'settings', items: [{ key: 'colour', path: 'deep/colour', mode: 0o400 }] },
          },
          { name: 'hidden', secret: { secretName: 'hidden' } },
        ],
        containers: [
          {
            name: 'main',
            image: 'test',
            args: ['hold'],
            volumeMounts: ['info', 'settings', 'hidden'].map((name) => ({ name, mountPath: `/${name}` })),
          },
        ],
      },
      { annotations: { signal: 'wait' } },
    );
    await cluster.ready('shows');
    const read = (path: string): string => readFileSync(join(root(pod), path), 'utf8');
    expect(read('/info/notes')).to.equal('signal="wait"');
    expect(read('/settings/deep/colour')).to.equal('red');
    expect(statSync(join(root(pod), '/settings/deep/colour')).mode & 0o777).to.equal(0o400);
    expect(read('/hidden/key')).to.equal('s3cret');

    const current = cluster.store.get('pods', 'default', 'shows')!;
    cluster.store.update('pods', {
      ...current,
      metadata: { ...current.metadata, annotations: { signal: 'go "now"' } },
    });
    cluster.store.update('configmaps', data('blue'));
    await eventually(() => read('/info/notes') === 'signal="go \\"now\\""' && read('/settings/deep/colour') === 'blue');

    // Volumes are independent: a missing config map does not block updates of other volumes.
    cluster.store.remove('configmaps', 'default', 'settings');
    cluster.store.update('secrets', secret('changed'));
    await eventually(() => read('/hidden/key') === 'changed');
    expect(read('/settings/deep/colour')).to.equal('blue');
  });

  it('wait for a missing config map with an event, and do not support hostPath', async () => {
    const spec = (volume: object): Partial<PodSpec> => ({
      volumes: [{ name: 'v', ...volume }],
      containers: [{ name: 'main', image: 'shell', args: ['true'] }],
    });
    cluster.createPod('late', spec({ configMap: { name: 'late' } }));
    cluster.createPod('host', spec({ hostPath: { path: '/etc' } }));
    await eventually(
      () => cluster.reasons('late').includes('FailedMount') && cluster.reasons('host').includes('FailedMount'),
    );
    cluster.store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'late', namespace: 'default' },
    });
    expect((await cluster.ended('late')).status?.phase).to.equal('Succeeded');
    expect(cluster.pod('host')?.status?.phase).to.equal('Pending');
  });

  it('are in a folder that other users cannot list', () => {
    expect(statSync(join(cluster.directory, 'pods')).mode & 0o066).to.equal(0);
  });

  it('keep paths with `..` below the directory of the container or volume', async () => {
    const up = '/../'.repeat(20);
    const pod = cluster.createPod('climbs', {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: `${up}climbs-w`, emptyDir: {} },
      ],
      containers: [
        {
          name: 'main',
          image: 'shell',
          args: ['pwd'],
          workingDir: `${up}climbs-work`,
          terminationMessagePath: `${up}climbs-message`,
          volumeMounts: [
            { name: 'v', mountPath: `${up}climbs-mount`, subPath: `${up}climbs-sub` },
            { name: `${up}climbs-w`, mountPath: '/w' },
          ],
        },
      ],
    });
    expect((await cluster.ended('climbs')).status?.phase).to.equal('Succeeded');
    expect(await cluster.log('climbs')).to.equal(`${join(root(pod), 'climbs-work')}\n`);
    const volumes = join(root(pod), '../../volumes');
    expect(readlinkSync(join(root(pod), 'climbs-mount'))).to.equal(join(volumes, 'v/climbs-sub'));
    expect(readlinkSync(join(root(pod), 'w'))).to.equal(join(volumes, 'climbs-w'));
    expect(existsSync(join(root(pod), 'climbs-message'))).to.be.true;
    for (const name of ['work', 'message', 'mount', 'sub', 'w'])
      expect(existsSync(`/climbs-${name}`), name).to.be.false;
  });
});
