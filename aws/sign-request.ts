import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from './credentials.ts';

/** Path and query are percent-encoded. Header names are in lower case and include `host`. */
interface RequestToSign {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The hash of the body, or a constant such as `UNSIGNED-PAYLOAD`. */
  readonly payload: string;
}

export interface SigningScope {
  readonly credentials: AwsCredentials;
  readonly region: string;
  readonly service: string;
  readonly time: Date;
}

export interface Signature {
  readonly signature: string;
  readonly timestamp: string;
  /** `<date>/<region>/<service>/aws4_request` */
  readonly scope: string;
  /** Signs another text with the same key. */
  sign(text: string): string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Percent-encodes all but the unreserved characters of RFC 3986. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const namesOf = (headers: Readonly<Record<string, string>>): string => Object.keys(headers).sort().join(';');

/** `20150830T123600Z` */
export const timestampOf = (time: Date): string => `${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

const scopeOf = ({ region, service, time }: Omit<SigningScope, 'credentials'>): string =>
  `${timestampOf(time).slice(0, 8)}/${region}/${service}/aws4_request`;

/** Signs a request with all its headers, unlike the SDK (IAM User Guide, "Create a signed AWS API request"). */
function signatureOf(request: RequestToSign, signing: SigningScope): Signature {
  const { credentials, service, time } = signing;
  const scope = scopeOf(signing);
  const timestamp = timestampOf(time);
  const key = scope
    .split('/')
    .reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${credentials.secretAccessKey}`);
  const sign = (text: string): string => hmac(key, text).toString('hex');
  const text = [ALGORITHM, timestamp, scope, sha256(canonicalOf(request, service))].join('\n');
  return { signature: sign(text), timestamp, scope, sign };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** S3 uses the path as sent; other services encode it once more. */
function canonicalOf({ method, path, query, headers, payload }: RequestToSign, service: string): string {
  const uri = service === 's3' ? path : path.split('/').map(uriEncode).join('/');
  const pairs = query.split('&').filter((pair) => pair !== '');
  // Parameters are sorted by name, so `=` must sort before any other character.
  const named = pairs.map((pair) => pair.replace(/=|$/, '\0')).sort();
  const lines = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [method, uri, named.join('&').replaceAll('\0', '='), lines.join(''), namesOf(headers), payload].join('\n');
}

export function withAuthorization(request: RequestToSign, signing: SigningScope) {
  const signed = signatureOf(request, signing);
  const credential = `${signing.credentials.accessKeyId}/${signed.scope}`;
  const authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${namesOf(request.headers)}, Signature=${signed.signature}`;
  return { signed, headers: { ...request.headers, authorization } };
}

export function presignedQuery(request: RequestToSign, signing: SigningScope, seconds: number): string {
  const { credentials, time } = signing;
  const parameters = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scopeOf(signing)}`,
    'X-Amz-Date': timestampOf(time),
    'X-Amz-Expires': String(seconds),
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': namesOf(request.headers),
  };
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${uriEncode(value)}`);
  const query = [request.query, ...pairs].filter((part) => part !== '').join('&');
  return `${query}&X-Amz-Signature=${signatureOf({ ...request, query }, signing).signature}`;
}

const EMPTY = sha256('');

/** Chunks with signatures, a trailing checksum, or both. */
interface Chunking {
  readonly signed: boolean;
  /** Name and value of a trailing header. */
  readonly trailer?: readonly [name: string, value: string];
  /** Default: 8 KiB, S3's minimum for all chunks but the last. */
  readonly chunkBytes?: number;
}

/** Encodes a body as `aws-chunked` (S3 API Reference, "Signature calculations for the Authorization header"). */
export function chunked(body: Buffer, { signed, trailer, chunkBytes = 8192 }: Chunking, first: Signature): Buffer {
  const parts: (string | Buffer)[] = [];
  let previous = first.signature;
  const intro = (what: string): string => `${ALGORITHM}-${what}\n${first.timestamp}\n${first.scope}\n${previous}\n`;
  for (let offset = 0, size = 1; size > 0; offset += size) {
    const data = body.subarray(offset, offset + chunkBytes);
    size = data.length;
    if (signed) previous = first.sign(`${intro('PAYLOAD')}${EMPTY}\n${sha256(data)}`);
    parts.push(`${size.toString(16)}${signed ? `;chunk-signature=${previous}` : ''}\r\n`, data, size > 0 ? '\r\n' : '');
  }
  if (trailer !== undefined) {
    const [name, value] = trailer;
    parts.push(`${name}:${value}\r\n`);
    if (signed) {
      parts.push(`x-amz-trailer-signature:${first.sign(intro('TRAILER') + sha256(`${name}:${value}\n`))}\r\n`);
    }
  }
  return Buffer.concat([...parts, '\r\n'].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}
