import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HarnessError } from '../../../foundation/node/errors.ts';
import { isAlive } from '../../../foundation/node/is-alive.ts';
import { poll } from '../../../foundation/node/poll.ts';
import type { InstallContext } from '../client.ts';
import { cachedFolder, type Recipe } from './cached-folder.ts';
import { toolsFor, type Command, type ToolRun } from './tool.ts';

const RELEASE = { name: 'own', version: '1.0' };

describe('the installation of a client', () => {
  let home: string;
  let progressLines: string[];
  let context: InstallContext;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'install-'));
    progressLines = [];
    context = {
      environment: { ...process.env, XDG_CACHE_HOME: home, PATH: `${home}:${process.env['PATH']}` },
      progress: (line) => void progressLines.push(line),
      signal: new AbortController().signal,
    };
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const made = (more: Partial<Recipe> = {}, installContext = context): Promise<string> =>
    cachedFolder(
      RELEASE,
      {
        files: [],
        ingredients: ['a'],
        make: (folder) => Promise.resolve(writeFileSync(join(folder, 'file'), 'made')),
        ...more,
      },
      installContext,
    );
  const root = (): string => join(home, 'eks-pod-identity-conformance', 'clients');
  const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

  it('is done once, reported in one line, and kept', async () => {
    const folder = await made();
    expect(readFileSync(join(folder, 'file'), 'utf8')).to.equal('made');
    expect(folder.startsWith(join(root(), 'own-1.0-'))).to.equal(true);
    expect(progressLines).to.deep.equal([`Installing client own 1.0 into ${folder} for this and later runs.`]);
    const never = (): Promise<void> => Promise.reject(new Error('made twice'));
    expect(await made({ make: never })).to.equal(folder);
    expect(progressLines).to.have.length(1);
    expect(await made({ ingredients: ['b'] })).not.to.equal(folder);
  });

  it('contains the program files, and changes its folder when they change', async () => {
    const folder = await made({ files: ['obstore/client.py', 'python-common/serve.py'] });
    expect(readdirSync(join(folder, 'program'))).to.have.members(['client.py', 'serve.py']);
    expect(await made({ files: ['opendal/client.py', 'python-common/serve.py'] })).not.to.equal(folder);
  });

  it('is done only once by two concurrent runs', async () => {
    const [one, other] = await Promise.all([made(), made()]);
    expect(one).to.equal(other);
    expect(readdirSync(root())).to.have.length(1);
  });

  it('waits for another run that is installing, and is done if that fails', async () => {
    const folder = await made();
    rmSync(folder, { recursive: true });
    // Use the id of a running process: this one.
    const part = `${root()}/.part-${process.pid}-${folder.slice(root().length + 1)}-abcdef`;
    mkdirSync(part);
    const waiting = made();
    await poll(() => progressLines.some((line) => line.startsWith('Waiting for another run')) || undefined, {
      every: 10,
      within: 60_000,
      what: 'the line',
    });
    rmSync(part, { recursive: true });
    expect(await waiting).to.equal(folder);
  }).timeout(60_000);

  it("leaves nothing behind if it fails, and removes a killed run's leftovers", async () => {
    mkdirSync(join(root(), '.part-4194999-x'), { recursive: true });
    mkdirSync(join(root(), `.part-${process.pid}-x`));
    const error = await failure(made({ make: () => Promise.reject(new Error('no')) }));
    expect(error).to.have.property('message', 'no');
    expect(readdirSync(root())).to.deep.equal([`.part-${process.pid}-x`]);
  });

  it('leaves nothing behind if it is interrupted', async () => {
    const interruption = new AbortController();
    const make = (): Promise<void> => Promise.resolve(interruption.abort(new Error('stopped')));
    const error = await failure(made({ make }, { ...context, signal: interruption.signal }));
    expect(error).to.have.property('message', 'stopped');
    expect(readdirSync(root())).to.deep.equal([]);
  });

  /** Creates a tool that prints this and fails. */
  const tool = (output: string): Command => {
    writeFileSync(join(home, 'tool'), `#!/bin/sh\ncat >&2 <<'END'\n${output}\nEND\nexit 1\n`);
    chmodSync(join(home, 'tool'), 0o755);
    return ['tool'];
  };
  const run = (command: Command, options: ToolRun = {}, minutes = 1, own = context): Promise<unknown> =>
    failure(toolsFor(RELEASE, { needs: 'the tool of tools', minutes }, own)(command, options));

  it('reports a missing tool', async () => {
    const error = await run(['no-such-tool']);
    expect(error).to.be.an.instanceOf(HarnessError);
    expect(error).to.include({
      code: 'CLIENT_NOT_INSTALLED',
      exitCode: 3,
      message: 'Client own 1.0 cannot be installed: no-such-tool is missing. Install the tool of tools.',
    });
  });

  const NETWORK = 'Check whether this machine can reach the registry';
  const VERSION = 'Check whether this version exists';
  for (const [output, errorLine, advice] of [
    [
      'npm error code ETARGET\nnpm error notarget No matching version found for a@9.\nnpm error A complete log',
      'npm error notarget No matching version found for a@9.',
      VERSION,
    ],
    [
      'ERROR: Could not find a version that satisfies a==9\nERROR: No matching distribution found for a==9',
      'ERROR: No matching distribution found for a==9',
      VERSION,
    ],
    ['go: a@v9: invalid version: unknown revision v9', 'go: a@v9: invalid version: unknown revision v9', VERSION],
    ['\u001b[0m\u001b[0m\n[ERROR] Could not find artifact a:9', '[ERROR] Could not find artifact a:9', VERSION],
    ['WARNING: Retrying\n[Errno -3] Temporary failure in name resolution', '[Errno -3]', NETWORK],
    ['something\nan error of its own\nin the end', 'an error of its own', 'Check whether this version exists'],
    ['error\ndial tcp: connection refused', 'dial tcp: connection refused', NETWORK],
    ['it just ended', 'it just ended', 'Run it by hand to see more'],
  ] as const)
    it(`quotes the informative line "${errorLine}"`, async () => {
      const { message } = (await run(tool(output))) as Error;
      expect(message.startsWith(`Client own 1.0 cannot be installed: tool says "${errorLine}`), message).to.equal(true);
      expect(message).to.contain(`". ${advice}`);
    });

  it('does not quote secrets', async () => {
    const { message } = (await run(tool('cannot reach https://user:hidden-secret@proxy.example.com'))) as Error;
    expect(message).to.contain('cannot reach https://user:').and.not.contain('hidden-secret');
  });

  it("returns a tool's output and passes variables to it", async () => {
    const output = await run(['sh', '-c', 'printf "$OWN in $(pwd)"'], { folder: home, variables: { OWN: 'own' } });
    expect(output).to.equal(`own in ${home}`);
    expect(existsSync(root())).to.equal(false);
  });

  it('times out', async () => {
    const { message } = (await run(['sleep', '1000'], {}, 0.01)) as Error;
    expect(message).to.equal(
      'Client own 1.0 cannot be installed: sleep took more than 0.01 minutes. Retry when this machine is less busy.',
    );
  }).timeout(60_000);

  it("ends its tool's whole process group when the run is interrupted", async () => {
    const started = (): number => Number(readFileSync(join(home, 'started'), 'utf8'));
    const interruption = new AbortController();
    const long: Command = ['sh', '-c', 'sleep 1000 & echo $! > part; mv part started; wait'];
    const running = run(long, { folder: home }, 1, { ...context, signal: interruption.signal });
    const isThere = (): true | undefined => existsSync(join(home, 'started')) || undefined;
    await poll(isThere, { every: 10, within: 60_000, what: 'the tool to start' });
    interruption.abort(new Error('stopped'));
    expect(await running).to.have.property('message', 'stopped');
    await poll(() => !isAlive(started()) || undefined, { every: 10, within: 60_000, what: 'the tool to end' });
  }).timeout(60_000);
});
