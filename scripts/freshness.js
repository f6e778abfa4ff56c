/** Reports whether dist/ is up to date. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = [
  'aws',
  'bin',
  'foundation',
  'emulator',
  'identity',
  'components',
  'clusters',
  'harness',
  'doctor',
  'suites',
  'scripts',
];

/** File with the modification time of the newest source at the build. */
export const STAMP = join(root, 'dist', '.built-from');

/** Returns the modification time of the newest source, in milliseconds since the epoch. */
export const newestSource = () => Math.max(0, ...sourceFiles(SOURCES).map((path) => statSync(path).mtimeMs));

/** @param except folders to ignore */
export function sourcesDigest(except) {
  const hash = createHash('sha256');
  for (const path of sourceFiles(SOURCES.filter((folder) => !except.includes(folder))).sort())
    hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

function sourceFiles(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter(
        (file) =>
          /\.(tsx?|css|js|mjs|json|sh|yaml|py|go|java|rs|toml|xml)$/.test(file) &&
          !file.endsWith('.test.ts') &&
          !file.startsWith('site/'),
      )
      .map((file) => join(root, folder, file)),
  );
}

export function isFresh() {
  if (!existsSync(STAMP)) return false;
  return newestSource() <= Number(readFileSync(STAMP, 'utf8'));
}
