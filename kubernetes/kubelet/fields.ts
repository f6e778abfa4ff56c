import { POD_IP } from './spec.ts';
import type { Pod } from './spec.ts';

/** The pod refers to something that is missing or not offered: its containers wait until that changes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const quote = (text: string): string => JSON.stringify(text);

const asLines = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quote(value)}`)
    .join('\n');

const FIELDS: Readonly<Record<string, (pod: Pod) => string | undefined>> = {
  'metadata.name': (pod) => pod.metadata.name,
  'metadata.namespace': (pod) => pod.metadata.namespace,
  'metadata.uid': (pod) => pod.metadata.uid,
  'metadata.labels': (pod) => asLines(pod.metadata.labels),
  'metadata.annotations': (pod) => asLines(pod.metadata.annotations),
  'spec.nodeName': (pod) => pod.spec.nodeName,
  'spec.serviceAccountName': (pod) => pod.spec.serviceAccountName ?? 'default',
  'status.podIP': () => POD_IP,
  'status.podIPs': () => POD_IP,
  'status.hostIP': () => POD_IP,
  'status.hostIPs': () => POD_IP,
};

/**
 * The value of a field of the pod as the downward API gives it: one label or annotation as it is, all of them as
 * `key="escaped value"` lines in the order of keys (Kubernetes, "Downward API"). Throws `ConfigError`.
 */
export function fieldValue(pod: Pod, path: string): string {
  const single = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (single !== null) return pod.metadata[single[1] as 'labels' | 'annotations']?.[single[2] ?? ''] ?? '';
  const field = FIELDS[path];
  if (field === undefined) throw new ConfigError(`unsupported fieldPath: ${path}`);
  return field(pod) ?? '';
}
