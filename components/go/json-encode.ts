import type { JsonNode } from './json-parse.ts';
import { ZEROS, type GoField, type GoType } from './json-types.ts';

/** JSON values with 64-bit integers as bigints, passed from {@link encode} to {@link stringify}. */
export type Encoded =
  null | boolean | number | bigint | string | readonly Encoded[] | { readonly [key: string]: Encoded | undefined };

/** Encodes a decoded value like Go's encoding/json. `undefined` means the zero value. */
export function encode(type: GoType, value: unknown): Encoded {
  if (type.kind === 'struct') return encodeStruct(type.fields, (value ?? {}) as Record<string, unknown>);
  if (value === undefined) return ZEROS[type.kind] ?? null;
  switch (type.kind) {
    case 'raw':
      return asRead(value as JsonNode);
    case 'pointer':
      return encode(type.element, value);
    case 'list':
      return (value as unknown[]).map((element) => encode(type.element, element));
    case 'map':
      return encodeMap(type.element, value as Record<string, unknown>);
    default:
      return value as Encoded;
  }
}

function encodeMap(element: GoType, value: Record<string, unknown>): Encoded {
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, encode(element, value[key])]));
}

function encodeStruct(fields: Readonly<Record<string, GoField>>, value: Record<string, unknown>): Encoded {
  const written: Record<string, Encoded> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (!(field.omitEmpty && isEmpty(field.type, value[name]))) written[name] = encode(field.type, value[name]);
  }
  return written;
}

/** Returns whether `omitempty` omits a value. It never omits a struct. */
function isEmpty({ kind }: GoType, value: unknown): boolean {
  if (['struct', 'quantity', 'intOrString', 'time'].includes(kind)) return false;
  if (kind === 'list' || kind === 'map') return Object.keys(value ?? {}).length === 0;
  return value === undefined || (kind !== 'pointer' && kind !== 'raw' && !value);
}

function asRead(json: JsonNode): Encoded {
  switch (json.kind) {
    case 'null':
      return null;
    case 'number':
      return Number(json.raw);
    case 'array':
      return json.items.map(asRead);
    case 'object':
      return Object.fromEntries(json.entries.map(([key, value]) => [key, asRead(value)]));
    case 'bool':
    case 'string':
      return json.value;
  }
}

/** Encodes a string like Go's `json.Marshal`, which escapes `<`, `>`, `&` and the two line separators. */
export function marshalString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function stringify(value: Encoded): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${(value as readonly Encoded[]).map(stringify).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value as { readonly [key: string]: Encoded | undefined })
      .filter((member): member is [string, Encoded] => member[1] !== undefined)
      .map(([key, member]) => `${marshalString(key)}:${stringify(member)}`);
    return `{${members.join(',')}}`;
  }
  return typeof value === 'string' ? marshalString(value) : JSON.stringify(value);
}
