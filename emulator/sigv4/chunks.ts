import { hash } from 'node:crypto';
import { sha256Hex } from './canonical.ts';
import { SignatureProblem } from './problem.ts';
import { signatureMatches } from './signing-keys.ts';
import type { VerifiedSignature } from './verifier.ts';

const EMPTY_HASH = hash('sha256', '', 'hex');
const CHUNK_HEADER = /^[0-9a-fA-F]{1,8}(?:;chunk-signature=([0-9a-f]{64}))?$/;

interface DecodedChunks {
  readonly data: Buffer;
  /** Names in lower case. */
  readonly trailers: Readonly<Record<string, string>>;
}

/**
 * Decodes aws-chunked and verifies the signatures of chunks and trailer (S3 API Reference, "Transferring payload in
 * multiple chunks"). Throws SignatureProblem. @param headers for `x-amz-decoded-content-length` and `x-amz-trailer`
 */
export function decodeChunks(
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  signature: VerifiedSignature,
): DecodedChunks {
  const signed = signature.payload === 'chunks-signed' || signature.payload === 'chunks-signed-trailer';
  const parts: Buffer[] = [];
  let previous = signature.signature;
  let offset = 0;

  for (;;) {
    const line = lineAt(body, offset);
    const header = CHUNK_HEADER.exec(line.text);
    if (header === null) throw malformed('a chunk does not begin with its size in hex');
    const [, chunkSignature] = header;
    if (signed !== (chunkSignature !== undefined)) {
      throw malformed(signed ? 'a chunk has no signature' : 'an unsigned chunk has a signature');
    }
    const size = parseInt(line.text, 16);
    const end = line.next + size;
    if (end > body.length) throw malformed('a chunk ends before its size');
    const data = body.subarray(line.next, end);
    if (chunkSignature !== undefined) {
      const text = `AWS4-HMAC-SHA256-PAYLOAD\n${signature.timestamp}\n${signature.scope}\n${previous}\n${EMPTY_HASH}\n`;
      verify(signature, text + sha256Hex(data), chunkSignature);
      previous = chunkSignature;
    }
    if (size === 0) {
      offset = line.next;
      break;
    }
    parts.push(data);
    if (body[end] !== 0x0d || body[end + 1] !== 0x0a) throw malformed('a chunk does not end with CRLF');
    offset = end + 2;
  }

  const data = Buffer.concat(parts);
  checkLength(data.length, headers['x-amz-decoded-content-length']);
  return { data, trailers: readTrailers(body, offset, headers, signature, previous) };
}

function checkLength(actual: number, claimed: string | undefined): void {
  if (claimed === undefined || !/^\d+$/.test(claimed)) {
    throw new SignatureProblem('missing-decoded-length', 'x-amz-decoded-content-length is missing or not a number');
  }
  if (Number(claimed) !== actual) {
    throw new SignatureProblem(
      'wrong-decoded-length',
      `the payload has ${actual} bytes, but x-amz-decoded-content-length is ${claimed}`,
    );
  }
}

function readTrailers(
  body: Buffer,
  start: number,
  headers: Readonly<Record<string, string>>,
  signature: VerifiedSignature,
  previous: string,
): Record<string, string> {
  const announced = (headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim().toLowerCase());
  const trailers: Record<string, string> = {};
  let canonical = '';
  let trailerSignature: string | undefined;
  let offset = start;
  // Some clients omit the blank line at the end if there are no trailers.
  while (offset < body.length) {
    const line = lineAt(body, offset);
    offset = line.next;
    if (line.text === '') break;
    const colon = line.text.indexOf(':');
    const name = line.text.slice(0, colon).trim().toLowerCase();
    const value = line.text.slice(colon + 1).trim();
    if (colon <= 0) throw badTrailer('a trailer has no name');
    if (name === 'x-amz-trailer-signature') {
      trailerSignature = value;
      continue;
    }
    if (!announced.includes(name)) throw badTrailer('a trailer is not named in x-amz-trailer');
    trailers[name] = value;
    canonical += `${name}:${value}\n`;
  }
  if (offset < body.length) throw malformed('data follows the last chunk');
  const missing = announced.find((name) => name !== '' && trailers[name] === undefined);
  if (missing !== undefined) throw badTrailer('a trailer in x-amz-trailer is missing');
  if (signature.payload === 'chunks-signed-trailer') {
    if (trailerSignature === undefined || !/^[0-9a-f]{64}$/.test(trailerSignature)) {
      throw badTrailer('the trailer has no signature');
    }
    const text = `AWS4-HMAC-SHA256-TRAILER\n${signature.timestamp}\n${signature.scope}\n${previous}\n`;
    verify(signature, text + sha256Hex(canonical), trailerSignature);
  }
  return trailers;
}

function lineAt(body: Buffer, offset: number): { readonly text: string; readonly next: number } {
  const end = body.indexOf('\r\n', offset, 'latin1');
  // Chunk headers are short, so a long line is data and is not copied.
  if (end < 0 || end - offset > 1024) throw malformed('a line of the chunked payload is not terminated');
  return { text: body.toString('latin1', offset, end), next: end + 2 };
}

function verify(signature: VerifiedSignature, text: string, claimed: string): void {
  if (!signatureMatches(signature.signingKey, text, claimed)) {
    throw new SignatureProblem('mismatch', "a chunk's signature does not match its data");
  }
}

function malformed(detail: string): SignatureProblem {
  return new SignatureProblem('malformed-chunks', detail);
}

function badTrailer(detail: string): SignatureProblem {
  return new SignatureProblem('malformed-trailer', detail);
}
