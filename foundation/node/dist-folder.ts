import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns the built package. Works from sources and from dist/. */
export function distFolder(): string {
  const here = `${dirname(fileURLToPath(import.meta.url))}/`;
  const end = here.lastIndexOf('/dist/');
  return end === -1 ? join(here, '..', '..', 'dist') : here.slice(0, end + '/dist'.length);
}
