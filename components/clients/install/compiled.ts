import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientRelease, InstallContext, InstalledClient } from '../client.ts';
import { cachedFolder, PROGRAM, type Recipe } from './cached-folder.ts';

export interface CompiledRecipe extends Omit<Recipe, 'make'> {
  readonly isLinkedDynamically?: true;
  /** Builds the program at the given path. The folder contains the files. */
  readonly build: (folder: string, program: string) => Promise<void>;
}

export async function compiled(
  release: ClientRelease,
  { build, isLinkedDynamically, ...recipe }: CompiledRecipe,
  context: InstallContext,
): Promise<InstalledClient> {
  const make = async (part: string): Promise<void> => {
    const source = join(part, PROGRAM);
    await build(source, join(part, 'client'));
    await rm(source, { recursive: true });
  };
  const folder = await cachedFolder(release, { ...recipe, make }, context);
  return { folder, command: [join(folder, 'client')], ...(isLinkedDynamically && { isLinkedDynamically }) };
}
