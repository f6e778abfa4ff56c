import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { alreadyExists, conflict, invalid, notFound, requiredValue } from '../model/errors.ts';
import { kindOf } from '../model/kinds.ts';
import { ApiError, timestamp, type Clock, type KubeObject, type ObjectStore, type WatchEvent } from '../model/types.ts';

export interface Change {
  readonly resource: string;
  readonly type: WatchEvent['type'];
  readonly object: KubeObject;
  /** The previous object, for selectors that no longer match. */
  readonly previous: KubeObject | undefined;
  readonly version: number;
}

/** Number of changes kept for resumed watches. Older versions get 410 Gone. */
const HISTORY = 2048;
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Returns five random characters, like those after `generateName`. */
export function nameSuffix(): string {
  return Array.from(randomBytes(5), (byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function identityOf(resource: string): { group: string; resource: string } {
  return kindOf(resource) ?? { group: '', resource };
}

/** Copies the metadata and shares the rest. */
const withOwnMetadata = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata } });

/** Stores objects in memory. Objects are shared: never change one that is or was in the store. */
export class MemoryStore implements ObjectStore {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Map<string, Set<(change: Change) => void>>();
  readonly #history: Change[] = [];
  #version = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get version(): number {
    return this.#version;
  }

  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name));
  }

  list(resource: string, namespace?: string): KubeObject[] {
    const all = [...(this.#objects.get(resource)?.values() ?? [])];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  create(resource: string, object: KubeObject): KubeObject {
    const stored = withOwnMetadata(object);
    const { metadata } = stored;
    if (!metadata.name && metadata.generateName) metadata.name = `${metadata.generateName}${nameSuffix()}`;
    if (!metadata.name) {
      const kind = { group: identityOf(resource).group, kind: object.kind };
      throw invalid(kind, '', [requiredValue('metadata.name', 'name or generateName is required')]);
    }
    const key = keyOf(metadata.namespace, metadata.name);
    if (this.#objects.get(resource)?.has(key)) throw alreadyExists(identityOf(resource), metadata.name);
    metadata.uid = randomUUID();
    metadata.creationTimestamp = timestamp(this.#clock.now());
    this.#commit(resource, 'ADDED', stored, undefined);
    return stored;
  }

  update(resource: string, object: KubeObject): KubeObject {
    const { name, namespace } = object.metadata;
    const previous = this.get(resource, namespace, name);
    if (previous === undefined) throw notFound(identityOf(resource), name);
    const { resourceVersion, uid } = object.metadata;
    if (resourceVersion && resourceVersion !== previous.metadata.resourceVersion) {
      const cause = 'the object has been modified; please apply your changes to the latest version and try again';
      throw conflict(identityOf(resource), name, cause);
    }
    if (uid && uid !== previous.metadata.uid) {
      const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.metadata.uid}`;
      throw conflict(identityOf(resource), name, cause);
    }
    const stored = withOwnMetadata(object);
    for (const field of ['uid', 'creationTimestamp', 'resourceVersion'] as const) {
      const value = previous.metadata[field];
      if (value !== undefined) stored.metadata[field] = value;
    }
    // Otherwise controllers that write an unchanged object would loop.
    if (isDeepStrictEqual(stored, previous)) return stored;
    this.#commit(resource, 'MODIFIED', stored, previous);
    return stored;
  }

  remove(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const previous = this.get(resource, namespace, name);
    if (previous === undefined) return undefined;
    const last = withOwnMetadata(previous);
    this.#commit(resource, 'DELETED', last, previous);
    return last;
  }

  watch(resource: string, listener: (event: WatchEvent) => void): () => void {
    return this.onChange(resource, listener);
  }

  onChange(resource: string, listener: (change: Change) => void): () => void {
    const listeners = this.#listeners.get(resource) ?? new Set();
    this.#listeners.set(resource, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Returns the changes since a version. Throws `ApiError` 410 if some are no longer stored. */
  changesSince(resource: string, version: number): Change[] {
    const oldest = this.#history[0]?.version ?? this.#version + 1;
    if (version < oldest - 1) {
      throw new ApiError(410, 'Expired', `too old resource version: ${version} (${oldest})`);
    }
    return this.#history.filter((change) => change.resource === resource && change.version > version);
  }

  #commit(resource: string, type: WatchEvent['type'], object: KubeObject, previous: KubeObject | undefined): void {
    this.#version += 1;
    object.metadata.resourceVersion = String(this.#version);
    const objects = this.#objects.get(resource) ?? new Map<string, KubeObject>();
    this.#objects.set(resource, objects);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    const change: Change = { resource, type, object, previous, version: this.#version };
    this.#history.push(change);
    if (this.#history.length > HISTORY) this.#history.splice(0, HISTORY / 4);
    for (const listener of [...(this.#listeners.get(resource) ?? [])]) listener(change);
  }
}
