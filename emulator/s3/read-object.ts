import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, mayReadTags, objectFor, onObject } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { isNotModified } from './conditions.ts';
import { demandKeyOfRead, encryptionHeaders } from './encryption.ts';
import { invalidArgument, invalidRequest, s3Error } from './errors.ts';
import { checksumHeaders, checksumElement } from './integrity.ts';
import { versionHeader, type Bucket, type ObjectPart, type S3Object } from '../world/s3-model.ts';
import { storedObject } from './stored-object.ts';
import { xmlAnswer } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

/** Headers that query parameters such as `response-content-type` can set. */
const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
] as const;

/** Returns the tag count to callers who may read the tags (S3 API Reference, GetObject, `x-amz-tagging-count`). */
export const getObject: Handler = (call) => {
  const bucket = bucketOf(call);
  const existing = objectFor(call, bucket, 's3:GetObject');
  const counted = existing.tags.size === 0 || mayReadTags(call, bucket, existing);
  const object = storedObject(bucket, call);
  // HeadObject returns no contents (S3 API Reference, HeadObject, `x-amz-checksum-mode`).
  if (call.request.method === 'GET' || wantsChecksum(call)) demandKeyOfRead(call, object);
  const { headers = {}, ...answer } = read(object, call, bucket);
  const { 'x-amz-tagging-count': _, ...others } = headers;
  return { ...answer, headers: counted ? headers : others };
};

export const headObject: Handler = (call) => {
  const { status, headers = {}, body } = getObject(call);
  return { status, headers: body === undefined ? headers : { ...headers, 'content-length': String(body.length) } };
};

const wantsChecksum = ({ request }: S3Call): boolean =>
  request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED';

function read(object: S3Object, call: S3Call, bucket: Bucket): ServiceResponse {
  const { headers: sent, method, time } = call.request;
  const version = versionHeader(bucket, object.versionId);
  if (isNotModified(sent, object, time)) {
    return { status: 304, headers: { etag: object.etag, 'last-modified': httpDate(object.lastModified), ...version } };
  }
  if (method === 'GET') checkReadable(object);
  const part = readPart(call, object);
  const range = part ?? readRange(sent['range'], object.body.length);
  const headers = { ...objectHeaders(object, call, range), ...version };
  if (range === undefined) return { status: 200, headers, body: object.body };
  const { first, last } = range;
  return {
    status: 206,
    headers: {
      ...headers,
      ...(object.body.length > 0 && { 'content-range': `bytes ${first}-${last}/${object.body.length}` }),
      ...(part !== undefined && object.parts && { 'x-amz-mp-parts-count': String(object.parts.length) }),
    },
    body: object.body.subarray(first, last + 1),
  };
}

/** Throws `InvalidObjectState` for an archived object. Restoring is not supported. */
export function checkReadable({ storageClass }: S3Object): void {
  if (storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE') {
    throw s3Error('InvalidObjectState', { StorageClass: storageClass });
  }
}

function objectHeaders(object: S3Object, call: S3Call, range: ByteRange | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    ...object.metadata,
    etag: object.etag,
    'last-modified': httpDate(object.lastModified),
    'accept-ranges': 'bytes',
    'content-type': object.contentType ?? 'binary/octet-stream',
    ...encryptionHeaders(object),
  };
  if (object.tags.size > 0) headers['x-amz-tagging-count'] = String(object.tags.size);
  if (object.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = object.storageClass;
  if (wantsChecksum(call)) {
    // A part has only its own checksum.
    const { checksum } = range?.part ?? object;
    const whole = range === undefined || range.last - range.first + 1 === object.body.length;
    if (checksum !== undefined && (whole || (range.part && object.checksum.type === 'COMPOSITE'))) {
      Object.assign(headers, checksumHeaders({ ...checksum, type: object.checksum.type }));
    }
  }
  if (call.request.query.includes('response-')) override(headers, call);
  return headers;
}

