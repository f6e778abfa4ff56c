import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Attachment, JournalEntry } from '../../foundation/node/journal.ts';
import { thisProcess, type ProcessIdentity } from '../../harness/cleanup/process-identity.ts';
import { FakeDocker } from '../../test/support/docker.ts';
import { executed } from '../../test/support/executed.ts';

const RUN = 'c0ffee1';
const NETWORK = `eks-pod-identity-conformance-${RUN}`;
const ENDED: ProcessIdentity = { ...thisProcess(), started: 'earlier' };
/** A process number above the maximum of Linux and macOS. */
const NO_PID = 2 ** 22 + 1;

describe('sweep', () => {
  let folder: string;
  let reports: string;
  let temporary: string;
  let engine: FakeDocker;
  let detached: string[];
  let detach: (attachment: Attachment, run: string) => Promise<void>;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'sweep-')));
    [reports, temporary] = [join(folder, 'reports'), join(folder, 'temporary')];
    mkdirSync(reports);
    mkdirSync(temporary);
    engine = new FakeDocker();
    detached = [];
    detach = async ({ context }, run) => void detached.push(`${context} of ${run}`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function sweep(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const standIns = {
      docker: engine.run,
      detach: (attachment: Attachment, run: string) => detach(attachment, run),
      temporaryFolders: [temporary],
      now: () => new Date('2026-01-01T12:00:00Z'),
    };
    return executed(
      async () => (await import('./sweep.ts')).sweepCommand(standIns),
      args.includes('--report-dir') ? args : [...args, '--report-dir', reports],
    );
  }

  /** Writes a state file and returns its path. */
  function state(resources: readonly JournalEntry[], owner = ENDED, run = RUN, report = join(reports, run)): string {
    mkdirSync(report, { recursive: true });
    const file = join(report, 'state.json');
    const startedAt = '2026-01-01T11:15:00Z';
    writeFileSync(file, JSON.stringify({ version: 2, run, startedAt, process: owner, resources }));
    return file;
  }

  function folderNamed(name: string, parent = temporary): string {
    const path = join(parent, name);
    mkdirSync(path);
    writeFileSync(join(path, 'token'), 'secret');
    return path;
  }

  /** Creates leftovers of a killed run, and objects that are not its own. */
  function kindRun(owner?: { pid: number; host: string }): void {
    engine.networks = [{ name: NETWORK, run: RUN, ...owner }, { name: 'bridge' }, { name: 'kind' }];
    engine.containers = [
      { name: `${RUN}-c1-control-plane`, kindCluster: `${RUN}-c1`, networks: [NETWORK] },
      { name: `${RUN}-c2-control-plane`, kindCluster: `${RUN}-c2`, networks: [NETWORK] },
      { name: 'build', run: RUN },
      { name: 'mine-control-plane', kindCluster: 'mine', networks: ['kind'] },
      { name: 'guest', networks: ['bridge', NETWORK] },
    ];
    engine.volumes = [{ name: 'data' }, { name: 'run-data', run: RUN }];
    engine.images = [{ name: 'debian:12' }, { name: 'run-image:1', run: RUN }];
  }
  const rest = (): string[] =>
    [engine.networks, engine.containers, engine.volumes, engine.images].flat().map(({ name }) => name);
  const NOT_ITS_OWN = ['bridge', 'kind', 'mine-control-plane', 'guest', 'data', 'debian:12'];

  it('reports that there are no leftovers', async () => {
    rmSync(reports, { recursive: true });
    expect(await sweep()).to.deep.equal({ code: 0, out: 'No leftovers of any run.\n', err: '' });
  });

  it('removes only leftovers that a state file or a label names', async () => {
    kindRun({ pid: process.pid, host: hostname() });
    const own = folderNamed(`eks-pod-identity-conformance-${RUN}`);
    const kubeconfig = join(reports, RUN, `kubeconfig-${RUN}-c1.json`);
    const file = state([
      { kind: 'docker-network', name: NETWORK },
      { kind: 'kind-cluster', name: `${RUN}-c1` },
      { kind: 'path', path: own },
      { kind: 'path', path: kubeconfig },
      { kind: 'path', path: join(temporary, `gone-${RUN}`) },
    ]);
    for (const path of [kubeconfig, `${file}.part`, join(reports, RUN, 'results.json')]) writeFileSync(path, '{}');
    const { code, out, err } = await sweep();
    expect(err).to.equal('');
    expect(code).to.equal(0);
    expect(rest()).to.have.members(NOT_ITS_OWN);
    expect(engine.containers.find(({ name }) => name === 'guest')?.networks).to.deep.equal(['bridge']);
    expect(readdirSync(temporary)).to.deep.equal([]);
    expect(readdirSync(join(reports, RUN))).to.deep.equal(['results.json']);
    expect(out).to.contain(
      `Run ${RUN}, 2 h old, ended\n  container ${RUN}-c1-control-plane of kind cluster ${RUN}-c1\n`,
    );
    expect(out).to.contain(`  ${RUN}: removed network ${NETWORK}\n`);
    expect(out).to.match(/Removal complete\.\n$/);
    expect((await sweep()).out).to.equal('No leftovers of any run.\n');
  });

  it('finds leftovers by labels if there is no state file', async () => {
    kindRun({ pid: NO_PID, host: hostname() });
    folderNamed(`eks-pod-identity-conformance-${RUN}-abc`);
    const { code, out } = await sweep();
    expect(code).to.equal(0);
    expect(rest()).to.have.members(NOT_ITS_OWN);
    expect(readdirSync(temporary)).to.deep.equal([]);
    expect(out).to.contain(`Run ${RUN}, 2 h old, ended\n`);
  });

  it("removes a node's container that was created after the removal of its network", async () => {
    kindRun();
    engine.networks = [];
    engine.containers.push({ name: `other-c000002x`, networks: ['eks-pod-identity-conformance-c000002'] });
    const { code, out } = await sweep();
    expect(code, out).to.equal(0);
    expect(rest()).to.have.members([...NOT_ITS_OWN, 'other-c000002x'].filter((name) => !/bridge|^kind/.test(name)));
  });

  it('leaves resources in AWS to --cluster eks, and keeps the state file that names the account', async () => {
    const file = state([{ kind: 'aws', accountId: '111122223333', region: 'us-west-2', endpoints: {} }]);
    const { code, out, err } = await sweep();
    expect(code).to.equal(3);
    expect(out).to.contain('leftovers in AWS account 111122223333, us-west-2: swept with --cluster eks');
    expect(err).to.contain(
      `npm run sweep -- --cluster eks --run ${RUN} --report-dir ${join(reports, RUN)} removes them`,
    );
    expect(existsSync(file)).to.equal(true);
  });

  it('lists leftovers without changes', async () => {
    kindRun({ pid: NO_PID, host: hostname() });
    const before = rest();
    const file = state([{ kind: 'path', path: folderNamed(`x-${RUN}`) }]);
    const { code, out } = await sweep('--list');
    expect(code).to.equal(0);
    expect(out).to.contain(`  path ${join(temporary, `x-${RUN}`)}\n  state file ${file}\n`);
    expect(rest()).to.deep.equal(before);
    expect(engine.changes).to.deep.equal([]);
    expect(existsSync(join(temporary, `x-${RUN}`, 'token'))).to.equal(true);
  });

  it('skips and reports runs that are alive', async () => {
    kindRun({ pid: NO_PID, host: hostname() });
    const path = folderNamed(`eks-pod-identity-conformance-${RUN}`);
    const file = state([{ kind: 'path', path }], thisProcess());
    const { code, out } = await sweep();
    expect(code).to.equal(0);
    expect(out).to.contain(`alive (process ${process.pid} on ${hostname()}): skipped`);
    expect(engine.changes).to.deep.equal([]);
    expect([path, file].map((one) => existsSync(one))).to.deep.equal([true, true]);
    const named = await sweep('--run', RUN);
    expect(named).to.include({ code: 3, err: `Not removed: run ${RUN} is alive.\n` });
    expect(engine.changes).to.deep.equal([]);
  });

  it('skips a run whose living process is named by the label of its network', async () => {
    kindRun({ pid: process.pid, host: hostname() });
    expect((await sweep()).code).to.equal(0);
    expect(engine.changes).to.deep.equal([]);
  });

  for (const [title, arrange] of [
    ['of another machine, by its state file', () => void state([], { ...ENDED, host: 'elsewhere' })],
    ['of another machine, by its label', () => kindRun({ pid: NO_PID, host: 'elsewhere' })],
    ['with only a folder', () => undefined],
  ] as const)
    it(`only removes leftovers of a run ${title} if --run names it`, async () => {
      arrange();
      const path = folderNamed(`eks-pod-identity-conformance-${RUN}`);
      const unnamed = await sweep();
      expect(unnamed.code).to.equal(0);
      expect(unnamed.out).to.contain(`may be alive: skipped, unless you name it with --run ${RUN}`);
      expect(existsSync(path)).to.equal(true);
      expect((await sweep('--run', RUN)).code).to.equal(0);
      expect(existsSync(path)).to.equal(false);
    });

  it('only sweeps the run of --run', async () => {
    const [one, other] = [folderNamed(`one-${RUN}`), folderNamed('other-c000002')];
    state([{ kind: 'path', path: one }]);
    state([{ kind: 'path', path: other }], ENDED, 'c000002');
    const { code, out } = await sweep('--run', 'c000002');
    expect(code).to.equal(0);
    expect(out).not.to.contain(RUN);
    expect([one, other].map((path) => existsSync(path))).to.deep.equal([true, false]);
    expect((await sweep('--run', 'c000003')).out).to.equal('No leftovers of run c000003.\n');
  });

  it('sweeps other runs if a state file cannot be read, and fails', async () => {
    const broken = state([], ENDED, 'c000002');
    writeFileSync(broken, '{"version": 1, "ru');
    const path = folderNamed(`x-${RUN}`);
    const whole = state([{ kind: 'path', path }]);
    const { code, err } = await sweep();
    expect(code).to.equal(3);
    expect(err).to.equal(`State file ${broken} cannot be used: it is not JSON. Inspect it, then delete it by hand.\n`);
    expect([broken, whole, path].map((one) => existsSync(one))).to.deep.equal([true, false, false]);
    expect((await sweep('--list')).code).to.equal(3);
  });

  it('does not remove objects in a state file that cannot be of a run', async () => {
    const precious = folderNamed('precious');
    const deep = folderNamed(`deep-${RUN}`, precious);
    engine.containers = [
      { name: 'mine-control-plane', kindCluster: 'mine' },
      { name: `${RUN}-c1-control-plane`, kindCluster: `${RUN}-c1`, run: 'c000002' },
    ];
    engine.networks = [{ name: 'kind', run: 'c000002' }];
    engine.images = [{ name: 'debian:12' }];
    const before = rest();
    const file = state([
      { kind: 'path', path: precious },
      { kind: 'path', path: deep },
      { kind: 'path', path: `${temporary}/${RUN}/../precious` },
      { kind: 'path', path: reports },
      { kind: 'path', path: join(reports, RUN) },
      { kind: 'path', path: '/' },
      { kind: 'kind-cluster', name: 'mine' },
      { kind: 'kind-cluster', name: `${RUN}-c1` },
      { kind: 'docker-container', name: 'mine-control-plane' },
      { kind: 'docker-network', name: 'kind' },
      { kind: 'docker-image', name: 'debian:12' },
    ]);
    const { code, out, err } = await sweep('--run', RUN);
    expect(code).to.equal(3);
    expect(out).to.contain(`  not touched: path ${precious}: does not have ${RUN} in its name\n`);
    expect(err).to.contain(`Not removed: kind-cluster mine: does not have ${RUN} in its name; if ${file} is right`);
    expect(rest()).to.deep.equal(before);
    expect([join(precious, 'token'), join(deep, 'token'), file].every((path) => existsSync(path))).to.equal(true);
  });

  it('reports objects that it cannot remove, removes the rest and keeps the state file', async () => {
    kindRun();
    engine.stuck.add(`${RUN}-c2-control-plane`);
    const path = folderNamed(`x-${RUN}`);
    const file = state([{ kind: 'path', path }]);
    const { code, err } = await sweep();
    expect(code).to.equal(3);
    expect(err).to.equal(
      `Not removed: container ${RUN}-c2-control-plane of kind cluster ${RUN}-c2 (Error response from daemon: ${RUN}-c2-control-plane is stuck).\n` +
        `Not removed: network ${NETWORK} (Error response from daemon: network ${NETWORK} has active endpoints).\n`,
    );
    expect(existsSync(path)).to.equal(false);
    expect(existsSync(file)).to.equal(true);
    engine.stuck.clear();
    expect((await sweep()).code).to.equal(0);
    expect(existsSync(file)).to.equal(false);
  });

  it('also removes objects that appear meanwhile', async () => {
    kindRun({ pid: NO_PID, host: hostname() });
    engine.meanwhile = (change) => {
      if (!change.startsWith('volume rm')) return;
      engine.containers.push({ name: `${RUN}-c3-control-plane`, run: RUN });
    };
    expect((await sweep()).code).to.equal(0);
    expect(rest()).to.have.members(NOT_ITS_OWN);
  });

  it('undoes the changes to an existing cluster once', async () => {
    const attachment: JournalEntry = {
      kind: 'attachment',
      kubeconfig: '/k',
      context: 'mine',
      nodes: ['mine-control-plane'],
    };
    const file = state([attachment]);
    const { code, out } = await sweep();
    expect(code).to.equal(0);
    expect(out).to.contain('removed changes to the cluster of context mine');
    expect(detached).to.deep.equal([`mine of ${RUN}`]);
    expect(existsSync(file)).to.equal(false);
  });

  it('reports why it cannot undo changes to a cluster', async () => {
    const file = state([{ kind: 'attachment', kubeconfig: '/k', context: 'mine', nodes: [] }]);
    detach = async () => {
      throw new Error('the API server does not answer');
    };
    const { code, err } = await sweep();
    expect(code).to.equal(3);
    expect(err).to.equal('Not removed: changes to the cluster of context mine (the API server does not answer).\n');
    expect(existsSync(file)).to.equal(true);
  });

  describe('without Docker', () => {
    beforeEach(() => {
      engine.run = async () => {
        throw new Error('docker is not on PATH');
      };
    });

    it('removes files and folders', async () => {
      const path = folderNamed(`x-${RUN}`);
      state([{ kind: 'path', path }]);
      const { code, out } = await sweep();
      expect(code).to.equal(0);
      expect(out.split('\n')[0]).to.equal(
        'Docker is unavailable (docker is not on PATH): only files and folders are swept.',
      );
      expect(existsSync(path)).to.equal(false);
    });

    it('keeps a state file that names objects in Docker', async () => {
      const file = state([{ kind: 'docker-network', name: NETWORK }]);
      const { code, err } = await sweep();
      expect(code).to.equal(3);
      expect(err).to.equal(`Not removed: docker-network ${NETWORK} (Docker is unavailable).\n`);
      expect(existsSync(file)).to.equal(true);
    });
  });

  it('finds the state file in the folder of --report-dir', async () => {
    const path = folderNamed(`x-${RUN}`);
    const file = state([{ kind: 'path', path }], ENDED, RUN, join(folder, 'elsewhere'));
    expect((await sweep('--report-dir', join(folder, 'elsewhere'))).code).to.equal(0);
    expect([path, file].map((one) => existsSync(one))).to.deep.equal([false, false]);
  });

  it('rejects wrong usage, and prints its help', async () => {
    expect(await sweep('--al')).to.deep.include({ code: 2, out: '' });
    expect((await sweep('--run', '../x')).err).to.contain('--run is "../x": give the id of a run');
    expect((await sweep('extra')).code).to.equal(2);
    expect((await sweep('--help')).out).to.contain('Usage: npm run sweep');
  });
});
