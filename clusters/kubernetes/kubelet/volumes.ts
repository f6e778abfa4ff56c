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
import { realPath, TEMPORARY } from './translation.ts';

export class PodVolumes {
  readonly #directory: string;
  readonly #sources: PayloadSources;
  readonly #written = new Map<string, Payload>();
  #queue: Promise<void> = Promise.resolve();

  constructor(directory: string, sources: PayloadSources) {
    this.#directory = directory;
    this.#sources = sources;
  }

  /** Creates the volumes. Throws `ConfigError` for a missing reference. */
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

  /** Updates projected files. */
  refresh(pod: Pod): Promise<void> {
    const done = this.#queue.then(() => this.#refresh(pod));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Waits for pending writes. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** Updates all volumes, even if one fails. Throws the first error. */
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

  /** Links the container's volumes to their mount paths, and creates its /tmp. */
  attach(container: Container, root: string): void {
    mkdirSync(root, { recursive: true, mode: 0o755 });
    const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => a.mountPath.length - b.mountPath.length);
    for (const mount of mounts) {
      const place = realPath(root, mount.mountPath.replace(/\/+$/, ''));
      const source = realPath(this.#path(mount.name), mount.subPath ?? '');
      mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
      if (mount.subPath !== undefined && !this.#written.has(mount.name)) mkdirSync(source, { recursive: true });
      rmSync(place, { force: true });
      // A subPath file does not receive updates (Kubernetes, "Volumes", subPath).
      const isFile = mount.subPath !== undefined && statSync(source, { throwIfNoEntry: false })?.isFile() === true;
      if (isFile) linkSync(realpathSync(source), place);
      else symlinkSync(source, place);
    }
    const temporary = realPath(root, TEMPORARY);
    if (mounts.some(({ mountPath }) => realPath(root, mountPath.replace(/\/+$/, '')) === temporary)) return;
    mkdirSync(temporary, { recursive: true });
    chmodSync(temporary, 0o1777);
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
 * Writes files atomically, like a kubelet: first a new directory, then the link `..data` to it. `<volume>/<first segment>`
 * links to `..data/<first segment>`. Synchronous, which is faster than threads.
 */
function writeAtomically(volume: string, payload: Payload): void {
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

/** Returns the target of `..data`, if any. */
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