function override(headers: Record<string, string>, { query, request }: S3Call): void {
  for (const header of OVERRIDES) {
    const parameter = `response-${header}`;
    const value = query.get(parameter);
    if (value === undefined) continue;
    if (request.caller === undefined) {
      throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.');
    }
    if (/[^\t\x20-\x7e]/.test(value)) {
      throw new AwsError('InvalidArgument', 400, 'Header value cannot be represented using ISO-8859-1.', {
        ArgumentName: parameter,
      });
    }
    headers[header] = value;
  }
}

interface ByteRange {
  readonly first: number;
  readonly last: number;
  readonly part?: Pick<ObjectPart, 'checksum'>;
}

/** Returns the range of `partNumber`. An object without parts counts as one part (GetObject, `partNumber`). */
function readPart(call: S3Call, object: S3Object): ByteRange | undefined {
  const { query, request } = call;
  const requestedPart = query.get('partNumber');
  if (requestedPart === undefined) return undefined;
  if (request.headers['range'] !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  const number = partNumberOf(call);
  const parts = object.parts ?? [{ partNumber: 1, size: object.body.length, checksum: object.checksum }];
  const index = parts.findIndex(({ partNumber }) => partNumber === number);
  const part = parts[index];
  if (part === undefined) {
    throw s3Error('InvalidPartNumber', {
      PartNumberRequested: requestedPart,
      ActualPartCount: String(parts.length),
    });
  }
  const first = parts.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  return { first, last: first + part.size - 1, part };
}

/** Throws `InvalidArgument`. */
export function partNumberOf({ query }: S3Call): number {
  const text = query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 10_000) return number;
  throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
}

/** Reads one byte range. Ignores other forms, as HTTP allows. Throws `InvalidRange` for an empty range. */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (header === undefined || match === null) return undefined;
  const [from = '', to = ''] = match.slice(1);
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) throw s3Error('InvalidRange', { RangeRequested: header, ActualObjectSize: String(size) });
  return { first, last };
}

function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** Requires permission to read the object too (S3 API Reference, GetObjectAttributes, "Permissions"). */
export const getObjectAttributes = onObject(['s3:GetObject', 's3:GetObjectAttributes'], (object, call, bucket) => {
  const { headers, time } = call.request;
  isNotModified(headers, object, time);
  const requestedAttributes = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  const elements = Object.entries(attributesOf(call, object)).filter(([name]) => requestedAttributes.includes(name));
  return xmlAnswer('GetObjectAttributesResponse', Object.fromEntries(elements), {
    'last-modified': httpDate(object.lastModified),
    ...versionHeader(bucket, object.versionId),
  });
});

function attributesOf({ request }: S3Call, { etag, checksum, parts, storageClass, body }: S3Object): XmlStructure {
  const { algorithm, value, type } = checksum;
  const after = Number(request.headers['x-amz-part-number-marker'] ?? 0);
  const most = Number(request.headers['x-amz-max-parts'] ?? 1000);
  return {
    ETag: etag.replaceAll('"', ''),
    Checksum: { ...checksumElement({ algorithm, value: value.replace(/-\d+$/, '') }), ChecksumType: type },
    // Lists parts only if each has a checksum that is part of the object's.
    ObjectParts: parts && {
      PartsCount: parts.length,
      ...(type === 'COMPOSITE' && partsPage(parts, after, most, (part) => checksumElement(part.checksum))),
    },
    StorageClass: storageClass,
    ObjectSize: body.length,
  };
}

/** @param marker number of the last part before the page */
export function partsPage<Part extends ObjectPart>(
  parts: readonly Part[],
  marker: number,
  size: number,
  elements: (part: Part) => XmlStructure,
): XmlStructure {
  const left = parts.filter(({ partNumber }) => partNumber > marker);
  const shown = left.slice(0, size);
  return {
    PartNumberMarker: marker,
    NextPartNumberMarker: shown.at(-1)?.partNumber ?? 0,
    MaxParts: size,
    IsTruncated: shown.length < left.length,
    Part: shown.map((part) => ({ PartNumber: part.partNumber, Size: part.size, ...elements(part) })),
  };
}
