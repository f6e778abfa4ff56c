import type { KubeObject } from '../model/types.ts';
import type { MemoryStore } from '../store/memory-store.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export function ownersOf(object: KubeObject): readonly OwnerReference[] {
  return (object.metadata['ownerReferences'] as readonly OwnerReference[] | undefined) ?? [];
}

const DEPENDENTS = ['replicasets', 'pods', 'configmaps'];

export function* dependentsOf(
  store: MemoryStore,
  owner: KubeObject,
): Generator<[resource: string, dependent: KubeObject]> {
  for (const resource of DEPENDENTS) {
    for (const object of store.list(resource, owner.metadata.namespace))
      if (ownersOf(object).some(({ uid }) => uid === owner.metadata.uid)) yield [resource, object];
  }
}

/** Removes the dependents' references to their owner. */
export function orphan(store: MemoryStore, owner: KubeObject): void {
  for (const [resource, object] of dependentsOf(store, owner)) {
    const ownerReferences = ownersOf(object).filter(({ uid }) => uid !== owner.metadata.uid);
    store.update(resource, { ...object, metadata: { ...object.metadata, ownerReferences } });
  }
}
