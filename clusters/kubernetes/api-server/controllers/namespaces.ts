import { finishIfEmpty } from '../rest/terminate-namespace.ts';
import type { MemoryStore } from '../store/memory-store.ts';

const INITIAL = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

function isActive(store: MemoryStore, namespace: string): boolean {
  const namespaceObject = store.get('namespaces', undefined, namespace);
  return namespaceObject !== undefined && namespaceObject.metadata.deletionTimestamp === undefined;
}

/** Creates the service account `default` and the ConfigMap with the cluster's CA in a namespace. */
function furnish(store: MemoryStore, namespace: string, certificateAuthority: string): void {
  if (!isActive(store, namespace)) return;
  if (!store.get('serviceaccounts', namespace, 'default')) {
    store.create('serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    });
  }
  if (!store.get('configmaps', namespace, 'kube-root-ca.crt')) {
    store.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt', namespace },
      data: { 'ca.crt': certificateAuthority },
    });
  }
}

export function startNamespaceController(store: MemoryStore, certificateAuthority: string): void {
  store.onChange('namespaces', ({ type, object }) => {
    if (type === 'ADDED') furnish(store, object.metadata.name, certificateAuthority);
  });
  for (const resource of ['serviceaccounts', 'configmaps']) {
    store.onChange(resource, ({ type, object }) => {
      if (type === 'DELETED') furnish(store, object.metadata.namespace ?? '', certificateAuthority);
    });
  }
  store.onChange('pods', ({ type, object }) => {
    if (type === 'DELETED') finishIfEmpty(store, object.metadata.namespace ?? '');
  });
  for (const name of INITIAL) {
    store.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }
}
