import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from './merge-patch.ts';
import { applyStrategicMergePatch, mergeKeyOf } from './strategic-merge.ts';
import { ApiError, type KubeObject } from '../model/types.ts';

/** `FieldsV1`: nested `f:<field>` and `k:<key of a list element>`, with empty leaves. */
type Fields = { [step: string]: Fields };

interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Apply';
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Fields;
}

/** Fields of metadata that nobody owns. */
const IDENTITY = [
  ...['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'managedFields', 'generateName'],
  ...['generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'],
];

/** Returns the step for an element of a list whose elements are owned individually, otherwise undefined. */
function elementStep(field: string, list: readonly unknown[], element: unknown): string | undefined {
  const key = mergeKeyOf(field, list);
  if (key === undefined || !isObject(element) || element[key] === undefined) return undefined;
  return `k:${JSON.stringify({ [key]: element[key] })}`;
}

function fieldsIn(value: JsonObject): Fields {
  const fields: Fields = {};
  for (const [field, child] of Object.entries(value)) {
    if (isObject(child) && Object.keys(child).length > 0) fields[`f:${field}`] = fieldsIn(child);
    else if (
      Array.isArray(child) &&
      child.length > 0 &&
      child.every((e) => elementStep(field, child, e) !== undefined)
    ) {
      const elements = child.map((e) => [elementStep(field, child, e) ?? '', fieldsIn(e as JsonObject)] as const);
      fields[`f:${field}`] = Object.fromEntries(elements);
    } else fields[`f:${field}`] = {};
  }
  return fields;
}

/** Returns the object without the fields that nobody owns. */
function ownable(object: JsonObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  const meta = Object.entries(isObject(metadata) ? metadata : {}).filter(([field]) => !IDENTITY.includes(field));
  return meta.length === 0 ? rest : { metadata: Object.fromEntries(meta), ...rest };
}

function isLeaf(fields: Fields): boolean {
  return Object.keys(fields).length === 0;
}

/** Returns the child that a step names. */
function childAt(value: unknown, step: string): unknown {
  if (step.startsWith('f:')) return isObject(value) ? value[step.slice(2)] : undefined;
  const key = JSON.parse(step.slice(2)) as JsonObject;
  return Array.isArray(value)
    ? (value as unknown[]).find((e) => isObject(e) && Object.entries(key).every(([k, v]) => e[k] === v))
    : undefined;
}

/** Returns the paths of common leaves with different values. */
function disagreements(ours: Fields, theirs: Fields, applied: unknown, current: unknown, path: string): string[] {
  return Object.entries(ours).flatMap(([step, fields]) => {
    const other = theirs[step];
    if (other === undefined) return [];
    const [wanted, present] = [childAt(applied, step), childAt(current, step)];
    const here = step.startsWith('f:') ? `${path}.${step.slice(2)}` : `${path}[${step.slice(2)}]`;
    if (isLeaf(fields) || isLeaf(other)) return isDeepStrictEqual(wanted, present) ? [] : [here];
    return disagreements(fields, other, wanted, present, here);
  });
}

function without(fields: Fields, removed: Fields): Fields {
  const kept = Object.entries(fields).flatMap(([step, childFields]) => {
    const other = removed[step];
    if (other === undefined) return [[step, childFields] as const];
    if (isLeaf(childFields) || isLeaf(other)) return [];
    const rest = without(childFields, other);
    return isLeaf(rest) ? [] : [[step, rest] as const];
  });
  return Object.fromEntries(kept);
}

/** Removes owned fields, and owned objects and lists that become empty. */
function removeFields(value: unknown, fields: Fields): void {
  for (const [step, below] of Object.entries(fields)) {
    const child = childAt(value, step);
    if (child === undefined) continue;
    if (!isLeaf(below)) removeFields(child, below);
    const empty = Array.isArray(child) ? child.length === 0 : isObject(child) && Object.keys(child).length === 0;
    if (!isLeaf(below) && !empty && !(step.startsWith('k:') && isObject(child) && Object.keys(child).length <= 1))
      continue;
    if (Array.isArray(value)) value.splice(value.indexOf(child), 1);
    else Reflect.deleteProperty(value as JsonObject, step.slice(2));
  }
}

interface ApplyOptions {
  readonly manager: string;
  readonly force: boolean;
  /** RFC 3339. */
  readonly time: string;
}

/**
 * Merges an applied configuration (Kubernetes, "Server-Side Apply"). Removes fields that the manager no longer applies. Other writes
 * do not change owners.
 * Rejects changes to other managers' fields unless forced. Throws `ApiError` 409.
 */
export function serverSideApply(current: KubeObject, applied: JsonObject, options: ApplyOptions): KubeObject {
  const { manager, force, time } = options;
  const managed = (current.metadata['managedFields'] as ManagedFields[] | undefined) ?? [];
  const ownEntry = managed.find((entry) => entry.manager === manager);
  const fields = fieldsIn(ownable(applied));
  let otherEntries = managed.filter((entry) => entry !== ownEntry);
  for (const other of otherEntries) {
    const conflicts = disagreements(fields, other.fieldsV1, applied, current, '');
    if (conflicts.length > 0 && !force) {
      const what = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
      const list = conflicts.join(', ');
      throw new ApiError(409, 'Conflict', `Apply failed with ${what}: conflicts with "${other.manager}": ${list}`, {
        causes: conflicts.map((field) => ({
          reason: 'FieldManagerConflict',
          message: `conflict with "${other.manager}"`,
          field,
        })),
      });
    }
  }
  if (force) otherEntries = otherEntries.map((entry) => ({ ...entry, fieldsV1: without(entry.fieldsV1, fields) }));
  const base = structuredClone(current) as unknown as JsonObject;
  const dropped = otherEntries.reduce(
    (set, other) => without(set, other.fieldsV1),
    without(ownEntry?.fieldsV1 ?? {}, fields),
  );
  removeFields(base, dropped);
  const merged = applyStrategicMergePatch(base, applied) as unknown as KubeObject;
  const unchanged = ownEntry !== undefined && isDeepStrictEqual(ownEntry.fieldsV1, fields);
  const entry: ManagedFields = {
    manager,
    operation: 'Apply',
    apiVersion: current.apiVersion,
    time: unchanged ? ownEntry.time : time,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
  merged.metadata['managedFields'] = [...otherEntries.filter((other) => !isLeaf(other.fieldsV1)), entry];
  return merged;
}
