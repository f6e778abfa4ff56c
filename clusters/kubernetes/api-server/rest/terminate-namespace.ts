import { KINDS } from '../model/kinds.ts';
import { timestamp, type KubeObject } from '../model/types.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { ApiContext } from './context.ts';
import { deletePod } from './delete-pod.ts';
import { finalizersOf, removeOrMark } from './finalizers.ts';

const NAMESPACED = KINDS.filter((kind) => kind.namespaced).map((kind) => kind.resource);

/** Removes a terminating namespace and its contents once it has no pods and no objects with finalizers. */
export function finishIfEmpty(store: MemoryStore, namespace: string): void {
  const namespaceObject = store.get('namespaces', undefined, namespace);
  if (namespaceObject?.metadata.deletionTimestamp === undefined || store.list('pods', namespace).length > 0) return;
  for (const resource of NAMESPACED) {
    for (const object of store.list(resource, namespace)) {
      if (finalizersOf(object).length > 0) return;
      store.remove(resource, namespace, object.metadata.name);
    }
  }
  store.remove('namespaces', undefined, namespace);
}

/** Marks a namespace as terminating and empties it. It is removed after its last pod. Returns its last state. */
export function terminateNamespace(context: Pick<ApiContext, 'store' | 'clock'>, namespace: KubeObject): KubeObject {
  const { store, clock } = context;
  const { name, resourceVersion: _version, ...metadata } = namespace.metadata;
  const deletionTimestamp = metadata.deletionTimestamp ?? timestamp(clock.now());
  const marked = store.update('namespaces', {
    ...namespace,
    metadata: { ...metadata, name, deletionTimestamp },
    status: { phase: 'Terminating' },
  });
  for (const pod of store.list('pods', name)) deletePod(context, pod);
  for (const resource of NAMESPACED.filter((candidate) => candidate !== 'pods')) {
    for (const object of store.list(resource, name)) removeOrMark(context, resource, object);
  }
  finishIfEmpty(store, name);
  return marked;
}
