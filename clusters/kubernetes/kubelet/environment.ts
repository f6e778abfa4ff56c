import type { V1ConfigMapKeySelector, V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node';
import type { ObjectStore, Stored } from '../api-server/model/types.ts';
import { POD_IP, type Container, type Pod } from './spec.ts';

/** Expands `$(NAME)` and `$$`. Keeps unknown names (Kubernetes, "Define Dependent Environment Variables"). */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? whole),
  );
}

/** Merges `inherited`, envFrom and env; later values win. Throws `ConfigError` for a missing reference. */
export function environment(
  pod: Pod,
  container: Container,
  store: ObjectStore,
  inherited: Readonly<Record<string, string>>,
): Map<string, string> {
  const variables = new Map(Object.entries(inherited));
  const namespace = pod.metadata.namespace ?? 'default';
  for (const source of container.envFrom ?? []) {
    for (const [name, value] of fromSource(source, namespace, store)) variables.set(name, value);
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, pod, namespace, store, variables);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

function variableValue(
  variable: Stored<V1EnvVar>,
  pod: Pod,
  namespace: string,
  store: ObjectStore,
  variables: ReadonlyMap<string, string>,
): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return expand(variable.value ?? '', variables);
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath);
  if (from.configMapKeyRef !== undefined) return keyValue('configmaps', from.configMapKeyRef, namespace, store);
  if (from.secretKeyRef !== undefined) return keyValue('secrets', from.secretKeyRef, namespace, store);
  throw new ConfigError(`environment variable ${variable.name}: ${Object.keys(from).join()} is not supported`);
}

function keyValue(
  resource: 'configmaps' | 'secrets',
  ref: V1ConfigMapKeySelector,
  namespace: string,
  store: ObjectStore,
): string | undefined {
  const data = objectData(resource, namespace, ref.name, ref.optional, store);
  const value = data?.get(ref.key);
  if (value === undefined && data !== undefined && ref.optional !== true) {
    const kind = resource === 'secrets' ? 'Secret' : 'ConfigMap';
    throw new ConfigError(`couldn't find key ${ref.key} in ${kind} ${namespace}/${ref.name}`);
  }
  return value?.toString();
}

function* fromSource(
  source: Stored<V1EnvFromSource>,
  namespace: string,
  store: ObjectStore,
): Generator<[string, string]> {
  for (const [resource, ref] of [
    ['configmaps', source.configMapRef],
    ['secrets', source.secretRef],
  ] as const) {
    if (ref === undefined) continue;
    const data = objectData(resource, namespace, ref.name, ref.optional, store) ?? new Map<string, Buffer>();
    for (const [key, value] of data) yield [(source.prefix ?? '') + key, value.toString()];
  }
}

/** Returns the data of a config map or secret, or undefined if it is optional and missing. Throws `ConfigError`. */
export function objectData(
  resource: 'configmaps' | 'secrets',
  namespace: string,
  name = '',
  optional: boolean | undefined,
  store: ObjectStore,
): Map<string, Buffer> | undefined {
  const object = store.get(resource, namespace, name);
  if (object === undefined) {
    if (optional === true) return undefined;
    throw new ConfigError(`${resource === 'secrets' ? 'secret' : 'configmap'} "${name}" not found`);
  }
  const { data, binaryData, stringData } = object as unknown as Record<string, Record<string, string> | undefined>;
  const entries = (values: Record<string, string> | undefined, encoding: 'utf8' | 'base64'): [string, Buffer][] =>
    Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]);
  return new Map(
    resource === 'secrets'
      ? [...entries(data, 'base64'), ...entries(stringData, 'utf8')]
      : [...entries(data, 'utf8'), ...entries(binaryData, 'base64')],
  );
}

/** Reports a missing or unsupported reference, for which the container waits. */
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

/** Returns a downward API value. All labels or annotations become sorted lines `key="escaped value"` (Kubernetes, "Downward API"). Throws `ConfigError`. */
export function fieldValue(pod: Pod, path: string): string {
  const single = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (single !== null) return pod.metadata[single[1] as 'labels' | 'annotations']?.[single[2] ?? ''] ?? '';
  const field = FIELDS[path];
  if (field === undefined) throw new ConfigError(`unsupported fieldPath: ${path}`);
  return field(pod) ?? '';
}
