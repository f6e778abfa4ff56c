import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { JAVASCRIPT } from '../../../components/clients/javascript/index.ts';
import { ClusterError } from '../../../foundation/node/cluster-error.ts';
import { Docker } from '../docker/docker.ts';
import { ensureComponentImage } from './index.ts';
import type { ComponentImageOptions } from './index.ts';
import type { Finished, RunOptions } from '../docker/runner.ts';
import { distOf } from '../../../test/support/images.ts';
import { setEnvironment } from '../../../test/support/process-environment.ts';

const OK: Finished = { exitCode: 0, stdout: '', stderr: '' };
const fails = (stderr: string, exitCode = 1): Finished => ({ exitCode, stdout: '', stderr });

describe('ensureComponentImage', () => {
  const saved = { ...process.env };
  let dist: string;
  /** Local images. */
  let images: string[];
  /** The results of successive `docker run` commands. */
  let runs: ((options: RunOptions) => Promise<Finished>)[];
  let calls: string[][];
  let progress: string[];
  let interrupted: AbortController;

  beforeEach(() => {
    dist = mkdtempSync(join(tmpdir(), 'images-'));
    distOf(dist);
    process.env['TMPDIR'] = mkdtempSync(join(dist, 'tmp-'));
    [images, calls, progress] = [[], [], []];
    runs = [async () => ({ ...OK, stderr: 'chatter\nimage v22.1.0\n' })];
    interrupted = new AbortController();
  });
  afterEach(() => {
    setEnvironment(saved);
    rmSync(dist, { recursive: true });
  });

  async function docker(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    calls.push([...args]);
    const last = args.at(-1) ?? '';
    switch (args[0] === 'image' ? args[1] : args[0]) {
      case 'images':
        return { ...OK, stdout: images.filter((image) => image.startsWith(`${last}:`)).join('\n') };
      case 'inspect':
        return images.includes(last)
          ? { ...OK, stdout: JSON.stringify([{ Id: `sha256:${last}` }]) }
          : fails(`No such image: ${last}`);
      case 'pull':
        return fails('pulling: name resolution failed');
      case 'import':
        images.unshift(last);
        return OK;
      case 'run':
        return runs[calls.filter(([command]) => command === 'run').length - 1]!(options);
      default:
        return OK;
    }
  }
  const ensure = (options: Partial<ComponentImageOptions> = {}): Promise<string> =>
    ensureComponentImage({
      workload: JAVASCRIPT,
      dist,
      docker: new Docker((_, args, how) => docker(args, how)),
      progress: (line) => progress.push(line),
      signal: interrupted.signal,
      ...options,
    });
  const commands = (): string[] => calls.map(([first, second = '']) => (first === 'image' ? second : (first ?? '')));
  async function failure(options: Partial<ComponentImageOptions> = {}): Promise<ClusterError> {
    const error: unknown = await ensure(options).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ClusterError);
    return error as ClusterError;
  }

  it('builds the image once and reports its base', async () => {
    images = ['mine:1'];
    const reference = await ensure({ base: 'mine:1' });
    expect(reference).to.match(/^eks-pod-identity-conformance\/components:[0-9a-f]{16}$/);
    expect(commands()).to.include.members(['run', 'import']).and.not.include('pull');
    expect(progress).to.deep.equal([
      `The reference programs run from ${reference}, built from mine:1 with its Node v22.1.0.`,
    ]);
    calls = [];
    expect(await ensure({ base: 'mine:1' })).to.equal(reference);
    expect(commands()).not.to.include.oneOf(['run', 'import']);
    expect(await ensure({ base: 'mine:1', force: true })).to.equal(reference);
    expect(commands()).to.include.members(['run', 'import']);
  });

  it('uses a local substitute if the default base cannot be pulled, and later does not pull again', async () => {
    images = ['eks-pod-identity-conformance/node:v1', 'given:1'];
    const reference = await ensure({ fallbackBases: ['not-here:1', 'given:1'] });
    expect(calls.filter(([command]) => command === 'pull')).to.have.length(1);
    expect(progress.at(-1)).to.include('built from given:1 with');
    calls = [];
    expect(await ensure({ fallbackBases: ['given:1'] })).to.equal(reference);
    expect(commands()).not.to.include.oneOf(['run', 'pull']);
    images = ['eks-pod-identity-conformance/node:v1'];
    expect(await ensure()).not.to.equal(reference);
  });

  it("adds this machine's Node if the base has none", async () => {
    if (process.platform !== 'linux') return;
    images = ['mine:1'];
    let listing = '';
    runs = [
      async ({ input }) => (input?.destroy(), fails('Node is missing', 62)),
      ({ input }) =>
        new Promise((resolve) => {
          const tar = execFile('tar', ['-tf', '-'], (_, stdout) => {
            listing = stdout;
            resolve({ ...OK, stderr: 'machine v20.19.0' });
          });
          input!.pipe(tar.stdin!);
        }),
    ];
    await ensure({ base: 'mine:1' });
    expect(listing.split('\n')).to.include.members([
      'image/root/webhook',
      'probe/probe.cjs',
      'machine/usr/local/bin/node',
    ]);
    expect(progress.at(-1)).to.include("with this machine's Node v20.19.0.");
  });

  const broken: readonly [answer: Finished, sentence: string][] = [
    [fails('ip is missing', 61), 'The base image mine:1 has no ip command, and apt-get cannot install it'],
    [
      fails('exec: "sh": not found in $PATH', 127),
      'The base image mine:1 does not work (exec: "sh": not found in $PATH)',
    ],
  ];
  for (const [answer, sentence] of broken) {
    it(`rejects a base with exit code ${answer.exitCode} and cleans up`, async () => {
      images = ['mine:1'];
      runs = [async () => answer];
      // A killed build's leftover.
      mkdirSync(join(tmpdir(), 'eks-pod-identity-conformance-image-2147483647-x'));
      const error = await failure({ base: 'mine:1', baseFlag: '--base' });
      expect(error).to.include({ code: 'IMAGE_BROKEN', blame: 'usage' });
      expect(error.message).to.equal(`${sentence}. Use --base to name one with iproute2 and Node 20.19 or later.`);
      expect(images).to.deep.equal(['mine:1']);
      expect(readdirSync(tmpdir())).to.deep.equal([]);
    });
  }

  it('reports that the given base cannot be pulled', async () => {
    const error = await failure({ base: 'mine:1' });
    expect(error).to.include({ code: 'IMAGE_MISSING', blame: 'usage' });
    expect(error.message).to.equal(
      'Image mine:1 (--image-base) is missing and cannot be pulled: pulling: name resolution failed',
    );
  });

  it('fails if no base is available', async () => {
    expect(await failure()).to.include({ code: 'IMAGE_MISSING', blame: 'environment' });
  });

  it('reports that Docker is missing, or that it does not answer', async () => {
    const answering = (answer: Finished) => failure({ docker: new Docker(async () => answer) });
    const absent = Object.assign(new Error('spawn docker ENOENT'), { code: 'ENOENT' });
    const missing = await failure({ docker: new Docker(() => Promise.reject(absent)) });
    expect(missing).to.include({ code: 'DOCKER_MISSING', blame: 'environment' });
    const silent = await answering(fails('Cannot connect to the Docker daemon'));
    expect(silent.code).to.equal('DOCKER_NOT_RUNNING');
    expect(silent.message).to.include('Cannot connect to the Docker daemon');
  });

  it('removes its container on an interrupt, and does not name the image', async () => {
    images = ['mine:1'];
    let end: (answer: Finished) => void = () => undefined;
    runs = [
      () =>
        new Promise((resolve) => {
          end = resolve;
          interrupted.abort(new Error('interrupted'));
        }),
    ];
    const removing = new Docker(async (_, args, options) => {
      if (args[0] === 'rm') end(fails('killed', 137));
      return docker(args, options);
    });
    const error: unknown = await ensure({ base: 'mine:1', docker: removing }).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal('interrupted');
    const name = calls.find(([command]) => command === 'run')?.[2];
    expect(calls).to.deep.include(['rm', '--force', '--volumes', name]);
    expect(commands()).not.to.include('import');
  });

  it('keeps the two newest images', async () => {
    images = ['mine:1', 'eks-pod-identity-conformance/components:c', 'eks-pod-identity-conformance/components:b'];
    await ensure({ base: 'mine:1' });
    const removed = calls.filter(([first, second]) => first === 'image' && second === 'rm').map((args) => args.at(-1));
    expect(removed).to.deep.equal(['eks-pod-identity-conformance/components:b']);
  });

  it('builds another image if a program has changed', async () => {
    images = ['mine:1'];
    const first = await ensure({ base: 'mine:1' });
    writeFileSync(join(dist, 'image', 'root', 'webhook'), 'another');
    runs = [...runs, ...runs];
    expect(await ensure({ base: 'mine:1' })).not.to.equal(first);
  });
});
