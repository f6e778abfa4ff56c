/** Requests signed without the SDK, in every form that AWS accepts, or with one mistake. */
import { request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { crc32 } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import type { AwsCredentials } from '../../aws/credentials.ts';
import {
  chunked,
  presignedQuery,
  sha256,
  timestampOf,
  withAuthorization,
  type Signature,
  type SigningScope,
} from '../../aws/sign-request.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

/** How the signature covers the payload (S3 API Reference, "Authenticating requests"). */
export const PAYLOADS = {
  unsigned: { word: 'UNSIGNED-PAYLOAD', chunks: false, signed: false, trailer: false },
  chunks: { word: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunks: true, signed: true, trailer: false },
  'chunks-and-trailer': {
    word: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    chunks: true,
    signed: true,
    trailer: true,
  },
  'unsigned-chunks-and-trailer': {
    word: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    chunks: true,
    signed: false,
    trailer: true,
  },
} as const;

/** Changes to the session's credentials, one at a time. */
export const CREDENTIALS = {
  'another-secret': 'with another secret key',
  'unknown-key': 'with an unknown access key',
  'no-session-token': 'without its session token',
  'another-session-token': 'with another session token',
} as const;

export interface Alteration {
  /** `target` (path and query), `body`, or the name of a header in lower case. */
  readonly part: string;
  readonly find: string;
  /** The replacement, as in String.replace. A header that becomes empty is not sent. */
  readonly by: string;
}

/** How a request is built and signed; by default correctly. */
export interface SigningOptions {
  /** Headers to sign. An empty value removes a default header. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly unsignedHeaders?: Readonly<Record<string, string>>;
  /** The text, or the number of bytes. */
  readonly body?: string | number;
  /** How the signature covers the body. By default with the hash; in a presigned URL of S3, not at all. */
  readonly payload?: keyof typeof PAYLOADS;
  /** Makes a presigned URL that is valid for this many seconds. */
  readonly presigned?: number;
  /** Seconds since signing; negative for the future. */
  readonly age?: number;
  /** Sends the time in `Date` instead of `x-amz-date`. */
  readonly byDate?: boolean;
  /** Overrides the region and service of the signature's scope. */
  readonly region?: string;
  readonly service?: string;
  readonly credentials?: keyof typeof CREDENTIALS;
  readonly alter?: Alteration;
}

/** Method, path and query, percent-encoded. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

interface Sent {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Signing extends Omit<SigningScope, 'time'> {
  readonly host: string;
  /** Is signed instead of the request that is sent. */
  readonly signedAs?: RequestLine;
}

const targetOf = (path: string, query: string): string => (query === '' ? path : `${path}?${query}`);

const bodyOf = ({ body = '' }: SigningOptions): Buffer =>
  Buffer.from(typeof body === 'number' ? 'x'.repeat(body) : body);

export const unsignedRequest = ({ method, path, query }: RequestLine, options: SigningOptions, host: string): Sent => ({
  method,
  target: targetOf(path, query),
  body: bodyOf(options),
  headers: { host, ...options.headers },
});

export function signRequest(line: RequestLine, options: SigningOptions, signing: Signing): Sent {
  const { method, path, query } = line;
  const { signedAs = line, host, ...scope } = signing;
  const { presigned, unsignedHeaders } = options;
  const body = bodyOf(options);
  const by: SigningScope = {
    ...scope,
    credentials: changed(scope.credentials, options.credentials),
    region: options.region ?? scope.region,
    service: options.service ?? scope.service,
    time: new Date(Date.now() - 1000 * (options.age ?? 0)),
  };
  if (presigned !== undefined) {
    const headers = withoutEmpty({ host, ...options.headers });
    const payload = scope.service === 's3' ? PAYLOADS.unsigned.word : sha256(body);
    const toSign = { ...signedAs, query, headers, payload: payloadIn(headers, payload) };
    const target = targetOf(path, presignedQuery(toSign, by, presigned));
    return alteredBy(options.alter, { method, target, headers: { ...headers, ...unsignedHeaders }, body });
  }
  const headers = signedHeaders(options, body, by, host);
  const payload = payloadIn(headers, sha256(body));
  const { signed, headers: all } = withAuthorization({ ...signedAs, headers, payload }, by);
  return alteredBy(options.alter, {
    method,
    target: targetOf(path, query),
    headers: { ...all, ...unsignedHeaders },
    body: wireBody(body, options, signed),
  });
}

