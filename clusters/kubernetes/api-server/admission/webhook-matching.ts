import { matchesLabels } from '../../../../foundation/protocols/scheduling.ts';
import type { V1MutatingWebhook, V1ValidatingWebhook } from '@kubernetes/client-node';
import type { ResourceKind } from '../model/kinds.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { KubeObject, Stored } from '../model/types.ts';

export type Webhook = Stored<V1MutatingWebhook> | Stored<V1ValidatingWebhook>;

export const webhooksOf = (configuration: KubeObject): readonly Webhook[] =>
  (configuration['webhooks'] as readonly Webhook[] | null | undefined) ?? [];

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

function includes(list: readonly string[] | undefined, value: string): boolean {
  return (list ?? []).some((item) => item === '*' || item === value);
}

function matchesResource(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  return (resources ?? []).some((pattern) => {
    const [main, sub = ''] = pattern.split('/');
    return (main === '*' || main === resource) && (sub === subresource || sub === '*');
  });
}

function matchesNamespace(webhook: Webhook, kind: ResourceKind, object: KubeObject, store: MemoryStore) {
  if (kind.resource === 'namespaces') return matchesLabels(webhook.namespaceSelector, object.metadata.labels ?? {});
  if (!kind.namespaced) return true;
  const namespace = store.get('namespaces', undefined, object.metadata.namespace ?? '');
  return matchesLabels(webhook.namespaceSelector, namespace?.metadata.labels ?? {});
}

/** Returns whether a webhook applies to a request (Kubernetes documentation, "Matching requests"). */
export function matches(
  webhook: Webhook,
  kind: ResourceKind,
  subresource: string,
  operation: Operation,
  objects: { readonly object: KubeObject | undefined; readonly previous: KubeObject | undefined },
  store: MemoryStore,
): boolean {
  const some = objects.object ?? objects.previous;
  if (some === undefined) return false;
  const scope = kind.namespaced ? 'Namespaced' : 'Cluster';
  const byRule = (webhook.rules ?? []).some(
    (rule) =>
      includes(rule.apiGroups, kind.group) &&
      includes(rule.apiVersions, kind.version) &&
      includes(rule.operations, operation) &&
      matchesResource(rule.resources, kind.resource, subresource) &&
      (rule.scope === undefined || rule.scope === '*' || rule.scope === scope),
  );
  return (
    byRule &&
    matchesNamespace(webhook, kind, some, store) &&
    [objects.object, objects.previous].some(
      (object) => object !== undefined && matchesLabels(webhook.objectSelector, object.metadata.labels ?? {}),
    )
  );
}
