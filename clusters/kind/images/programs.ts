import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkloadProgram } from '../../../clients/workload-program.ts';

/** The script that puts the image's files together (collect.sh), by its path in dist/. */
export const SCRIPT = 'image/collect.sh';

/** What goes into the image of what the build made: paths in dist/, in a stable order. */
export function programFiles(dist: string, { container }: WorkloadProgram): readonly string[] {
  const programs = readdirSync(join(dist, 'image', 'root')).sort();
  return [SCRIPT, ...programs.map((name) => `image/root/${name}`), ...(container?.files ?? [])];
}

/** What an image is made of, besides its programs. */
export interface Ingredients {
  readonly workload: WorkloadProgram;
  /** Id of the base image; it also says which Node that has. */
  readonly base: string;
  /** Version and processor of this machine's Node, which serves where the base has none. */
  readonly node: string;
  /** How the image is started. */
  readonly settings: readonly string[];
}

/** The tag of an image of these programs: 16 hexadecimal digits, which change with anything that it is made of. */
export function componentTag(dist: string, ingredients: Ingredients): string {
  const hash = createHash('sha256').update(JSON.stringify([ingredients.base, ingredients.node, ingredients.settings]));
  for (const file of programFiles(dist, ingredients.workload)) {
    const content = readFileSync(join(dist, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
