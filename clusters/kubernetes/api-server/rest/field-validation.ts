import * as models from '@kubernetes/client-node/dist/gen/models/all.js';
import { ApiError } from '../model/types.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { badRequest } from '../model/errors.ts';
import { isObject, type JsonObject } from '../patch/merge-patch.ts';

const MODES = ['Ignore', 'Strict', 'Warn'] as const;

/** What to do with unknown fields, and the receiver of warnings (Kubernetes, "Field validation"). */
export interface FieldValidation {
  readonly mode: (typeof MODES)[number];
  readonly warn: (text: string) => void;
}

/** Returns the mode of a request's `fieldValidation`; default `Warn`. Throws `ApiError` 422. */
export function validationMode(given: string | null): FieldValidation['mode'] {
  const mode = given === null || given === '' ? 'Warn' : MODES.find((one) => one === given);
  if (mode !== undefined) return mode;
  const supported = MODES.map((one) => `"${one}"`).join(', ');
  const problem = `fieldValidation: Unsupported value: "${given}": supported values: ${supported}`;
  throw new ApiError(422, 'Invalid', `CreateOptions.meta.k8s.io "" is invalid: ${problem}`);
}

/**
 * Returns the object without fields that its kind does not have. Throws `ApiError` 400 for them if they are strictly
 * validated, and always for a value of another type. Duplicate fields are not found: JSON's parser keeps the last.
 */
export function withKnownFields<T extends JsonObject>(kind: ResourceKind, object: T, fields: FieldValidation): T {
  const type = `V${kind.version.slice(1)}${kind.kind}`;
  const unknown: string[] = [];
  const fail = (problem: string): never => {
    throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${problem}`);
  };
  const decoded = valueOf(object, { type, path: '', owner: '' }, { unknown, fail });
  const problems = unknown.map((path) => `unknown field "${path}"`);
  if (problems.length > 0 && fields.mode === 'Strict') fail(`strict decoding error: ${problems.join(', ')}`);
  if (fields.mode === 'Warn') for (const problem of problems) fields.warn(problem);
  return decoded as T;
}

interface Place {
  /** As the client's models name it: `Array<V1Container>`. */
  readonly type: string;
  readonly path: string;
  /** The structure with the field. */
  readonly owner: string;
}

interface Findings {
  readonly unknown: string[];
  readonly fail: (problem: string) => never;
}

function valueOf(value: unknown, place: Place, findings: Findings): unknown {
  if (value === null || value === undefined) return value;
  const { type, path, owner } = place;
  const wrong = (wanted: string): never =>
    findings.fail(`json: cannot unmarshal ${jsonType(value)} into Go struct field ${owner}.${path} of type ${wanted}`);
  const [, item] = /^Array<(.*)>$/.exec(type) ?? [];
  if (item !== undefined) {
    if (!Array.isArray(value)) return wrong(`[]${goType(item)}`);
    return value.map((one: unknown, index) => valueOf(one, { type: item, path: `${path}[${index}]`, owner }, findings));
  }
  const [, entry] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  if (entry !== undefined) {
    if (!isObject(value)) return wrong(`map[string]${goType(entry)}`);
    const entries = Object.entries(value).map(([key, one]) => {
      return [key, valueOf(one, { type: entry, path: `${path}.${key}`, owner }, findings)] as const;
    });
    return Object.fromEntries(entries);
  }
  if (type === 'string' || type === 'number' || type === 'boolean') {
    const isQuantity = type === 'string' && typeof value === 'number' && QUANTITIES.test(path);
    return typeof value === type || isQuantity ? value : wrong(goType(type));
  }
  if (type === 'byte') {
    if (typeof value !== 'string') return wrong('[]uint8');
    return BASE64.test(value) ? value : findings.fail(`illegal base64 data at input byte ${wrongByte(value)}`);
  }
  const attributes = attributesOf(type);
  if (attributes === undefined) return value;
  if (!isObject(value)) return wrong(goType(type));
  return structure(value, attributes, place, findings);
}

function structure(
  value: JsonObject,
  attributes: ReadonlyMap<string, string>,
  { type, path }: Place,
  findings: Findings,
): JsonObject {
  const knownMembers: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) {
    const inside = path === '' ? name : `${path}.${name}`;
    const attribute = attributes.get(name);
    if (attribute === undefined) findings.unknown.push(inside);
    else knownMembers[name] = valueOf(one, { type: attribute, path: inside, owner: withoutVersion(type) }, findings);
  }
  return knownMembers;
}

/** Quantities may be JSON numbers. */
const QUANTITIES =
  /(?:^|\.)(?:limits|requests|hard|capacity|allocatable|allocatedResources|overhead|default|defaultRequest|max|min|maxLimitRequestRatio)\.[^.]+$|\.(?:sizeLimit|divisor|averageValue|value)$/;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const wrongByte = (text: string): number => /^[A-Za-z0-9+/]*/.exec(text)?.[0].length ?? 0;

/** Bytes are base64, also as the values of a map. */
const typeOf = ({ type, format }: Attribute): string =>
  format === 'byte' ? type.replace(/string(?=$|; \}$)/, 'byte') : type;

const cache = new Map<string, ReadonlyMap<string, string> | undefined>();

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

interface Model {
  getAttributeTypeMap?(): readonly Attribute[];
}

/** Returns the fields of a structure with their types; undefined for other types, such as times. */
function attributesOf(type: string): ReadonlyMap<string, string> | undefined {
  if (!cache.has(type)) {
    const model = (models as unknown as Readonly<Record<string, Model | undefined>>)[type];
    const attributes = model?.getAttributeTypeMap?.().map((one) => [one.baseName, typeOf(one)] as const);
    cache.set(type, attributes?.length ? new Map(attributes) : undefined);
  }
  return cache.get(type);
}

const withoutVersion = (type: string): string => type.replace(/^V\d(?:(?:alpha|beta)\d)?/, '');
const jsonType = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
const goType = (type: string): string =>
  ({ string: 'string', number: 'int32', boolean: 'bool' })[type] ?? `v1.${withoutVersion(type)}`;
