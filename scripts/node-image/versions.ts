import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The recipe's folder. */
export const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export interface GoModule {
  /** Path of the Go module. */
  readonly module: string;
  /** Its version, such as `v1.34.4`. */
  readonly version: string;
}

/** What versions.json holds: the one place where versions stand. */
export interface Versions {
  /** Name of the node image; its tag is Kubernetes' version. */
  readonly image: string;
  readonly kind: GoModule;
  readonly kubernetes: GoModule;
  /** `tag` is that of the image which kubeadm names. */
  readonly etcd: GoModule & { readonly tag: string };
  readonly coredns: GoModule;
  readonly kubeRouter: GoModule;
  readonly pause: { readonly tag: string };
  readonly debian: { readonly release: string };
}

export const versions = JSON.parse(readFileSync(join(FOLDER, 'versions.json'), 'utf8')) as Versions;

/** Name and tag of the node image. */
export const nodeImage = (of: Versions): string => `${of.image}:${of.kubernetes.version}`;

/**
 * A hash of versions, recipe and processor: 16 hexadecimal digits. An image that was built from the same is up to date.
 *
 * @param folder Folder of the recipe; every file counts but tests.
 */
export function recipeHash(folder: string = FOLDER): string {
  const hash = createHash('sha256').update(process.arch);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`\0${relative(folder, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
