import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { errorKind } from '../../foundation/aws/aws-error.ts';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../world/s3-model.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { XmlStructure } from '../query/xml.ts';
import { invalidRequest, notImplemented, s3Error } from './errors.ts';

/** Computes CRC-32C (Castagnoli), for `x-amz-checksum-crc32c`. */
function crc32c(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (CRC32C[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC32C = Uint32Array.from(tableOf(0x82f63b78n), Number);

/** Computes CRC-64/NVME, big-endian, in 8 bytes. Uses 32-bit halves, because BigInt is twenty times slower. */
function crc64nvme(data: Buffer): Buffer {
  let high = 0xffffffff;
  let low = 0xffffffff;
  for (const byte of data) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0);
    high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0);
  }
  const result = Buffer.alloc(8);
  result.writeUInt32BE((high ^ 0xffffffff) >>> 0, 0);
  result.writeUInt32BE((low ^ 0xffffffff) >>> 0, 4);
  return result;
}

const CRC64 = tableOf(0x9a6c9329ac4bc9b5n);
const CRC64_LOW = Uint32Array.from(CRC64, (crc) => Number(crc & 0xffffffffn));
const CRC64_HIGH = Uint32Array.from(CRC64, (crc) => Number(crc >> 32n));

/** Returns the table of remainders for a bit-reversed polynomial. */
function tableOf(polynomial: bigint): readonly bigint[] {
  return Array.from({ length: 256 }, (_, byte) => {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    return crc;
  });
}

/** Length in bytes, function, and types with the default first (S3 User Guide, "Checking object integrity"). */
const ALGORITHMS = {
  crc32: { bytes: 4, compute: (data: Buffer) => word(crc32(data)), types: ['COMPOSITE', 'FULL_OBJECT'] },
  crc32c: { bytes: 4, compute: (data: Buffer) => word(crc32c(data)), types: ['COMPOSITE', 'FULL_OBJECT'] },
  crc64nvme: { bytes: 8, compute: crc64nvme, types: ['FULL_OBJECT'] },
  sha1: { bytes: 20, compute: hashBy('sha1'), types: ['COMPOSITE'] },
  sha256: { bytes: 32, compute: hashBy('sha256'), types: ['COMPOSITE'] },
} as const satisfies Record<
  ChecksumAlgorithm,
  { bytes: number; compute: (data: Buffer) => Buffer; types: readonly ChecksumType[] }
>;

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function hashBy(name: string): (data: Buffer) => Buffer {
  return (data) => createHash(name).update(data).digest();
}

/** Default: CRC-64/NVME. */
export function checksumOf(data: Buffer, algorithm: ChecksumAlgorithm = 'crc64nvme'): Checksum {
  return { algorithm, type: 'FULL_OBJECT', value: ALGORITHMS[algorithm].compute(data).toString('base64') };
}

export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): Checksum {
  const { value } = checksumOf(Buffer.concat(parts.map((part) => Buffer.from(part, 'base64'))), algorithm);
  return { algorithm, type: 'COMPOSITE', value: `${value}-${parts.length}` };
}

export function checksumHeaders({ algorithm, type, value }: Checksum): Record<string, string> {
  return { [`x-amz-checksum-${algorithm}`]: value, 'x-amz-checksum-type': type };
}

/** For example `ChecksumCRC32`. */
export function checksumElement(checksum: Pick<Checksum, 'algorithm' | 'value'> | undefined): XmlStructure {
  return checksum === undefined ? {} : { [elementName(checksum.algorithm)]: checksum.value };
}

export function elementName(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}

/** Returns the requested algorithm and type. Throws `InvalidRequest` for an invalid combination. */
export function requestedChecksum({
  headers,
}: Pick<ServiceRequest, 'headers'>): Pick<Checksum, 'algorithm' | 'type'> | undefined {
  const name = headers['x-amz-checksum-algorithm']?.toLowerCase();
  const type = headers['x-amz-checksum-type'];
  if (name === undefined) {
    if (type === undefined) return undefined;
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  // The API model has more algorithms than this S3 supports.
  if (!isAlgorithm(name)) throw notImplemented('x-amz-checksum-algorithm');
  const types: readonly ChecksumType[] = ALGORITHMS[name].types;
  const chosen = type === undefined ? types[0] : types.find((one) => one === type);
  if (chosen === undefined) {
    throw invalidRequest(`The ${type ?? ''} checksum type cannot be used with the ${name} checksum algorithm.`);
  }
  return { algorithm: name, type: chosen };
}

function isAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(ALGORITHMS, name);
}

/**
 * Checks `Content-MD5` and `x-amz-checksum-…` against the payload. Returns the checksum in the request. Throws
 * `InvalidDigest`, `BadDigest` or `InvalidRequest`.
 */
export function checkIntegrity(request: ServiceRequest): Checksum | undefined {
  checkMd5(request);
  const sent = sentChecksum(request);
  if (sent === undefined) {
    if (request.headers['x-amz-sdk-checksum-algorithm'] === undefined) return undefined;
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (checksumOf(request.body, sent.algorithm).value !== sent.value) {
    throw badDigest(`The ${sent.algorithm.toUpperCase()} you specified did not match the calculated checksum.`);
  }
  return sent;
}

/** `ofParts`: whether the checksum may be composite, with the number of parts appended. */
export function sentChecksum({ headers }: Pick<ServiceRequest, 'headers'>, ofParts = false): Checksum | undefined {
  const sent = Object.keys(headers).filter((name) => /^x-amz-checksum-(?!(?:mode|algorithm|type)$)/.test(name));
  if (sent.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const header = sent[0];
  if (header === undefined) return undefined;
  const algorithm = header.slice('x-amz-checksum-'.length);
  const value = headers[header] ?? '';
  const digest = ofParts ? value.replace(/-\d+$/, '') : value;
  if (!isAlgorithm(algorithm) || !isBase64(digest, ALGORITHMS[algorithm].bytes)) {
    throw invalidRequest(`Value for ${header} header is invalid.`);
  }
  return { algorithm, type: digest === value ? 'FULL_OBJECT' : 'COMPOSITE', value };
}

export const badDigest = errorKind('BadDigest', 400);

function checkMd5(request: ServiceRequest): void {
  const sent = request.headers['content-md5'];
  if (sent === undefined) return;
  if (!isBase64(sent, 16)) throw s3Error('InvalidDigest');
  if (createHash('md5').update(request.body).digest('base64') !== sent) {
    throw badDigest('The Content-MD5 you specified did not match what we received.');
  }
}

function isBase64(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
}
