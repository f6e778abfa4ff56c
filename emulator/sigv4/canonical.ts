import { hash } from 'node:crypto';
import type { ServiceRequest } from '../core/service.ts';

/** The parts of a request that a signature covers. */
export type SignedParts = Pick<ServiceRequest, 'method' | 'path' | 'query' | 'headers'>;

const UNRESERVED_PATH = /^[A-Za-z0-9\-._~/]*$/;

/** RFC 3986 percent-encoding of all but unreserved characters, as SigV4 wants it. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The canonical URI (IAM User Guide, "Create a signed AWS API request"): S3 encodes each segment once and keeps `//` and
 * `..`; every other service normalizes the path and encodes it twice.
 */
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
    // Not UTF-8 or a bare `%`: only a client that signed it as it stands can have meant it.
    return segment;
  }
}

/** Name and value of each query parameter, both still percent-encoded as sent. */
export function queryPairs(query: string): (readonly [name: string, value: string])[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
}

/** The canonical query string, without the parameter `X-Amz-Signature`. */
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

/** Decodes a name or value of a query string; `+` is a space. What is not valid percent-encoding is left as it is. */
export function decodeQueryPart(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

// By code unit, which for percent-encoded text is by byte.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The canonical request of `parts`. `signedHeaders` in the order signed; `payload` is the hash or the word in its place. */
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

/** SHA-256 in lower-case hex. Text is taken byte by byte: node gives header bytes as latin1. */
export function sha256Hex(data: string | Buffer): string {
  return hash('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 'hex');
}
