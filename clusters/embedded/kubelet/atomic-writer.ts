import { chmod, chown, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
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
 * reader sees either all old or all new files. `<volume>/<first segment>` links to `..data/<first segment>`.
 */
export async function writeAtomically(volume: string, payload: Payload, now: number): Promise<void> {
  const stamp = new Date(now).toISOString().replace(/[-:T]/g, '_').replace('Z', '');
  const generation = `..${stamp}${String(writes++)}`;
  const directory = join(volume, generation);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await chmod(directory, 0o755);
  for (const [path, file] of payload) await writeProjected(join(directory, path), file);

  const previous = await readlink(join(volume, DATA)).catch(() => undefined);
  const pending = join(volume, '..data_tmp');
  await rm(pending, { force: true });
  await symlink(generation, pending);
  await rename(pending, join(volume, DATA));

  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  const present = (await readdir(volume)).filter((name) => !name.startsWith('..'));
  for (const name of present) if (!wanted.delete(name)) await rm(join(volume, name), { force: true, recursive: true });
  for (const name of wanted) await symlink(join(DATA, name), join(volume, name));
  if (previous !== undefined) await rm(join(volume, previous), { recursive: true, force: true });
}

async function writeProjected(path: string, file: ProjectedFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, file.data, { mode: 0o600 });
  if (process.geteuid?.() === 0 && (file.uid !== undefined || file.gid !== undefined)) {
    await chown(path, file.uid ?? 0, file.gid ?? 0);
  }
  await chmod(path, file.mode);
}

/** Whether two payloads are the same to a reader. */
export function samePayload(a: Payload, b: Payload): boolean {
  if (a.size !== b.size) return false;
  for (const [path, file] of a) {
    const other = b.get(path);
    if (other === undefined || other.mode !== file.mode || !other.data.equals(file.data)) return false;
  }
  return true;
}
