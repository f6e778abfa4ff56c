import {
  linkSync,
  mkdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  chmodSync,
  chownSync,
  readdirSync,
  readlinkSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from './environment.ts';
import { isProjection, payloadOf, type Payload, type PayloadSources, type ProjectedFile } from './payload.ts';
import type { Container, Pod, Volume } from './spec.ts';
import { realPath } from './translation.ts';

/** The volumes of one pod, in a directory of its own. */
export class PodVolumes {
  readonly #directory: string;
  readonly #sources: PayloadSources;
  readonly #written = new Map<string, Payload>();
  #queue: Promise<void> = Promise.resolve();

  constructor(directory: string, sources: PayloadSources) {
    this.#directory = directory;
    this.#sources = sources;
  }

  /** Makes all volumes of the pod. Throws `ConfigError` when one refers to something that is missing. */
  async mount(pod: Pod): Promise<void> {
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.emptyDir !== undefined) await this.#emptyDirectory(volume, pod);
      else if (!isProjection(volume)) {
        const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
        throw new ConfigError(`volume "${volume.name}": this cluster has no volumes of kind ${kind}`);
      }
    }
    await this.refresh(pod);
  }

  /** Brings the files of projected volumes up to date with the pod, its config maps and secrets, and its tokens' age. */
  refresh(pod: Pod): Promise<void> {
    const done = this.#queue.then(() => this.#refresh(pod));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Waits for writes under way. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** Each volume is set up by itself: one that cannot be leaves the others as they should be. Throws the error of the first. */
  async #refresh(pod: Pod): Promise<void> {
    const errors: unknown[] = [];
    for (const volume of (pod.spec.volumes ?? []).filter(isProjection)) {
      try {
        const payload = await payloadOf(volume, pod, this.#sources);
        if (isDeepStrictEqual(this.#written.get(volume.name), payload)) continue;
        writeAtomically(this.#path(volume.name), payload);
        this.#written.set(volume.name, payload);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Gives a container a root directory in which the volumes it mounts, and no others, are at their mount paths. */
  attach(container: Container, root: string): void {
    mkdirSync(root, { recursive: true, mode: 0o755 });
    const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => a.mountPath.length - b.mountPath.length);
    for (const mount of mounts) {
      const place = realPath(root, mount.mountPath.replace(/\/+$/, ''));
      const source = realPath(this.#path(mount.name), mount.subPath ?? '');
      mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
      if (mount.subPath !== undefined && !this.#written.has(mount.name)) mkdirSync(source, { recursive: true });
      rmSync(place, { force: true });
      // A file of a volume by itself stays what it is, whatever comes in its place (Kubernetes, "Volumes", subPath).
      const isFile = mount.subPath !== undefined && statSync(source, { throwIfNoEntry: false })?.isFile() === true;
      if (isFile) linkSync(realpathSync(source), place);
      else symlinkSync(source, place);
    }
  }

  async #emptyDirectory(volume: Volume, pod: Pod): Promise<void> {
    const path = this.#path(volume.name);
    await mkdir(path, { recursive: true });
    await chmod(path, 0o777);
    const group = pod.spec.securityContext?.fsGroup;
    if (group !== undefined && process.geteuid?.() === 0) await chown(path, 0, group);
  }

  #path(name: string): string {
    return realPath(this.#directory, name);
  }
}

const DATA = '..data';
let writes = 0;

/**
 * Writes a volume's files as a kubelet does: into a new directory, which the link `..data` is then turned to, so that a
 * reader sees either all old or all new files. `<volume>/<first segment>` links to `..data/<first segment>`. Synchronous:
 * each of the calls takes microseconds, and handing them to other threads costs several times that.
 */
export function writeAtomically(volume: string, payload: Payload): void {
  const previous = currentGeneration(volume);
  const generation = `..${String(writes++)}`;
  const directory = join(volume, generation);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  chmodSync(directory, 0o755);
  for (const [path, file] of payload) writeProjected(directory, path, file);

  const pending = join(volume, '..data_tmp');
  symlinkSync(generation, pending);
  renameSync(pending, join(volume, DATA));

  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  if (previous !== undefined) {
    const present = readdirSync(volume).filter((name) => !name.startsWith('..'));
    for (const name of present) if (!wanted.delete(name)) unlinkSync(join(volume, name));
  }
  for (const name of wanted) symlinkSync(join(DATA, name), join(volume, name));
  if (previous !== undefined) rmSync(join(volume, previous), { recursive: true });
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
