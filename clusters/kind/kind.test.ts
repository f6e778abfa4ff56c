import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCluster, creationError, kindProgram, kindVersion } from './kind.ts';
import { fakeRunner, rejection } from '../../test/support/kind.ts';

describe('kind', () => {
  describe('the program', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kind-test-'))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const install = (path: string, mode = 0o755): string => {
      mkdirSync(join(folder, path), { recursive: true });
      const program = join(folder, path, 'kind');
      writeFileSync(program, '');
      chmodSync(program, mode);
      return program;
    };

    it('is found in PATH before the cache', async () => {
      const environment = { PATH: `/nonexistent:${join(folder, 'bin')}`, XDG_CACHE_HOME: folder };
      const cached = install('eks-pod-identity-conformance/bin');
      expect(await kindProgram(environment)).to.equal(cached);
      const own = install('bin');
      expect(await kindProgram(environment)).to.equal(own);
    });

    it('is reported if it is missing', async () => {
      install('bin', 0o644);
      const error = await rejection(kindProgram({ PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder, HOME: folder }));
      expect(error).to.include({ code: 'KIND_MISSING', blame: 'environment' });
      expect(error.message).to.contain('npm run kind:node-image');
    });

    it('has a version', async () => {
      const { run } = fakeRunner([[/^kind version$/, 'kind v0.30.0 go1.24.6 linux/amd64']]);
      expect(await kindVersion(run, 'kind')).to.equal('0.30.0');
    });
  });

  it("runs with Docker, the run's network and a separate kubeconfig", async () => {
    let environment: unknown;
    const { run, lines } = fakeRunner([[/./, (call) => ((environment = call.options.environment), '')]]);
    const { signal } = new AbortController();
    await createCluster({
      run,
      program: 'kind',
      network: 'net',
      name: 'blue',
      image: 'node:1',
      configFile: '/c',
      kubeconfigFile: '/k',
      signal,
    });
    expect(lines).to.deep.equal([
      'kind create cluster --retain --name blue --config /c --kubeconfig /k --image node:1',
    ]);
    expect(environment).to.deep.equal({
      KIND_EXPERIMENTAL_PROVIDER: 'docker',
      KIND_EXPERIMENTAL_DOCKER_NETWORK: 'net',
    });
  });

  const failures: readonly [string, string, string, RegExp][] = [
    [
      'a cluster with this name',
      'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "blue"\n',
      'NAME_TAKEN',
      /kind delete cluster --name blue/,
    ],
    [
      'a container with this name',
      'ERROR: failed to create cluster: command "docker run --name blue-control-plane" failed with error: exit status 125\nCommand Output: docker: Error response from daemon: Conflict. The container name "/blue-control-plane" is already in use by container "1".\n',
      'NAME_TAKEN',
      /blue/,
    ],
    [
      'an image that cannot be pulled',
      'ERROR: failed to create cluster: failed to pull image "node:1": command "docker pull node:1" failed with error: exit status 1\nCommand Output: Error response from daemon: manifest unknown\n',
      'IMAGE_MISSING',
      /node:1 .*manifest unknown.*--kind-image/,
    ],
    [
      'an image that is not a node image',
      'ERROR: failed to create cluster: could not find a log line that matches "Reached target .*Multi-User System.*|detected cgroup v1"\n',
      'IMAGE_BROKEN',
      /node:1 \(--kind-image\)/,
    ],
    [
      'an image that Docker cannot start',
      'ERROR: failed to create cluster: command "docker run --privileged node:1" failed with error: exit status 125\nCommand Output: docker: Error response from daemon: No command specified.\nSee \'docker run --help\'.\n',
      'IMAGE_BROKEN',
      /No command specified/,
    ],
    [
      'a failure of kubeadm',
      'ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec --privileged blue-control-plane kubeadm init" failed with error: exit status 1\nCommand Output: I1124 init.go:1] Using Kubernetes\nerror: error execution phase wait-control-plane: timed out\nTo see the stack trace\n\nStack Trace: \nerrors.go:1\n',
      'CLUSTER_FAILED',
      /^kind could not create cluster blue: failed to init node with kubeadm: error: error execution phase wait-control-plane: timed out\.?$/,
    ],
    ['a failure without a message', '', 'CLUSTER_FAILED', /it reports no reason/],
  ];
  for (const [title, stderr, code, message] of failures) {
    it(`reports ${title}`, () => {
      const error = creationError('blue', 'node:1', stderr);
      expect(error.code).to.equal(code);
      expect(error.message).to.match(message);
    });
  }
});
