import type { ApiContext } from '../context.ts';
import { KINDS } from '../kinds.ts';
import { deletePod } from '../rest/delete-pod.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { timestamp } from '../types.ts';
import type { KubeObject } from '../types.ts';

const INITIAL = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const NAMESPACED = KINDS.filter((kind) => kind.namespaced).map((kind) => kind.resource);

function isActive(store: MemoryStore, namespace: string): boolean {
  const found = store.get('namespaces', undefined, namespace);
  return found !== undefined && found.metadata.deletionTimestamp === undefined;
}

/** Every namespace has a service account `default` and the cluster's authority for pods to trust. */
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

function finishIfEmpty(store: MemoryStore, namespace: string): void {
  const found = store.get('namespaces', undefined, namespace);
  if (found?.metadata.deletionTimestamp === undefined || store.list('pods', namespace).length > 0) return;
  for (const resource of NAMESPACED) {
    for (const { metadata } of store.list(resource, namespace)) store.remove(resource, namespace, metadata.name);
  }
  store.remove('namespaces', undefined, namespace);
}

/**
 * Marks a namespace as terminating and removes what is in it. It goes itself when its last pod has, which the kubelet
 * ends gracefully. Answers the namespace's last state.
 */
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
    for (const object of store.list(resource, name)) store.remove(resource, name, object.metadata.name);
  }
  finishIfEmpty(store, name);
  return marked;
}

/** Makes the namespaces that every cluster has, and looks after what each namespace must contain. */
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
