/** Files of clients' programs: of this package, as the build copied them (scripts/build.js). */
import { readFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { distFolder } from '../../foundation/dist-folder.ts';

/** @param file its path below `clients/` */
const programPath = (file: string): string => join(distFolder(), 'clients', file);

export const contentsOf = (files: readonly string[]): readonly string[] =>
  files.map((file) => readFileSync(programPath(file), 'utf8'));

/** Copies them into a folder, which is made, by their names alone. */
export async function copyPrograms(files: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const file of files) await copyFile(programPath(file), join(folder, basename(file)));
}
