import { finishIfEmpty } from '../rest/terminate-namespace.ts';
import type { MemoryStore } from '../store/memory-store.ts';

const ROOT_CA = 'kube-root-ca.crt';
const INITIAL = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

function isActive(store: MemoryStore, namespace: string): boolean {
  const namespaceObject = store.get('namespaces', undefined, namespace);
  return namespaceObject !== undefined && namespaceObject.metadata.deletionTimestamp === undefined;
}

/** Creates the service account `default`, and creates or restores the ConfigMap with the cluster's CA, in a namespace. */
function furnish(store: MemoryStore, namespace: string, certificateAuthority: string): void {
  if (!isActive(store, namespace)) return;
  if (!store.get('serviceaccounts', namespace, 'default')) {
    store.create('serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    });
  }
  const data = { 'ca.crt': certificateAuthority };
  const configMap = store.get('configmaps', namespace, ROOT_CA);
  if (configMap === undefined) {
    const metadata = { name: ROOT_CA, namespace };
    store.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  } else if (JSON.stringify(configMap['data']) !== JSON.stringify(data) || 'binaryData' in configMap) {
    const { binaryData: _binaryData, ...rest } = configMap;
    store.update('configmaps', { ...rest, data });
  }
}

export function startNamespaceController(store: MemoryStore, certificateAuthority: string): void {
  store.onChange('namespaces', ({ type, object }) => {
    if (type === 'ADDED') furnish(store, object.metadata.name, certificateAuthority);
  });
  for (const resource of ['serviceaccounts', 'configmaps']) {
    store.onChange(resource, ({ type, object }) => {
      const restore = (): void => furnish(store, object.metadata.namespace ?? '', certificateAuthority);
      if (type === 'DELETED') restore();
      // Later, so that all watches see the change before its reversal.
      else if (type === 'MODIFIED' && object.metadata.name === ROOT_CA) queueMicrotask(restore);
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
