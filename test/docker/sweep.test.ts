import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Docker } from '../../clusters/kind/docker/docker.ts';
import { createNetwork } from '../../clusters/kind/network.ts';
import { runProgram } from '../../clusters/kind/docker/runner.ts';
import { executed } from '../support/executed.ts';
import { HOST_LABEL, PID_LABEL, RUN_LABEL } from '../../foundation/protocols/labels.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { docker } from '../../harness/cleanup/sweep/docker.ts';

/** An id that no process has. */
const NO_PID = 2 ** 22 + 1;

describe('sweep with Docker', () => {
  const run = `c${randomBytes(3).toString('hex')}`;
  const network = `eks-pod-identity-conformance-${run}`;
  const other = `sweep-test-other-${run}x`;
  let folder: string;
  const sweep = async (...args: string[]): Promise<{ code: number; out: string }> => {
    const standIns = { docker, detach: () => Promise.reject(new Error('Unexpected call of detach.')) };
    const { code, out, err } = await executed(
      async () => (await import('../../bin/cli/sweep.ts')).sweepCommand(standIns),
      [...args, '--run', run, '--report-dir', join(folder, 'none')],
    );
    return { code, out: out + err };
  };
  /** An image with a single file, whose containers are created, but do not run. */
  const image = `sweep-test-${run}x:latest`;
  const create = (name: string, ...flags: string[]): Promise<string> =>
    docker(['create', '--name', name, ...flags, image, '/nothing']);
  const names = async (): Promise<string[]> => {
    const lists = await Promise.all([
      docker(['ps', '--all', '--format', '{{.Names}}']),
      docker(['network', 'ls', '--format', '{{.Name}}']),
      docker(['volume', 'ls', '--format', '{{.Name}}']),
    ]);
    return lists
      .flatMap((text) => text.split('\n'))
      .filter((name) => name.includes(run))
      .sort();
  };
  /** Creates a network like a run that has ended. */
  const makeNetwork = (): Promise<string> => {
    const labels = { [RUN_LABEL]: run, [PID_LABEL]: NO_PID, [HOST_LABEL]: hostname() };
    const flags = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
    return docker(['network', 'create', ...flags, network]);
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sweep-docker-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    await docker(['build', '--quiet', '--tag', image, folder]);
  });
  afterEach(async () => {
    for (const name of [`${run}-c1-control-plane`, `labelled-${run}`, `${other}-guest`, `${other}-alone`])
      await docker(['rm', '--force', '--volumes', name]).catch(() => undefined);
    for (const name of [network, other]) await docker(['network', 'rm', name]).catch(() => undefined);
    await docker(['volume', 'rm', network]).catch(() => undefined);
  });
  after(async () => {
    await docker(['image', 'rm', '--force', image]).catch(() => undefined);
    rmSync(folder, { recursive: true });
  });

  it('removes resources with the label or in the network of a run, and keeps others', async () => {
    await makeNetwork();
    await docker(['network', 'create', other]);
    await docker(['volume', 'create', '--label', `${RUN_LABEL}=${run}`, network]);
    const kind = `${run}-c1`;
    await create(`${kind}-control-plane`, '--network', network, '--label', `io.x-k8s.kind.cluster=${kind}`);
    await create(`labelled-${run}`, '--label', `${RUN_LABEL}=${run}`);
    await create(`${other}-guest`, '--network', other);
    await docker(['network', 'connect', network, `${other}-guest`]);
    await create(`${other}-alone`, '--label', 'io.x-k8s.kind.cluster=mine');

    const listed = await sweep('--list');
    expect(listed.out)
      .to.contain(`Run ${run}, `)
      .and.to.contain(`container ${kind}-control-plane of kind cluster ${kind}`);
    expect(await names()).to.have.length(7);

    const { code, out } = await sweep();
    expect(code, out).to.equal(0);
    expect(await names()).to.deep.equal([other, `${other}-alone`, `${other}-guest`].sort());
    expect(await sweep()).to.deep.equal({ code: 0, out: `No leftovers of run ${run}.\n` });
  });

  it('removes the container of a node that was created after its network was removed', async () => {
    await makeNetwork();
    await create(`${run}-c1-control-plane`, '--network', network);
    await docker(['network', 'rm', network]);
    expect(await names()).to.deep.equal([`${run}-c1-control-plane`]);
    const { code, out } = await sweep();
    expect(code, out).to.equal(0);
    expect(await names()).to.deep.equal([]);
  });

  it('keeps resources of a running process', async () => {
    expect(await createNetwork(new Docker(runProgram), run, new Resources())).to.equal(network);
    const { code, out } = await sweep();
    expect(code).to.equal(3);
    expect(out).to.contain(`alive (process ${process.pid} on ${hostname()}): skipped`);
    expect(await names()).to.deep.equal([network]);
  });
});