const payloadIn = (headers: Readonly<Record<string, string>>, otherwise: string): string =>
  headers['x-amz-content-sha256'] ?? otherwise;

function signedHeaders(
  { payload, byDate = false, headers }: SigningOptions,
  body: Buffer,
  { credentials: { sessionToken }, service, time }: SigningScope,
  host: string,
): Readonly<Record<string, string>> {
  const { word, chunks, trailer } =
    payload === undefined ? { ...PAYLOADS.unsigned, word: sha256(body) } : PAYLOADS[payload];
  return withoutEmpty({
    host,
    ...(byDate ? { date: time.toUTCString() } : { 'x-amz-date': timestampOf(time) }),
    ...(service === 's3' && { 'x-amz-content-sha256': word }),
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    ...(chunks && { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': String(body.length) }),
    ...(trailer && { 'x-amz-trailer': CHECKSUM }),
    ...headers,
  });
}

const withoutEmpty = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));

const CHECKSUM = 'x-amz-checksum-crc32';

function wireBody(body: Buffer, { payload = 'unsigned' }: SigningOptions, signature: Signature): Buffer {
  const { chunks, signed, trailer } = PAYLOADS[payload];
  if (!chunks) return body;
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(body));
  return chunked(body, { signed, ...(trailer && { trailer: [CHECKSUM, value.toString('base64')] }) }, signature);
}

function changed(credentials: AwsCredentials, change: SigningOptions['credentials']): AwsCredentials {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
  const reversed = (text: string): string => [...text].reverse().join('');
  switch (change) {
    case 'another-secret':
      return { ...credentials, secretAccessKey: reversed(secretAccessKey) };
    case 'unknown-key':
      return { ...credentials, accessKeyId: `ASIA${reversed(accessKeyId.slice(4))}` };
    case 'no-session-token':
      return { accessKeyId, secretAccessKey };
    case 'another-session-token':
      return { ...credentials, sessionToken: reversed(sessionToken) };
    default:
      return credentials;
  }
}

function alteredBy(alteration: Alteration | undefined, sent: Sent): Sent {
  if (alteration === undefined) return sent;
  const { part, find, by } = alteration;
  const change = (text: string): string => {
    const other = text.replace(new RegExp(find, 's'), by);
    // Without this check the probe would send a correct request.
    if (other === text) throw new Error(`/${find}/ changes nothing in ${part} of a signed request`);
    return other;
  };
  if (part === 'target') return { ...sent, target: change(sent.target) };
  if (part === 'body') return { ...sent, body: Buffer.from(change(sent.body.toString('latin1')), 'latin1') };
  const { [part]: header = '', ...others } = sent.headers;
  const other = change(header);
  return { ...sent, headers: { ...others, ...(other !== '' && { [part]: other }) } };
}

export interface SignedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends path, `Date` and `Host` unchanged, unlike `fetch`. Rejects if the network fails. */
export function sendSigned(
  origin: string,
  { method, target, headers, body }: Sent,
  signal: AbortSignal,
): Promise<SignedResponse> {
  const { protocol, hostname, port } = new URL(origin);
  const request = protocol === 'http:' ? requestByHttp : requestByHttps;
  const length = body.length > 0 || /^P/.test(method) ? { 'content-length': String(body.length) } : {};
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        protocol,
        hostname: unbracketed(hostname),
        port,
        method,
        path: target,
        signal,
        headers: { ...headers, ...length },
      },
      (response) =>
        void buffer(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: body.toString() }),
          reject,
        ),
    );
    sending.on('error', reject);
    sending.end(body);
  });
}
