/** Whether dist/ was built from the sources as they are. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = [
  'cli',
  'foundation',
  'kubernetes',
  'emulator',
  'components',
  'clients',
  'clusters',
  'harness',
  'suites',
  'faults',
  'detection',
  'scripts',
];

/** File whose text is the time of the newest source when dist/ was built. */
export const STAMP = join(root, 'dist', '.built-from');

/** Time of the newest source file, milliseconds since the epoch. */
export function newestSource() {
  let newest = 0;
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/\.(ts|js|json|sh|yaml)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
        newest = Math.max(newest, statSync(path).mtimeMs);
    }
  };
  for (const folder of SOURCES) visit(join(root, folder));
  return newest;
}

export function isFresh() {
  if (!existsSync(STAMP)) return false;
  return newestSource() <= Number(readFileSync(STAMP, 'utf8'));
}
