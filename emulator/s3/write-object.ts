import { createHash, randomBytes } from 'node:crypto';
import type { ServiceRequest } from '../core/service.ts';
import { existingTagKeys, putObjectActions, type ObjectKey } from '../../identity/s3.ts';
import { bucketOf, demandOnObject } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { checkWriteConditions } from './conditions.ts';
import { demandKeyOfWrite, encryptionHeaders } from './encryption.ts';
import { notImplemented, s3Error } from './errors.ts';
import { checkIntegrity, checksumHeaders, checksumOf } from './integrity.ts';
import {
  nextVersionId,
  versionHeader,
  type Bucket,
  type ObjectAttributes,
  type S3Object,
  type Tags,
} from '../world/s3-model.ts';
import { tagsOfHeader } from './tags.ts';

const MOST_METADATA_BYTES = 2048;

export const putObject: Handler = (call) => {
  const { request, key } = call;
  const bucket = bucketOf(call);
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
    throw s3Error('MissingContentLength');
  }
  const tags = tagsOfHeader(request.headers['x-amz-tagging']);
  demandWrite(call, bucket, tags);
  checkHeaders(request);
  const sent = checkIntegrity(request);
  const attributes = attributesOf(request);
  const { body } = request;
  const checksum = sent ?? checksumOf(body);
  const kmsKey = demandKeyOfWrite(call);
  const written = { key, body, etag: etagOf(body, kmsKey), checksum, parts: undefined, tags, kmsKey, ...attributes };
  const object = store(call, bucket, written);
  return {
    status: 200,
    headers: { etag: object.etag, ...checksumHeaders(object.checksum), ...writtenHeaders(bucket, object) },
  };
};

/** Stores an object as the newest version. Throws `PreconditionFailed` or `NoSuchKey`. */
export function store(
  { request }: S3Call,
  bucket: Bucket,
  object: Omit<S3Object, 'versionId' | 'lastModified'>,
): S3Object {
  checkWriteConditions(request.headers, object.key, bucket.objects.get({ key: object.key }));
  return bucket.objects.put({ ...object, versionId: nextVersionId(bucket), lastModified: request.time });
}

export function writtenHeaders(bucket: Bucket, object: S3Object): Record<string, string> {
  const { versionId, storageClass } = object;
  return {
    ...encryptionHeaders(object),
    ...(storageClass !== 'STANDARD' && { 'x-amz-storage-class': storageClass }),
    ...(versionId !== 'null' && versionHeader(bucket, versionId)),
  };
}

export function demandTaggedWrite(call: S3Call, bucket: Bucket, tags: Tags): void {
  for (const { action, keys } of putObjectActions(tags)) demandOnObject(call, bucket, { key: call.key }, action, keys);
}

/** Demands permission to write. A comparison also needs its own permission (S3 User Guide, "How to perform conditional writes"). */
export function demandWrite(call: S3Call, bucket: Bucket, tags: Tags = new Map()): void {
  demandTaggedWrite(call, bucket, tags);
  demandComparison(call, bucket, call.key, call.request.headers['if-match']);
}

/** Comparing an entity tag reveals something of the object. `*` only checks whether it exists. */
export function demandComparison(call: S3Call, bucket: Bucket, key: string, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const existing = bucket.objects.get({ key });
  demandOnObject(call, bucket, { key }, 's3:GetObject', existingTagKeys(existing?.tags));
}

const UNSUPPORTED = /^x-amz-(?:server-side-encryption-(?:customer|context)|object-lock)/;

/** Rejects unsupported headers instead of ignoring them. */
export function checkHeaders({ headers }: ServiceRequest): void {
  const { 'x-amz-acl': acl = 'private' } = headers;
  const grants = Object.keys(headers).some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== 'private' && acl !== 'bucket-owner-full-control')) {
    throw s3Error('AccessControlListNotSupported');
  }
  const unsupported = Object.keys(headers).find((name) => UNSUPPORTED.test(name));
  if (unsupported !== undefined) throw notImplemented(unsupported);
}

/** Storage classes in the API model that general purpose buckets do not support. */
const OTHER_STORAGE_CLASSES = /^(?:OUTPOSTS|SNOW|EXPRESS_ONEZONE|FSX_.*)$/;

export function attributesOf(request: ServiceRequest): ObjectAttributes {
  const { 'content-type': contentType, 'x-amz-storage-class': storageClass = 'STANDARD' } = request.headers;
  if (OTHER_STORAGE_CLASSES.test(storageClass)) {
    throw s3Error('InvalidStorageClass', { StorageClassRequested: storageClass });
  }
  return { contentType, metadata: metadataOf(request), storageClass };
}

const METADATA = 'x-amz-meta-';
const KEPT_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'];

/** Headers that S3 returns with the object. */
function metadataOf({ headers }: ServiceRequest): Readonly<Record<string, string>> {
  const given = Object.entries(headers);
  const metadata = given.filter(([name]) => name.startsWith(METADATA));
  const sizes = metadata.map(([name, value]) => name.length - METADATA.length + Buffer.byteLength(value, 'latin1'));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  if (size > MOST_METADATA_BYTES) {
    throw s3Error('MetadataTooLarge', { Size: String(size), MaxSizeAllowed: String(MOST_METADATA_BYTES) });
  }
  const standard = given.filter(([name]) => KEPT_HEADERS.includes(name));
  // aws-chunked describes the transfer, not the object.
  return { ...Object.fromEntries([...metadata, ...standard]), ...contentEncoding(headers) };
}

function contentEncoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  const encodings = (headers['content-encoding'] ?? '').split(',').map((encoding) => encoding.trim());
  const kept = encodings.filter((encoding) => encoding !== '' && encoding !== 'aws-chunked');
  return kept.length > 0 ? { 'content-encoding': kept.join(',') } : {};
}

/** Returns the MD5 in quotes, for an object without parts. With a KMS key it is another value (S3 API Reference, "Object", ETag). */
export function etagOf(body: Buffer, kmsKey?: ObjectKey): string {
  return `"${createHash('md5')
    .update(kmsKey ? randomBytes(16) : body)
    .digest('hex')}"`;
}
