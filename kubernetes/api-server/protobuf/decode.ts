import { ApiError } from '../types.ts';
import { SCHEMAS } from './schema.ts';
import { readFields, WireError, type WireField } from './wire.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What Kubernetes puts in front of a `runtime.Unknown` message. */
const MAGIC = Buffer.from('k8s\0');

type Value = string | number | boolean | object;

function unsupported(what: string): ApiError {
  const message = `${what} cannot be read in protobuf here; send it as application/json`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

function bytesOf(value: bigint | Buffer): Buffer {
  if (typeof value === 'bigint') throw new WireError('a number where bytes are expected');
  return value;
}

function isZero(value: bigint | Buffer): boolean {
  return typeof value === 'bigint' ? value === 0n : value.length === 0;
}

function decodeEntry(bytes: Buffer, encoding: 'utf8' | 'base64'): [string, string] {
  const [key, value] = [1, 2].map((number) => readFields(bytes).find((field) => field.number === number)?.value);
  return [bytesOf(key ?? Buffer.alloc(0)).toString(), bytesOf(value ?? Buffer.alloc(0)).toString(encoding)];
}

/** `IntOrString`: its type, the number and the text. */
function decodeIntOrString(bytes: Buffer): number | string {
  const at = (number: number) => readFields(bytes).find((field) => field.number === number)?.value;
  return at(1) === 1n ? bytesOf(at(3) ?? Buffer.alloc(0)).toString() : Number(at(2) ?? 0n);
}

function decodeValue(type: string, value: bigint | Buffer, path: string): Value {
  switch (type) {
    case 'string':
      return bytesOf(value).toString();
    case 'int':
      if (typeof value !== 'bigint') throw new WireError('bytes where a number is expected');
      return Number(value);
    case 'bool':
      return value === 1n;
    case 'IntOrString':
      return decodeIntOrString(bytesOf(value));
    default:
      return decodeMessage(type, bytesOf(value), path);
  }
}

function addField(result: Record<string, unknown>, type: string, name: string, field: WireField, path: string): void {
  const here = `${path}.${name}`;
  if (type === 'map' || type === 'bytesMap') {
    const [key, value] = decodeEntry(bytesOf(field.value), type === 'map' ? 'utf8' : 'base64');
    const entries = (result[name] ?? {}) as Record<string, string>;
    Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
    result[name] = entries;
  } else if (type.endsWith('[]')) {
    const list = (result[name] ?? []) as Value[];
    result[name] = [...list, decodeValue(type.slice(0, -2), field.value, here)];
  } else if (type.endsWith('?')) result[name] = decodeValue(type.slice(0, -1), field.value, here);
  else if (!isZero(field.value)) {
    const value = decodeValue(type, field.value, here);
    // Go writes messages that are no pointers also when nothing in them is set.
    if (typeof value !== 'object' || Object.keys(value).length > 0) result[name] = value;
  }
}

function decodeMessage(schemaName: string, bytes: Buffer, path: string): object {
  const schema = SCHEMAS[schemaName];
  if (schema === undefined) throw unsupported(path);
  const result: Record<string, unknown> = {};
  for (const field of readFields(bytes)) {
    const known = schema[field.number];
    if (known !== undefined) addField(result, known[1], known[0], field, path);
    // Rather refuse than lose a field that says something.
    else if (!(field.number in schema) && !isZero(field.value)) throw unsupported(`field ${field.number} of ${path}`);
  }
  return result;
}

/**
 * Decodes an object in Kubernetes' protobuf form (Kubernetes documentation, "Protobuf encoding") to what its JSON form
 * would be. Throws `ApiError` 415 for kinds and fields that are not in the table, 400 for what is no such message.
 */
export function decodeProtobuf(bytes: Buffer): object {
  try {
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new WireError('the magic number is missing');
    const unknown = readFields(bytes.subarray(MAGIC.length));
    const typeMeta = readFields(bytesOf(unknown.find((field) => field.number === 1)?.value ?? Buffer.alloc(0)));
    const [apiVersion = '', kind = ''] = [1, 2].map((number) =>
      bytesOf(typeMeta.find((field) => field.number === number)?.value ?? Buffer.alloc(0)).toString(),
    );
    const raw = bytesOf(unknown.find((field) => field.number === 2)?.value ?? Buffer.alloc(0));
    return { apiVersion, kind, ...decodeMessage(kind, raw, kind) };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new ApiError(400, 'BadRequest', `the body of the request is not valid protobuf: ${error.message}`);
  }
}
