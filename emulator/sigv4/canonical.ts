import { hash } from 'node:crypto';
import type { ServiceRequest } from '../core/service.ts';

export type SignedParts = Pick<ServiceRequest, 'method' | 'path' | 'query' | 'headers'>;

const UNRESERVED_PATH = /^[A-Za-z0-9\-._~/]*$/;

/** Percent-encodes all but unreserved characters (RFC 3986). */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** IAM User Guide, "Create a signed AWS API request": S3 encodes segments once; others normalize and encode twice. */
function canonicalUri(path: string, s3: boolean): string {
  if (s3) {
    return UNRESERVED_PATH.test(path) ? path : path.split('/').map(encodeOnce).join('/');
  }
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(uriEncode(segment));
  }
  const joined = `/${segments.join('/')}`;
  return segments.length > 0 && path.endsWith('/') ? `${joined}/` : joined;
}

function encodeOnce(segment: string): string {
  if (UNRESERVED_PATH.test(segment)) return segment;
  try {
    return uriEncode(decodeURIComponent(segment));
  } catch {
    // The segment is not UTF-8 or has a bare `%`. The client can only have signed it unchanged.
    return segment;
  }
}

/** Names and values as sent, still percent-encoded. */
export function queryPairs(query: string): (readonly [name: string, value: string])[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
}

function canonicalQuery(query: string): string {
  const encoded = queryPairs(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [reencode(name), reencode(value)] as const)
    .sort(([n1, v1], [n2, v2]) => compare(n1, n2) || compare(v1, v2));
  return encoded.map(([name, value]) => `${name}=${value}`).join('&');
}

function reencode(text: string): string {
  if (UNRESERVED_PATH.test(text) && !text.includes('/')) return text;
  return uriEncode(decodeQueryPart(text));
}

/** Decodes a part of a query; `+` is a space. Invalid percent-encoding stays unchanged. */
export function decodeQueryPart(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

// Compares code units, which equals comparing bytes for percent-encoded text.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `payload` is the hash, or the constant that replaces it. */
export function canonicalRequest(
  parts: SignedParts,
  signedHeaders: readonly string[],
  payload: string,
  s3: boolean,
): string {
  let headers = '';
  for (const name of signedHeaders) headers += `${name}:${canonicalValue(parts.headers[name] ?? '')}\n`;
  return (
    `${parts.method}\n${canonicalUri(parts.path, s3)}\n${canonicalQuery(parts.query)}\n` +
    `${headers}\n${signedHeaders.join(';')}\n${payload}`
  );
}

function canonicalValue(value: string): string {
  return (value.includes('  ') ? value.replace(/ +/g, ' ') : value).trim();
}

/** Returns lower-case hex. A text's characters are bytes, because node returns header bytes as latin1. */
export function sha256Hex(data: string | Buffer): string {
  return hash('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 'hex');
}
