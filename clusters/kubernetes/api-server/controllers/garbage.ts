import type { ApiContext } from '../rest/context.ts';
import { deletePod } from '../rest/delete-pod.ts';
import { dependentsOf } from '../rest/dependents.ts';
import { removeOrMark } from '../rest/finalizers.ts';

const OWNERS = ['deployments', 'replicasets', 'daemonsets', 'jobs'];

/** Deletes objects whose owner no longer exists (Kubernetes, "Garbage Collection"). */
export function startGarbageCollector(context: Pick<ApiContext, 'store' | 'clock'>): void {
  const { store } = context;
  for (const owner of OWNERS) {
    store.onChange(owner, ({ type, object }) => {
      if (type !== 'DELETED') return;
      for (const [resource, dependent] of dependentsOf(store, object)) {
        if (resource === 'pods') deletePod(context, dependent);
        else removeOrMark(context, resource, dependent);
      }
    });
  }
}
