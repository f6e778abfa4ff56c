import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export interface GoModule {
  readonly module: string;
  /** For example `v1.34.4`. */
  readonly version: string;
}

/** Content of versions.json, the only file with versions. */
export interface Versions {
  /** Image name. Its tag is the Kubernetes version. */
  readonly image: string;
  readonly kind: GoModule;
  readonly kubernetes: GoModule;
  /** `tag` is the one that kubeadm uses. */
  readonly etcd: GoModule & { readonly tag: string };
  readonly coredns: GoModule;
  readonly kubeRouter: GoModule;
  readonly pause: { readonly tag: string };
  readonly debian: { readonly release: string };
}

export const versions = JSON.parse(readFileSync(join(FOLDER, 'versions.json'), 'utf8')) as Versions;

export const nodeImage = (release: Versions): string => `${release.image}:${release.kubernetes.version}`;

/** Returns a hash of versions, recipe and architecture, 16 hexadecimal digits. */
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
