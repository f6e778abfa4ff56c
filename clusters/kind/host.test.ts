import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ClusterSpec } from '../../emulator/index.ts';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import type { ClusterHost } from '../interface/driver.ts';
import type { JournalEntry } from '../../foundation/node/journal.ts';
import { kindHost } from './host.ts';
import type { KindOptions } from './options.ts';
import type { RunOptions } from './docker/runner.ts';
import { ENGINE, fakeRunner, imageOf, rejection } from '../../test/support/kind.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';

const RUN = 'c1a2b3';
const SPEC: ClusterSpec = {
  name: `${RUN}-c1`,
  arn: `arn:aws:eks:us-west-2:111122223333:cluster/${RUN}-c1`,
  accountId: '111122223333',
  region: 'us-west-2',
  version: '1.34',
  issuer: 'https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
  awsEndpoint: 'http://127.0.0.1:1',
  authenticate: async () => undefined,
};
const IMAGES = { node: 'node', agent: 'agent', webhook: 'webhook', workload: 'workload' };
const BROKEN = 'ERROR: failed to create cluster: could not find a log line that matches "Multi-User"\n';

/** Runs until it is aborted. */
const untilEnded = ({ signal }: RunOptions): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));

/** Docker reports every container as created. */
const MADE = [/^docker inspect --format \{\{\.Id/, 'id'] as const;

describe('kind clusters', () => {
  const saved = { ...process.env };
  let folder: string;
  /** The journal's entries. */
  let made: JournalEntry[];
  let interrupted: AbortController;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kind-host-test-'));
    writeFileSync(join(folder, 'kind'), '');
    chmodSync(join(folder, 'kind'), 0o755);
    Object.assign(process.env, { PATH: folder, TMPDIR: folder });
    made = [];
    interrupted = new AbortController();
  });
  afterEach(() => {
    setEnvironment(saved);
    rmSync(folder, { recursive: true });
  });

  const options = (more: Partial<KindOptions> = {}): KindOptions => ({
    run: RUN,
    images: IMAGES,
    workload: JAVASCRIPT,
    agentArgs: [],
    readyMilliseconds: 60_000,
    diagnosticsDirectory: join(folder, 'diagnostics'),
    journal: {
      add: (entry) => void made.push(entry),
      forget: (entry) => void (made = made.filter((other) => JSON.stringify(other) !== JSON.stringify(entry))),
    },
    progress: () => undefined,
    signal: interrupted.signal,
    ...more,
  });
  /** Returns a Docker with all images and these answers. */
  const docker = (...answers: Parameters<typeof fakeRunner>[0]): ReturnType<typeof fakeRunner> =>
    fakeRunner([
      ...answers,
      [/^docker info/, JSON.stringify(ENGINE)],
      [/^docker image inspect/, ({ line }) => imageOf(line.split(' ').at(-1) ?? '')],
      [/^docker network inspect/, '127.0.0.1 '],
      [/^docker (network|rm|save)/, ''],
      [/^docker ps/, ''],
      [/kind version$/, 'kind v0.30.0 go1.24.6 linux/amd64'],
      [/kind export logs/, ''],
      [/^docker inspect/, { exitCode: 1, stderr: 'Error: No such object' }],
    ]);
  const matching = (lines: readonly string[], pattern: RegExp): string[] => lines.filter((line) => pattern.test(line));
  const left = (): string[] => readdirSync(folder).filter((file) => file !== 'kind' && file !== 'diagnostics');

  async function failed(host: ClusterHost): Promise<Error & { code?: string }> {
    const error = await rejection(host.provider.createCluster(SPEC));
    expect(made.map(({ kind }) => kind)).to.have.members(['docker-network', 'path']);
    await host.close();
    expect(made).to.deep.equal([]);
    expect(left()).to.deep.equal([]);
    return error;
  }

  it('leave nothing behind if an image is missing', async () => {
    const { run, lines } = docker(
      [/^docker image inspect webhook/, { exitCode: 1, stderr: 'Error: No such image: webhook' }],
      [/^docker pull/, { exitCode: 1, stderr: 'no route to host' }],
    );
    const error = await rejection(kindHost(options(), run));
    expect(error).to.include({ code: 'IMAGE_MISSING', blame: 'usage' });
    expect(matching(lines, /network (create|rm)/)).to.have.length(2);
    expect(made).to.deep.equal([]);
    expect(left()).to.deep.equal([]);
  });

  it("load an image given by digest under the run's tag, which is later removed", async () => {
    const { run, lines } = docker([/^docker (tag|image rm)/, '']);
    const digest = `agent@sha256:${'0'.repeat(64)}`;
    const host = await kindHost(options({ images: { ...IMAGES, agent: digest } }), run);
    const tag = `eks-pod-identity-conformance/agent:${RUN}`;
    expect(made).to.deep.include({ kind: 'docker-image', name: tag });
    await host.close();
    expect(
      matching(lines, /^docker (tag|image rm|save)/).map((line) => line.replace(/--output \S+ /, '')),
    ).to.have.members([
      `docker tag ${digest} ${tag}`,
      `docker save ${tag} webhook workload`,
      `docker image rm --no-prune ${tag}`,
    ]);
    expect(made).to.deep.equal([]);
  });

  it('load an image given by id under its name, which it must have', async () => {
    const id = '0123456789ab';
    const images = { ...IMAGES, workload: id };
    const named = (tags: readonly string[]): string =>
      JSON.stringify([{ Id: `sha256:${id}`, Architecture: 'amd64', Os: 'linux', RepoTags: tags }]);
    const host = await kindHost(options({ images }), docker([/inspect 0123456789ab$/, named(['probe:1'])]).run);
    expect(host.workloadImage).to.equal('probe:1');
    await host.close();
    const error = await rejection(kindHost(options({ images }), docker([/inspect 0123456789ab$/, named([])]).run));
    expect(error).to.include({ code: 'IMAGE_BROKEN', blame: 'usage' });
    expect(error.message).to.contain(`${id} (--workload-image)`);
    expect(made).to.deep.equal([]);
  });

  it('store their files where only the user can read them', async () => {
    let modes: Record<string, string> = {};
    let config = '';
    const { run, lines } = docker(MADE, [
      /kind create cluster/,
      async ({ line, options: { signal } }) => {
        const file = /--config (\S+)/.exec(line)?.[1] ?? '';
        config = readFileSync(file, 'utf8');
        const paths = [join(file, '..', '..'), file, join(file, '..', 'node', 'token-authenticator.kubeconfig')];
        modes = Object.fromEntries(paths.map((path) => [path, (statSync(path).mode & 0o777).toString(8)]));
        return untilEnded({ ...(signal && { signal }) });
      },
    ]);
    const host = await kindHost(options(), run);
    const error = failed(host);
    while (Object.keys(modes).length === 0) await new Promise((resolve) => setImmediate(resolve));
    interrupted.abort(new Error('interrupted'));
    expect((await error).message).to.equal('interrupted');
    expect(Object.values(modes)).to.deep.equal(['700', '600', '600']);
    expect(config).to.contain(SPEC.issuer);
    expect(matching(lines, /kind create/)[0]).to.contain(
      `--kubeconfig ${join(folder, `eks-pod-identity-conformance-${RUN}`)}/`,
    );
    // Logs of an interrupted cluster are not needed.
    expect(matching(lines, /kind export/)).to.deep.equal([]);
    expect(host.failure()).to.equal(undefined);
  });

  it("are removed if kind fails, and their nodes' logs are kept", async () => {
    let nodes = '';
    const { run, lines } = docker(
      [/kind create cluster/, () => ((nodes = `${SPEC.name}-control-plane`), { exitCode: 1, stderr: BROKEN })],
      [/^docker ps .*label=/, () => nodes],
      [/^docker rm/, () => (nodes = '')],
      [/kind export logs/, ({ line }) => (writeFileSync(join(line.split(' ')[3] ?? '', 'journal.log'), 'failed'), '')],
    );
    const host = await kindHost(options(), run);
    const error = await failed(host);
    expect(error).to.include({ code: 'IMAGE_BROKEN' });
    expect(error.message).to.contain(join(folder, 'diagnostics', SPEC.name));
    expect(host.failure()).to.equal(error);
    expect(matching(lines, /kind export|docker rm/).map((line) => line.replace(/^.*\/kind /, 'kind '))).to.deep.equal([
      `kind export logs ${join(folder, `eks-pod-identity-conformance-${RUN}`, SPEC.name, 'logs')} --name ${SPEC.name}`,
      `docker rm --force --volumes ${SPEC.name}-control-plane`,
    ]);
    expect(readFileSync(join(folder, 'diagnostics', SPEC.name, 'journal.log'), 'utf8')).to.equal('failed');
  });

  it('of other owners are not touched if the name is taken', async () => {
    const { run, lines } = docker([/^docker ps .*label=/, `${SPEC.name}-control-plane`]);
    const error = await failed(await kindHost(options(), run));
    expect(error).to.include({ code: 'NAME_TAKEN' });
    expect(matching(lines, /kind create|docker rm/)).to.deep.equal([]);
  });

  it('are given up if they are not ready in time', async () => {
    const { run } = docker(MADE, [
      /kind create cluster/,
      ({ options: { signal } }) => untilEnded({ ...(signal && { signal }) }),
    ]);
    const error = await failed(await kindHost(options({ readyMilliseconds: 50 }), run));
    expect(error).to.include({ code: 'NODE_NOT_READY', blame: 'environment' });
    expect(error.message).to.contain('within 0.05 s').and.contain('--ready-timeout');
  });

  it('are rejected if they cannot reach this machine', async () => {
    const { run } = docker(
      [/kind create cluster/, ({ options: { signal } }) => untilEnded({ ...(signal && { signal }) })],
      [/^docker inspect/, 'true'],
      [/^docker exec .*\/dev\/tcp/, { exitCode: 124 }],
      [/^docker exec/, ({ options: { signal } }) => untilEnded({ ...(signal && { signal }) })],
      [/^docker port/, '127.0.0.1:1'],
    );
    const error = await failed(await kindHost(options(), run));
    expect(error).to.include({ code: 'CLUSTER_FAILED' });
    expect(error.message).to.match(/cannot reach this machine at http:\/\/127\.0\.0\.1:1.*firewall/);
  });

  it('are interrupted only after Docker has created their container', async () => {
    const order: string[] = [];
    let looks = 0;
    const { run } = docker(
      [
        /kind create cluster/,
        ({ options: { signal } }) => {
          interrupted.abort(new Error('interrupted'));
          signal?.addEventListener('abort', () => order.push('kind is aborted'));
          return untilEnded({ ...(signal && { signal }) });
        },
      ],
      [
        /^docker inspect --format \{\{\.Id/,
        () => {
          looks += 1;
          if (looks < 3) return { exitCode: 1, stderr: 'Error: No such object' };
          order.push('container exists');
          return 'id';
        },
      ],
      [/^docker ps .*label=/, () => (order.push('containers are listed'), '')],
    );
    const error = await failed(await kindHost(options(), run));
    expect(error.message).to.equal('interrupted');
    expect(order.slice(1)).to.deep.equal(['container exists', 'kind is aborted', 'containers are listed']);
  });
});
