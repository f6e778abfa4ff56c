import { hostname } from 'node:os';
import { expect } from 'chai';
import { Docker } from './docker.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { createNetwork, reachOf } from './network.ts';
import { fakeRunner, rejection } from '../../test/support/kind.ts';

describe("the run's network", () => {
  let written: string[];
  let resources: Resources;
  beforeEach(() => {
    written = [];
    resources = new Resources({
      add: (entry) => written.push(`will make ${JSON.stringify(entry)}`),
      forget: (entry) => written.push(`removed ${JSON.stringify(entry)}`),
    });
  });
  const NAME = '{"kind":"docker-network","name":"eks-pod-identity-conformance-c1a2b3"}';

  it('is written down before it is made, and says whose it is', async () => {
    let before: string[] = [];
    const { run, lines } = fakeRunner([[/^docker network create/, () => ((before = [...written]), 'id')]]);
    expect(await createNetwork(new Docker(run), 'c1a2b3', resources)).to.equal('eks-pod-identity-conformance-c1a2b3');
    expect(before).to.deep.equal([`will make ${NAME}`]);
    expect(lines[0]).to.equal(
      `docker network create --driver bridge --label conformance.eks-pod-identity/run=c1a2b3 --label conformance.eks-pod-identity/pid=${process.pid} --label conformance.eks-pod-identity/host=${hostname()} eks-pod-identity-conformance-c1a2b3`,
    );
  });

  it('that cannot be made is not written down any more, and what to do is said', async () => {
    const stderr = 'Error response from daemon: could not find an available, non-overlapping IPv4 address pool';
    const { run } = fakeRunner([[/./, { exitCode: 1, stderr }]]);
    const error = await rejection(createNetwork(new Docker(run), 'c1a2b3', resources));
    expect(error).to.include({ code: 'CLUSTER_FAILED', blame: 'environment' });
    expect(error.message).to.contain('non-overlapping').and.contain('docker network prune');
    expect(written).to.deep.equal([`will make ${NAME}`, `removed ${NAME}`]);
  });

  it("is removed with the run's containers in it, also those that come late, and with no others", async () => {
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
    expect(written).to.deep.equal([`will make ${NAME}`, `removed ${NAME}`]);
  });

  it('that cannot be removed stays written down', async () => {
    const { run } = fakeRunner([
      [/^docker network create/, 'id'],
      [/^docker ps/, 'mine'],
      [/^docker network rm/, { exitCode: 1, stderr: 'Error response from daemon: has active endpoints' }],
    ]);
    await createNetwork(new Docker(run), 'c1a2b3', resources);
    const error = await rejection(resources.dispose());
    expect(error.message).to.contain('active endpoints');
    expect(written).to.deep.equal([`will make ${NAME}`]);
  });

  it('that is gone already is removed', async () => {
    const { run } = fakeRunner([
      [/^docker network create/, 'id'],
      [/^docker ps/, ''],
      [/^docker network rm/, { exitCode: 1, stderr: 'Error: No such network: x' }],
    ]);
    await createNetwork(new Docker(run), 'c1a2b3', resources);
    await resources.dispose();
    expect(written).to.deep.equal([`will make ${NAME}`, `removed ${NAME}`]);
  });

  it('reaches this machine by its gateway, where that is an address of this machine', async () => {
    const { run } = fakeRunner([[/^docker network inspect/, 'fd00::1 127.0.0.1 ']]);
    expect(await reachOf(new Docker(run), 'net')).to.deep.equal({
      bindAddress: '127.0.0.1',
      host: '127.0.0.1',
      seesCallers: true,
    });
  });

  it('reaches this machine by the name that Docker Desktop gives it, where its gateway is elsewhere', async () => {
    const { run } = fakeRunner([[/^docker network inspect/, '203.0.113.1 ']]);
    expect(await reachOf(new Docker(run), 'net')).to.deep.equal({
      bindAddress: '127.0.0.1',
      host: 'host.docker.internal',
      seesCallers: false,
    });
  });
});
