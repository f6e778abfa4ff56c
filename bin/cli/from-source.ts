import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Io } from '../../foundation/node/io.ts';

/** Imports a module of a clone by its path. Bundles do not contain it. */
export async function fromSource<Module>(path: string, { root, code }: Io): Promise<Module> {
  // Code that runs from source already has a TypeScript loader.
  if (code !== root) (await import('tsx/esm/api')).register();
  return (await import(pathToFileURL(join(root, path)).href)) as Module;
}
