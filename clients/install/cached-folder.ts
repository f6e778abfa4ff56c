import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../foundation/cache-folder.ts';
import { isAlive } from '../../foundation/is-alive.ts';
import type { InstallContext } from '../client.ts';

export interface Recipe {
  readonly name: string;
  readonly version: string;
  /** All that the folder's content depends on beside name and version. */
  readonly ingredients: readonly string[];
  /** Fills a folder, which has another name then. */
  readonly make: (folder: string) => Promise<void>;
}

/** The folder of a client: from an earlier run, or made now, of which no other run ever sees a half. */
export async function cachedFolder(
  { name, version, ingredients, make }: Recipe,
  { environment, progress, signal }: InstallContext,
): Promise<string> {
  const root = join(cacheFolder(environment), 'clients');
  const hash = createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 12);
  const folder = join(root, `${name}-${version}-${hash}`);
  if (existsSync(folder)) return folder;
  progress(`Installing client ${name} ${version} into ${folder}, which is done once.`);
  await mkdir(root, { recursive: true });
  await removeAbandoned(root);
  const part = await mkdtemp(join(root, `${PART}${process.pid}-`));
  try {
    await make(part);
    signal.throwIfAborted();
    await rename(part, folder).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return folder;
}

/** Before the process id, and what tells those of one process apart. */
const PART = '.part-';

/** Removes what a run left that was killed. */
async function removeAbandoned(root: string): Promise<void> {
  for (const entry of await readdir(root)) {
    const pid = entry.startsWith(PART) ? Number.parseInt(entry.slice(PART.length), 10) : undefined;
    if (pid !== undefined && !isAlive(pid)) await rm(join(root, entry), { recursive: true, force: true });
  }
}
