import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cache } from './cache.ts';
import { engineFolder, findImage, loadImage } from './docker.ts';
import { buildGoProgram, goPrograms, kindProgram } from './go-program.ts';
import { checkDisk, checkGo, checkTools } from './requirements.ts';
import { debianArchive, nodeArchive } from './root-file-system.ts';
import { step, type Terminal } from './terminal.ts';
import { nodeImage, recipeHash, type Versions } from './versions.ts';

interface Context {
  readonly cache: Cache;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Required disk space in GiB, for a whole build and for loading a built image. */
const SPACE = { build: 8, restore: 3 };

/** Provides the node image and `kind` in the given versions. @param force rebuilds the image from cached programs */
export async function provideNodeImage(versions: Versions, force: boolean, context: Context): Promise<void> {
  const { cache, terminal } = context;
  const tag = nodeImage(versions);
  const hash = recipeHash();
  const docker = await engineFolder();
  const current = await findImage(tag);
  if (!force && current?.hash === hash) {
    terminal.line(`${tag} is already built.`);
  } else {
    const built = cache.path('node.tar', hash);
    if (force) rmSync(built, { force: true });
    if (!existsSync(built)) await checkTools();
    await checkDisk([cache.folder, docker], existsSync(built) ? SPACE.restore : SPACE.build);
    const archive = await cache.get('node.tar', hash, (at) => buildNode(at, hash, versions, context));
    await step(terminal, `load ${tag} into Docker`, () => loadImage(archive, context.signal));
    cache.keepOnly('node.tar', hash);
  }
  await provideKind(versions, context);
}

/** Compiles programs and installs Debian in parallel, since one needs processors and the other the network. */
async function buildNode(at: string, hash: string, versions: Versions, context: Context): Promise<void> {
  const failure = new AbortController();
  const both = { ...context, signal: AbortSignal.any([context.signal, failure.signal]) };
  const compile = async (): Promise<Record<string, string>> => {
    const binaries: Record<string, string> = {};
    for (const program of goPrograms(versions)) binaries[program.name] = await buildGoProgram(program, both);
    return binaries;
  };
  const work = [compile(), debianArchive(versions, both)] as const;
  try {
    const [binaries, debian] = await Promise.all(work);
    await step(context.terminal, 'assemble the node image', () =>
      nodeArchive(at, hash, versions, debian, binaries, context),
    );
  } catch (error) {
    failure.abort();
    await Promise.allSettled(work);
    throw error;
  }
}

export const kindPath = (cacheFolder: string): string => join(cacheFolder, 'bin', 'kind');

async function provideKind(versions: Versions, context: Context): Promise<void> {
  const { cache } = context;
  const path = kindPath(cache.folder);
  const installed = join(cache.folder, 'bin', `kind-${versions.kind.version}`);
  if (existsSync(path) && existsSync(installed)) return;
  await checkGo();
  const folder = await buildGoProgram(kindProgram(versions), context);
  mkdirSync(join(cache.folder, 'bin'), { recursive: true });
  for (const target of [installed, path]) {
    copyFileSync(join(folder, 'kind'), `${target}.${process.pid}`);
    chmodSync(`${target}.${process.pid}`, 0o755);
    renameSync(`${target}.${process.pid}`, target);
  }
}
