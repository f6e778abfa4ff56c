import { deletePod } from '../rest/delete-pod.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { KubeObject } from '../types.ts';
import { ownersOf } from './controller.ts';
import type { ApiContext } from '../context.ts';

/** What may own something here, and what may be owned. */
const OWNERS = ['deployments', 'replicasets', 'daemonsets', 'jobs'];
const DEPENDENTS = ['replicasets', 'pods'];

function* dependentsOf(store: MemoryStore, owner: KubeObject): Generator<[resource: string, dependent: KubeObject]> {
  for (const resource of DEPENDENTS) {
    for (const object of store.list(resource, owner.metadata.namespace))
      if (ownersOf(object).some(({ uid }) => uid === owner.metadata.uid)) yield [resource, object];
  }
}

/** Deletes what the owner of is gone (Kubernetes, "Garbage Collection", cascading deletion in the background). */
export function startGarbageCollector(context: Pick<ApiContext, 'store' | 'clock'>): void {
  const { store } = context;
  for (const owner of OWNERS) {
    store.onChange(owner, ({ type, object }) => {
      if (type !== 'DELETED') return;
      for (const [resource, dependent] of dependentsOf(store, object)) {
        const { namespace, name } = dependent.metadata;
        if (resource === 'pods') deletePod(context, dependent);
        else store.remove(resource, namespace, name);
      }
    });
  }
}

/** Lets go of what an object owns, so that it stays when the object goes. */
export function orphan(store: MemoryStore, owner: KubeObject): void {
  for (const [resource, object] of dependentsOf(store, owner)) {
    const ownerReferences = ownersOf(object).filter(({ uid }) => uid !== owner.metadata.uid);
    store.update(resource, { ...object, metadata: { ...object.metadata, ownerReferences } });
  }
}
