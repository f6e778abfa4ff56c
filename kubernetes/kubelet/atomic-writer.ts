import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface ProjectedFile {
  readonly data: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** Owner; without it, the kubelet's own user. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Relative path -> file. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

const DATA = '..data';
let writes = 0;

/**
 * Writes a volume's files as a kubelet does: into a new directory, which the link `..data` is then turned to, so that a
 * reader sees either all old or all new files. `<volume>/<first segment>` links to `..data/<first segment>`. Synchronous:
 * each of the calls takes microseconds, and handing them to other threads costs several times that.
 */
export function writeAtomically(volume: string, payload: Payload, now: number): void {
  const previous = currentGeneration(volume);
  const stamp = new Date(now).toISOString().replace(/[-:T]/g, '_').replace('Z', '');
  const generation = `..${stamp}${String(writes++)}`;
  const directory = join(volume, generation);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  chmodSync(directory, 0o755);
  for (const [path, file] of payload) writeProjected(directory, path, file);

  const pending = join(volume, '..data_tmp');
  rmSync(pending, { force: true });
  symlinkSync(generation, pending);
  renameSync(pending, join(volume, DATA));

  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  if (previous !== undefined) {
    const present = readdirSync(volume).filter((name) => !name.startsWith('..'));
    for (const name of present) if (!wanted.delete(name)) rmSync(join(volume, name), { force: true, recursive: true });
  }
  for (const name of wanted) symlinkSync(join(DATA, name), join(volume, name));
  if (previous !== undefined) rmSync(join(volume, previous), { recursive: true, force: true });
}

/** Directory that `..data` links to; undefined at the first write. */
function currentGeneration(volume: string): string | undefined {
  try {
    return readlinkSync(join(volume, DATA));
  } catch {
    return undefined;
  }
}

function writeProjected(directory: string, path: string, file: ProjectedFile): void {
  const place = join(directory, path);
  if (path.includes('/')) mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
  writeFileSync(place, file.data, { mode: 0o600 });
  if (process.geteuid?.() === 0 && (file.uid !== undefined || file.gid !== undefined)) {
    chownSync(place, file.uid ?? 0, file.gid ?? 0);
  }
  chmodSync(place, file.mode);
}
