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
import { HarnessError } from '../../foundation/errors.ts';
import type { InstallContext } from '../client.ts';
import { cachedFolder, type Recipe } from './cached-folder.ts';
import { runTool } from './tool.ts';

describe('the installation of a client', () => {
  let home: string;
  let said: string[];
  let context: InstallContext;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'install-'));
    said = [];
    context = {
      environment: { ...process.env, XDG_CACHE_HOME: home, PATH: `${home}:${process.env['PATH']}` },
      progress: (line) => void said.push(line),
      signal: new AbortController().signal,
    };
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const recipe = (more: Partial<Recipe> = {}): Recipe => ({
    name: 'own',
    version: '1.0',
    ingredients: ['a'],
    make: (folder) => Promise.resolve(writeFileSync(join(folder, 'file'), 'made')),
    ...more,
  });
  const root = (): string => join(home, 'eks-pod-identity-conformance', 'clients');
  const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

  it('is done once, told in a line, and kept', async () => {
    const folder = await cachedFolder(recipe(), context);
    expect(readFileSync(join(folder, 'file'), 'utf8')).to.equal('made');
    expect(folder.startsWith(join(root(), 'own-1.0-'))).to.equal(true);
    expect(said).to.deep.equal([`Installing client own 1.0 into ${folder}, which is done once.`]);
    const never = (): Promise<void> => Promise.reject(new Error('made twice'));
    expect(await cachedFolder(recipe({ make: never }), context)).to.equal(folder);
    expect(said).to.have.length(1);
    expect(await cachedFolder(recipe({ ingredients: ['b'] }), context)).not.to.equal(folder);
  });

  it('is done by the faster of two runs', async () => {
    const [one, other] = await Promise.all([cachedFolder(recipe(), context), cachedFolder(recipe(), context)]);
    expect(one).to.equal(other);
    expect(readdirSync(root())).to.have.length(1);
  });

  it('leaves nothing where it fails, nor what a run left that was killed', async () => {
    mkdirSync(join(root(), '.part-4194999-x'), { recursive: true });
    mkdirSync(join(root(), `.part-${process.pid}-x`));
    const fails = recipe({ make: () => Promise.reject(new Error('no')) });
    expect(await failure(cachedFolder(fails, context))).to.have.property('message', 'no');
    expect(readdirSync(root())).to.deep.equal([`.part-${process.pid}-x`]);
  });

  it('leaves nothing where it is interrupted', async () => {
    const interruption = new AbortController();
    const make = (): Promise<void> => Promise.resolve(interruption.abort(new Error('stopped')));
    const error = await failure(cachedFolder(recipe({ make }), { ...context, signal: interruption.signal }));
    expect(error).to.have.property('message', 'stopped');
    expect(readdirSync(root())).to.deep.equal([]);
  });

  /** A tool that writes this and fails. */
  const tool = (output: string): readonly [string, ...string[]] => {
    writeFileSync(join(home, 'tool'), `#!/bin/sh\ncat >&2 <<'END'\n${output}\nEND\nexit 1\n`);
    chmodSync(join(home, 'tool'), 0o755);
    return ['tool'];
  };
  const run = (command: readonly [string, ...string[]]): Promise<unknown> =>
    failure(runTool({ whose: 'own 1.0', command, needs: 'the tool of tools' }, context));

  it('says which tool is missing', async () => {
    const error = await run(['no-such-tool']);
    expect(error).to.be.an.instanceOf(HarnessError);
    expect(error).to.include({
      code: 'CLIENT_NOT_INSTALLED',
      exitCode: 3,
      message: 'Client own 1.0 cannot be installed, since no-such-tool is not there: install the tool of tools.',
    });
  });

  for (const [output, telling] of [
    [
      'npm error code ETARGET\nnpm error notarget No matching version found for a@9.\nnpm error A complete log',
      'No matching version found for a@9.',
    ],
    [
      'ERROR: Could not find a version that satisfies a==9\nERROR: No matching distribution found for a==9',
      'No matching distribution',
    ],
    ['go: a@v9: invalid version: unknown revision v9', 'unknown revision v9'],
    ['something\nan error of its own\nin the end', 'an error of its own'],
    ['dial tcp: connection refused\nerror', 'connection refused'],
    ['it just ended', 'it just ended'],
  ] as const)
    it(`quotes "${telling}"`, async () => {
      const { message } = (await run(tool(output))) as Error;
      expect(message)
        .to.match(/^Client own 1\.0 cannot be installed, since tool says "/)
        .and.contain(telling);
    });

  it('quotes no secret', async () => {
    const { message } = (await run(tool('cannot reach https://user:hidden-secret@proxy.example.com'))) as Error;
    expect(message).to.contain('cannot reach https://user:').and.not.contain('hidden-secret');
  });

  it('gives what a tool writes, which finds its own variables', async () => {
    const command = ['sh', '-c', 'printf "$OWN in $(pwd)"'] as const;
    const told = await runTool(
      { whose: 'own', command, needs: 'sh', folder: home, variables: { OWN: 'own' } },
      context,
    );
    expect(told).to.equal(`own in ${home}`);
    expect(existsSync(root())).to.equal(false);
  });
});
