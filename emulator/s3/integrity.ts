import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../core/errors.ts';
import type { ServiceRequest } from '../core/service.ts';
import { crc32c, crc64nvme } from './crc.ts';
import { invalidRequest } from './errors.ts';

/** Checksum algorithms (S3 User Guide, "Checking object integrity"): name, length in bytes, and how it is computed. */
const ALGORITHMS: Readonly<Record<string, { readonly bytes: number; readonly compute: (data: Buffer) => Buffer }>> = {
  crc32: { bytes: 4, compute: (data) => word(crc32(data)) },
  crc32c: { bytes: 4, compute: (data) => word(crc32c(data)) },
  crc64nvme: { bytes: 8, compute: crc64nvme },
  sha1: { bytes: 20, compute: (data) => createHash('sha1').update(data).digest() },
  sha256: { bytes: 32, compute: (data) => createHash('sha256').update(data).digest() },
};

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/**
 * Checks `Content-MD5` and the `x-amz-checksum-…` header (or trailer) of a request against its payload.
 *
 * @returns the checksum header sent and its value; none when the request has none
 * @throws AwsError `InvalidDigest`, `BadDigest`, `InvalidRequest`
 */
export function checkIntegrity(request: ServiceRequest): Readonly<Record<string, string>> {
  checkMd5(request);
  const sent = Object.keys(request.headers).filter(isChecksumHeader);
  if (sent.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const header = sent[0];
  if (header === undefined) {
    if (request.headers['x-amz-sdk-checksum-algorithm'] !== undefined) {
      throw invalidRequest(
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
      );
    }
    return {};
  }
  const name = header.slice('x-amz-checksum-'.length);
  const algorithm = ALGORITHMS[name];
  const value = request.headers[header] ?? '';
  if (algorithm === undefined || !isBase64(value, algorithm.bytes)) {
    throw invalidRequest(`Value for ${header} header is invalid.`);
  }
  if (algorithm.compute(request.body).toString('base64') !== value) {
    throw new AwsError(
      'BadDigest',
      400,
      `The ${name.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { [header]: value };
}

function isChecksumHeader(name: string): boolean {
  return (
    name.startsWith('x-amz-checksum-') &&
    name !== 'x-amz-checksum-mode' &&
    name !== 'x-amz-checksum-algorithm' &&
    name !== 'x-amz-checksum-type'
  );
}

/** The checksum that S3 keeps for an object whose writer sent none. */
export function defaultChecksum(body: Buffer): Readonly<Record<string, string>> {
  return { 'x-amz-checksum-crc64nvme': crc64nvme(body).toString('base64') };
}

function checkMd5(request: ServiceRequest): void {
  const sent = request.headers['content-md5'];
  if (sent === undefined) return;
  if (!isBase64(sent, 16)) {
    throw new AwsError('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.');
  }
  if (createHash('md5').update(request.body).digest('base64') !== sent) {
    throw new AwsError('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.');
  }
}

function isBase64(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
}
