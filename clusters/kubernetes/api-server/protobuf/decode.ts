import protobuf from 'protobufjs/light.js';
import { ApiError } from '../model/types.ts';
import messages from './messages.json' with { type: 'json' };

/** Prefix of a `runtime.Unknown`. */
const MAGIC = Buffer.from('k8s\0');

/**
 * The messages and fields that kubectl's commands write (k8s.io/api and apimachinery, generated.proto). Fields with explicit
 * presence are pointers in Go; only servers write such fields of type bytes.
 */
const root = protobuf.Root.fromJSON(messages);
/** Fields that clients cannot set. */
const READ_ONLY: ReadonlySet<string> = new Set(['generation', 'deletionGracePeriodSeconds']);

function unsupported(what: string): ApiError {
  const message = `${what} is not supported in protobuf; send it as application/json`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

type Decoded = Readonly<Record<string, unknown>> & { readonly $unknowns?: readonly Uint8Array[] };

/** Converts a message to JSON. Rejects unknown fields, which would be lost. */
function jsonOf(message: Decoded, type: protobuf.Type, path: string): object {
  for (const unknown of message.$unknowns ?? []) {
    const reader = protobuf.Reader.create(unknown);
    const tag = reader.uint32();
    const isZero = unknown.subarray(reader.pos).every((byte) => byte === 0);
    if (!isZero) throw unsupported(`field ${tag >>> 3} of ${path}`);
  }
  if (type.name === 'IntOrString') return (message['type'] ? message['strVal'] : message['intVal']) as object;
  const json: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(message, field.name) || READ_ONLY.has(field.name)) continue;
    if (field.type === 'bytes' && !field.map) continue;
    const value = valueOf(message[field.name], field.resolve(), `${path}.${field.name}`);
    // Go also writes zeros and empty messages for non-pointer fields.
    if (field.hasPresence || !isEmpty(value)) json[field.name] = value;
  }
  return json;
}

function valueOf(value: unknown, field: protobuf.Field, path: string): unknown {
  if (field instanceof protobuf.MapField)
    return Object.fromEntries(
      Object.entries(value as object).map(([key, item]: [string, unknown]) => [key, textOf(item)]),
    );
  const one = (item: unknown): unknown =>
    field.resolvedType instanceof protobuf.Type
      ? jsonOf(item as Decoded, field.resolvedType, path)
      : typeof item === 'object'
        ? Number(item)
        : item;
  return field.repeated ? (value as unknown[]).map(one) : one(value);
}

/** Converts bytes to base64. */
const textOf = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : !value;

/** Decodes Kubernetes's protobuf (Kubernetes, "Protobuf encoding") to JSON. Throws `ApiError` 415 or 400. */
export function decodeProtobuf(bytes: Buffer): object {
  const decoded = <T>(type: protobuf.Type, from: Uint8Array): T => {
    const reader = protobuf.Reader.create(from);
    reader.discardUnknown = false;
    return type.decode(reader) as unknown as T;
  };
  try {
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('the magic number is missing');
    const { typeMeta, raw } = decoded<{
      readonly typeMeta?: { readonly apiVersion: string; readonly kind: string };
      readonly raw?: Uint8Array;
    }>(root.lookupType('Unknown'), bytes.subarray(MAGIC.length));
    const { apiVersion = '', kind = '' } = typeMeta ?? {};
    if (!Object.hasOwn(messages.nested, kind)) throw unsupported(kind);
    const type = root.lookupType(kind);
    return { apiVersion, kind, ...jsonOf(decoded(type, raw ?? new Uint8Array()), type, kind) };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, 'BadRequest', `the body of the request is not valid protobuf: ${(error as Error).message}`);
  }
}
