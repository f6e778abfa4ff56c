import { isDeepStrictEqual } from 'node:util';
import { badRequest } from '../model/errors.ts';
import { isObject, type JsonObject } from './merge-patch.ts';

/** Merge keys (`patchMergeKey`) by name of the list. Other lists are replaced. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  secrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  conditions: 'type',
  ownerReferences: 'uid',
  webhooks: 'name',
  taints: 'key',
};
/** Lists that are merged as sets. */
const SETS = new Set(['finalizers']);

/** Returns a list's merge key. `ports` has `port` in a service, otherwise `containerPort`. */
export function mergeKeyOf(field: string, elements: readonly unknown[]): string | undefined {
  if (field !== 'ports') return MERGE_KEYS[field];
  return elements.some((element) => isObject(element) && 'containerPort' in element) ? 'containerPort' : 'port';
}

function mergeSet(current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...current, ...patch.filter((value) => !current.some((item) => isDeepStrictEqual(item, value)))];
}

function mergeList(field: string, current: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (SETS.has(field)) return mergeSet(current, patch);
  const key = mergeKeyOf(field, [...current, ...patch]);
  if (key === undefined || patch.some((element) => isObject(element) && element['$patch'] === 'replace')) {
    return structuredClone(patch.filter((element) => !(isObject(element) && '$patch' in element)));
  }
  const result = [...current];
  for (const element of patch) {
    if (!isObject(element) || element[key] === undefined) {
      throw badRequest(
        `map: ${JSON.stringify(Object.keys(element ?? {}))} does not contain declared merge key: ${key}`,
      );
    }
    const index = result.findIndex((item) => isObject(item) && item[key] === element[key]);
    if (element['$patch'] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = mergeObject(result[index] as JsonObject, element);
    else result.push(mergeObject({}, element));
  }
  return result;
}

/** Sorts elements by `$setElementOrder`. Other elements come last. */
function reorder(field: string, list: readonly unknown[], order: readonly unknown[]): unknown[] {
  const key = mergeKeyOf(field, list);
  const identity = (element: unknown) => (key !== undefined && isObject(element) ? element[key] : element);
  const wanted = order.map(identity);
  const rank = (element: unknown) => {
    const index = wanted.indexOf(identity(element));
    return index < 0 ? wanted.length : index;
  };
  return [...list].sort((a, b) => rank(a) - rank(b));
}

function mergeObject(current: JsonObject, patch: JsonObject): JsonObject {
  if (patch['$patch'] === 'replace') {
    const { $patch: _directive, ...rest } = patch;
    return structuredClone(rest);
  }
  if (patch['$patch'] === 'delete') return {};
  const result: JsonObject = { ...current };
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained)) {
    for (const field of Object.keys(result)) if (!retained.includes(field)) Reflect.deleteProperty(result, field);
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$') || field === '__proto__') continue;
    const existing = result[field];
    if (value === null) Reflect.deleteProperty(result, field);
    else if (Array.isArray(value)) result[field] = mergeList(field, Array.isArray(existing) ? existing : [], value);
    else if (isObject(value)) result[field] = mergeObject(isObject(existing) ? existing : {}, value);
    else result[field] = value;
  }
  for (const [directive, value] of Object.entries(patch)) {
    const [name, field = ''] = directive.split('/');
    const list = result[field];
    if (!Array.isArray(value) || !Array.isArray(list)) continue;
    if (name === '$deleteFromPrimitiveList') result[field] = list.filter((element) => !value.includes(element));
    if (name === '$setElementOrder') result[field] = reorder(field, list, value);
  }
  return result;
}

/**
 * Applies a strategic merge patch to a copy (Kubernetes, "Update API Objects in Place …"). Supports `$patch`,
 * `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList`. Throws `ApiError` 400.
 */
export function applyStrategicMergePatch(target: JsonObject, patch: unknown): JsonObject {
  if (!isObject(patch)) throw badRequest('a strategic merge patch must be an object');
  return mergeObject(structuredClone(target), structuredClone(patch));
}
