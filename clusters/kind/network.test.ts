import { hostname } from 'node:os';
import { expect } from 'chai';
import { Docker } from './docker/docker.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { createNetwork, reachOf } from './network.ts';
import { fakeRunner, rejection } from '../../test/support/kind.ts';

describe("the run's network", () => {
  let written: string[];
  let resources: Resources;
  beforeEach(() => {
    written = [];
    resources = new Resources({
      add: (entry) => written.push(`will create ${JSON.stringify(entry)}`),
      forget: (entry) => written.push(`removed ${JSON.stringify(entry)}`),
    });
  });
  const NAME = '{"kind":"docker-network","name":"eks-pod-identity-conformance-c1a2b3"}';

  it('is recorded before its creation, and labelled with its owner', async () => {
    let before: string[] = [];
    const { run, lines } = fakeRunner([[/^docker network create/, () => ((before = [...written]), 'id')]]);
    expect(await createNetwork(new Docker(run), 'c1a2b3', resources)).to.equal('eks-pod-identity-conformance-c1a2b3');
    expect(before).to.deep.equal([`will create ${NAME}`]);
    expect(lines[0]).to.equal(
      `docker network create --driver bridge --label conformance.eks-pod-identity/run=c1a2b3 --label conformance.eks-pod-identity/pid=${process.pid} --label conformance.eks-pod-identity/host=${hostname()} eks-pod-identity-conformance-c1a2b3`,
    );
  });

  it('is no longer recorded if its creation fails, and the error gives advice', async () => {
    const stderr = 'Error response from daemon: could not find an available, non-overlapping IPv4 address pool';
    const { run } = fakeRunner([[/./, { exitCode: 1, stderr }]]);
    const error = await rejection(createNetwork(new Docker(run), 'c1a2b3', resources));
    expect(error).to.include({ code: 'CLUSTER_FAILED', blame: 'environment' });
    expect(error.message).to.contain('non-overlapping').and.contain('docker network prune');
    expect(written).to.deep.equal([`will create ${NAME}`, `removed ${NAME}`]);
  });

  it("is removed with the run's attached containers, including late ones, but no others", async () => {
    let tries = 0;
    const { run, lines } = fakeRunner([
      [/^docker network create/, 'id'],
      [/^docker ps .*network=/, () => (tries === 0 ? 'mine' : 'c1a2b3-c1-control-plane\nmine')],
      [/^docker ps .*name=\^c1a2b3-/, ''],
      [/^docker rm/, ''],
      [
        /^docker network rm/,
        () => (++tries === 1 ? { exitCode: 1, stderr: 'Error response from daemon: has active endpoints' } : ''),
      ],
    ]);
    await createNetwork(new Docker(run), 'c1a2b3', resources);
    await resources.dispose();
    expect(lines.filter((line) => line.startsWith('docker rm'))).to.deep.equal([
      'docker rm --force --volumes c1a2b3-c1-control-plane',
    ]);
    expect(written).to.deep.equal([`will create ${NAME}`, `removed ${NAME}`]);
  });

  it('stays recorded if it cannot be removed', async () => {
    const { run } = fakeRunner([
      [/^docker network create/, 'id'],
      [/^docker ps/, 'mine'],
      [/^docker network rm/, { exitCode: 1, stderr: 'Error response from daemon: has active endpoints' }],
    ]);
    await createNetwork(new Docker(run), 'c1a2b3', resources);
    const error = await rejection(resources.dispose());
    expect(error.message).to.contain('active endpoints');
    expect(written).to.deep.equal([`will create ${NAME}`]);
  });

  it('counts as removed if it no longer exists', async () => {
    const { run } = fakeRunner([
      [/^docker network create/, 'id'],
      [/^docker ps/, ''],
      [/^docker network rm/, { exitCode: 1, stderr: 'Error: No such network: x' }],
    ]);
    await createNetwork(new Docker(run), 'c1a2b3', resources);
    await resources.dispose();
    expect(written).to.deep.equal([`will create ${NAME}`, `removed ${NAME}`]);
  });

  it('reaches this machine through its gateway if that is a local address', async () => {
    const { run } = fakeRunner([[/^docker network inspect/, 'fd00::1 127.0.0.1 ']]);
    expect(await reachOf(new Docker(run), 'net')).to.deep.equal({
      bindAddress: '127.0.0.1',
      host: '127.0.0.1',
      seesCallers: true,
    });
  });

  it("reaches this machine through Docker Desktop's host name if its gateway is remote", async () => {
    const { run } = fakeRunner([[/^docker network inspect/, '203.0.113.1 ']]);
    expect(await reachOf(new Docker(run), 'net')).to.deep.equal({
      bindAddress: '127.0.0.1',
      host: 'host.docker.internal',
      seesCallers: false,
    });
  });
});
