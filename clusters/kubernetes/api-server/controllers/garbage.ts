import type { ApiContext } from '../rest/context.ts';
import { deletePod } from '../rest/delete-pod.ts';
import { dependentsOf } from '../rest/dependents.ts';

const OWNERS = ['deployments', 'replicasets', 'daemonsets', 'jobs'];

/** Deletes objects whose owner no longer exists (Kubernetes, "Garbage Collection"). */
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
