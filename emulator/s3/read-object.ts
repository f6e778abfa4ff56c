import { AwsError } from '../core/errors.ts';
import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, objectFor } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { preconditionFailed } from './errors.ts';
import { storedObject } from './model.ts';
import type { S3Object } from './model.ts';

/** Query parameters that replace a header of the answer. */
const OVERRIDES: ReadonlyMap<string, string> = new Map([
  ['response-content-type', 'content-type'],
  ['response-content-language', 'content-language'],
  ['response-expires', 'expires'],
  ['response-cache-control', 'cache-control'],
  ['response-content-disposition', 'content-disposition'],
  ['response-content-encoding', 'content-encoding'],
]);

export const getObject: Handler = async (call) => {
  const bucket = bucketOf(call);
  await objectFor(call, bucket, 's3:GetObject');
  return { perform: () => read(call, storedObject(bucket, call.key)) };
};

export const headObject: Handler = async (call) => {
  const { perform } = await getObject(call);
  return {
    perform: () => {
      const { status, headers = {}, body } = perform();
      return { status, headers: body === undefined ? headers : { ...headers, 'content-length': String(body.length) } };
    },
  };
};

function read(call: S3Call, object: S3Object): ServiceResponse {
  const { headers: sent } = call.request;
  if (isNotModified(sent, object)) {
    return { status: 304, headers: { etag: object.etag, 'last-modified': httpDate(object.lastModified) } };
  }
  const headers = objectHeaders(object, call);
  const range = readRange(sent['range'], object.body.length);
  if (range === undefined) return { status: 200, headers, body: object.body };
  headers['content-range'] = `bytes ${range.first}-${range.last}/${object.body.length}`;
  return { status: 206, headers, body: object.body.subarray(range.first, range.last + 1) };
}

function objectHeaders(object: S3Object, call: S3Call): Record<string, string> {
  const headers: Record<string, string> = {
    ...object.metadata,
    etag: object.etag,
    'last-modified': httpDate(object.lastModified),
    'accept-ranges': 'bytes',
    'content-type': object.contentType ?? 'binary/octet-stream',
    'x-amz-server-side-encryption': 'AES256',
  };
  if (object.tags.size > 0) headers['x-amz-tagging-count'] = String(object.tags.size);
  // The checksum is that of the whole object, so it is not answered with a part of it.
  if (call.request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && !call.request.headers['range']) {
    Object.assign(headers, object.checksums, { 'x-amz-checksum-type': 'FULL_OBJECT' });
  }
  if (call.request.query.includes('response-')) override(headers, call);
  return headers;
}

function override(headers: Record<string, string>, { query, request }: S3Call): void {
  for (const [parameter, header] of OVERRIDES) {
    const value = query.get(parameter);
    if (value === undefined) continue;
    if (request.caller === undefined) {
      throw new AwsError(
        'InvalidRequest',
        400,
        'Request specific response headers cannot be used for anonymous GET requests.',
      );
    }
    if (/[^\t\x20-\x7e]/.test(value)) {
      throw new AwsError('InvalidArgument', 400, 'Header value cannot be represented using ISO-8859-1.', {
        ArgumentName: parameter,
      });
    }
    headers[header] = value;
  }
}

/**
 * Conditions of a read (RFC 9110, section 13; S3 API Reference, GetObject): a failed `If-None-Match` or
 * `If-Modified-Since` is 304, a failed `If-Match` or `If-Unmodified-Since` 412.
 *
 * @throws AwsError `PreconditionFailed`
 */
function isNotModified(headers: Readonly<Record<string, string>>, object: S3Object): boolean {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!etagListed(ifMatch, object.etag)) throw preconditionFailed('If-Match');
  } else if (isBefore(headers['if-unmodified-since'], object.lastModified)) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return etagListed(ifNoneMatch, object.etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Math.floor(object.lastModified / 1000) * 1000 <= since;
}

function isBefore(date: string | undefined, lastModified: number): boolean {
  const time = Date.parse(date ?? '');
  return !Number.isNaN(time) && time < Math.floor(lastModified / 1000) * 1000;
}

/** Whether a list of entity tags, quoted or not, or `*`, holds `etag`. */
export function etagListed(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag || `"${tag}"` === etag;
  });
}

interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * One byte range. A header of another form or with several ranges is ignored, as HTTP allows.
 * @throws AwsError `InvalidRange` when no byte is in it
 */
function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (header === undefined || match === null) return undefined;
  const [from = '', to = ''] = match.slice(1);
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) {
    throw new AwsError('InvalidRange', 416, 'The requested range is not satisfiable', {
      RangeRequested: header,
      ActualObjectSize: String(size),
    });
  }
  return { first, last };
}

function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}
