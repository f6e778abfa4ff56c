import { JsonSyntaxError, parseJson, type JsonNode } from './json-parse.ts';
import { typeName, ZEROS, type GoField, type GoStruct, type GoType } from './json-types.ts';
import { parseQuantity } from './quantity.ts';
import { quoteString, narrowed, parseInteger } from './text.ts';

interface Decoded<T> {
  /** The decoded part, even if there is an error. */
  readonly value: T;
  /** The message of Go's decoder. */
  readonly error?: string;
}

interface DecodeOptions {
  /** Like Kubernetes's own decoder. By default, members match in any case, like in encoding/json. */
  readonly caseSensitive?: boolean;
}

/**
 * Decodes like Go's encoding/json: drops unknown members, skips members with a wrong type and reports the first of them.
 * The result omits zero values, except empty lists and maps, which Go distinguishes from nil.
 */
export function decode<T>(type: GoType, json: JsonNode, options: DecodeOptions = {}): Decoded<T> {
  const decoder = new Decoder(options.caseSensitive ?? false);
  try {
    const value = decoder.value(type, json) as T;
    return decoder.error === undefined ? { value } : { value, error: decoder.error };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { value: undefined as T, error: error.message };
  }
}

/** Parses a text and decodes it. */
export function decodeText<T>(type: GoType, text: string): Decoded<T | undefined> {
  try {
    return decode<T | undefined>(type, parseJson(text));
  } catch (error) {
    if (error instanceof JsonSyntaxError) return { value: undefined, error: error.message };
    throw error;
  }
}

/** An error of a type with its own decoder. It ends the decoding and replaces the errors of skipped members. */
class DecodeError extends Error {}

class Decoder {
  readonly #caseSensitive: boolean;
  readonly #path: string[] = [];
  #struct: GoStruct | undefined;
  error: string | undefined;

  constructor(caseSensitive: boolean) {
    this.#caseSensitive = caseSensitive;
  }

  value(type: GoType, json: JsonNode): unknown {
    if (json.kind === 'null') return undefined;
    switch (type.kind) {
      case 'raw':
        return json;
      case 'pointer':
        return this.value(type.element, json) ?? zero(type.element);
      case 'string':
        return json.kind === 'string' ? json.value : this.#mismatch(type, json);
      case 'bool':
        return json.kind === 'bool' ? json.value : this.#mismatch(type, json);
      case 'int32':
      case 'int64':
        return this.#integer(type.kind, json);
      case 'list':
        if (json.kind !== 'array') return this.#mismatch(type, json);
        return json.items.map((element) => this.value(type.element, element) ?? zero(type.element));
      case 'map':
        if (json.kind !== 'object') return this.#mismatch(type, json);
        return Object.fromEntries(
          json.entries.map(([key, element]) => [key, this.value(type.element, element) ?? zero(type.element)]),
        );
      case 'struct':
        return json.kind === 'object' ? this.#object(type, json.entries) : this.#mismatch(type, json);
      case 'quantity':
        return this.#quantity(json);
      case 'intOrString':
        return json.kind === 'string' ? json.value : this.#own(() => this.#integer('int32', json));
      case 'time':
        return this.#time(json);
    }
  }

  #object(type: GoStruct, entries: readonly (readonly [string, JsonNode])[]): Record<string, unknown> {
    const outer = this.#struct;
    const value: Record<string, unknown> = {};
    for (const [member, element] of entries) {
      const name = this.#fieldName(type, member);
      const field = name === undefined ? undefined : type.fields[name];
      if (name === undefined || field === undefined) continue;
      const depth = this.#path.length;
      this.#struct = type;
      this.#path.push(...segments(name, field));
      const decoded = this.value(field.type, element);
      if (decoded !== undefined) value[name] = decoded;
      this.#path.length = depth;
    }
    this.#struct = outer;
    return value;
  }

  #fieldName(type: GoStruct, member: string): string | undefined {
    if (Object.hasOwn(type.fields, member)) return member;
    if (this.#caseSensitive) return undefined;
    return Object.keys(type.fields).find((name) => name.toLowerCase() === member.toLowerCase());
  }

  #integer(kind: 'int32' | 'int64', json: JsonNode): number | bigint | undefined {
    if (json.kind !== 'number') return this.#mismatch({ kind }, json);
    const value = parseInteger(json.raw, kind === 'int32' ? 32 : 64);
    return value === undefined ? this.#mismatch({ kind }, json, json.raw) : narrowed(value);
  }

  #quantity(json: JsonNode): string | undefined {
    const text = json.kind === 'number' ? json.raw : json.kind === 'string' ? json.value : json.kind;
    const parsed = parseQuantity(text.trim());
    if ('quantity' in parsed) return parsed.quantity;
    throw new DecodeError(parsed.error);
  }

  #time(json: JsonNode): string | undefined {
    if (json.kind !== 'string') return this.#own(() => this.#mismatch({ kind: 'string', name: 'string' }, json));
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(json.value)) return json.value;
    const given = quoteString(json.value);
    throw new DecodeError(`parsing time ${given} as "2006-01-02T15:04:05Z07:00": cannot parse ${given} as "2006"`);
  }

  /** Reads a value of a type with its own decoder, whose failure ends the decoding. */
  #own<T>(read: () => T): T {
    const before = this.error;
    this.error = undefined;
    const value = read();
    const failure = this.error as string | undefined;
    if (failure !== undefined) throw new DecodeError(failure);
    this.error = before;
    return value;
  }

  #mismatch(type: GoType, json: JsonNode, literal?: string): undefined {
    const what = literal === undefined ? json.kind : `number ${literal}`;
    const where =
      this.#struct === undefined ? 'Go value' : `Go struct field ${this.#struct.name}.${this.#path.join('.')}`;
    this.error ??= `json: cannot unmarshal ${what} into ${where} of type ${typeName(type)}`;
    return undefined;
  }
}

const segments = (name: string, field: GoField): string[] =>
  field.embeddedIn === undefined ? [name] : [field.embeddedIn, name];

/** Returns the value for null in a list, a map or behind a pointer. */
const zero = (type: GoType): unknown => (type.kind === 'struct' ? {} : ZEROS[type.kind]);
