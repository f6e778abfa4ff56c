import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Io } from '../../foundation/node/io.ts';

/** Imports a module of a clone by its path, which no bundle has. */
export async function fromSource<Module>(path: string, { root, code }: Io): Promise<Module> {
  // Code that runs from source has a loader for TypeScript already.
  if (code !== root) (await import('tsx/esm/api')).register();
  return (await import(pathToFileURL(join(root, path)).href)) as Module;
}
