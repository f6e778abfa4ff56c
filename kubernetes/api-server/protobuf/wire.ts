/** A field as it is on the wire: number, and a whole number or bytes. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** Bytes that are no protobuf message, or not of the wire types that Kubernetes' messages use. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const MAX_VARINT_BYTES = 10;

function readVarint(bytes: Buffer, start: number): { value: bigint; end: number } {
  let value = 0n;
  for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asIntN(64, value), end: start + i + 1 };
  }
  throw new WireError('a varint does not end');
}

/** Splits a message into its fields, in order. Throws `WireError`. */
export function readFields(bytes: Buffer): WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const tag = readVarint(bytes, offset);
    const number = Number(tag.value >> 3n);
    const type = Number(tag.value & 7n);
    if (number <= 0) throw new WireError('a field has no number');
    const next = readVarint(bytes, tag.end);
    if (type === 0) {
      fields.push({ number, value: next.value });
      offset = next.end;
    } else if (type === 2) {
      offset = next.end + Number(next.value);
      if (next.value < 0n || offset > bytes.length) throw new WireError('a field is longer than the message');
      fields.push({ number, value: bytes.subarray(next.end, offset) });
    } else throw new WireError('a field has a wire type that is not used');
  }
  return fields;
}
