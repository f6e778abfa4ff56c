import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../../foundation/node/cache-folder.ts';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import { isAlive } from '../../../foundation/node/is-alive.ts';
import { poll } from '../../../foundation/node/poll.ts';
import type { ClientRelease, InstallContext } from '../client.ts';

export interface Recipe {
  /** Paths of the program's files below `clients/` of this package, as built by scripts/build.js. */
  readonly files: readonly string[];
  /** Inputs of the content other than name, version and files. */
  readonly ingredients: readonly string[];
  /** Fills a folder with a temporary name. Its subfolder `program` has the files. */
  readonly make: (folder: string) => Promise<unknown>;
}

/** Returns a client's folder from an earlier run, or creates it atomically. Concurrent runs wait for each other. */
export async function cachedFolder(
  { name, version }: ClientRelease,
  { files, ingredients, make }: Recipe,
  { environment, progress, signal }: InstallContext,
): Promise<string> {
  const root = join(cacheFolder(environment), 'clients');
  const paths = files.map((file) => join(distFolder(), 'clients', file));
  const all = [...ingredients, ...paths.map((path) => readFileSync(path, 'utf8'))];
  const hash = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
  const folder = join(root, `${name}-${version}-${hash}`);
  if (existsSync(folder)) return folder;
  await mkdir(root, { recursive: true });
  if (await isBeingMade(folder)) {
    progress(`Waiting for another run, which is installing client ${name} ${version}.`);
    const isOver = async () => existsSync(folder) || !(await isBeingMade(folder)) || undefined;
    await poll(isOver, { every: 500, signal, what: folder });
    if (existsSync(folder)) return folder;
  }
  progress(`Installing client ${name} ${version} into ${folder} for this and later runs.`);
  const part = await mkdtemp(join(root, `${PART}${process.pid}-${basename(folder)}-`));
  try {
    await mkdir(join(part, PROGRAM));
    for (const path of paths) await copyFile(path, join(part, PROGRAM, basename(path)));
    await make(part);
    signal.throwIfAborted();
    await rename(part, folder).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(part, { recursive: true, force: true, maxRetries: 3 });
  }
  return folder;
}

export const PROGRAM = 'program';
const PART = '.part-';

/** Returns whether another run is creating the folder. Removes leftovers of killed runs. */
async function isBeingMade(folder: string): Promise<boolean> {
  const root = join(folder, '..');
  let isMade = false;
  for (const entry of await readdir(root)) {
    if (!entry.startsWith(PART)) continue;
    if (!isAlive(Number.parseInt(entry.slice(PART.length), 10)))
      await rm(join(root, entry), { recursive: true, force: true });
    else isMade ||= entry.includes(`-${basename(folder)}-`);
  }
  return isMade;
}
