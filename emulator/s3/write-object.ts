import { createHash } from 'node:crypto';
import { AwsError } from '../core/errors.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnObject, existingObject, existingTagKeys, requestTagKeys } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { checkWriteConditions } from './conditions.ts';
import { notImplemented } from './errors.ts';
import { checkIntegrity, checksumHeaders, checksumOf } from './integrity.ts';
import { nextVersionId, versionHeader } from './model.ts';
import type { Bucket, ObjectAttributes, S3Object } from './model.ts';
import { tagsOfHeader } from './tags.ts';

const MOST_METADATA_BYTES = 2048;

export const putObject: Handler = async (call) => {
  const { request, key } = call;
  const bucket = bucketOf(call);
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
    throw new AwsError('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.');
  }
  const tags = tagsOfHeader(request.headers['x-amz-tagging']);
  await demandWrite(call, bucket, tags);
  checkHeaders(request);
  const sent = checkIntegrity(request);
  const attributes = attributesOf(request);
  const perform = (): ServiceResponse => {
    const { body } = request;
    const checksum = sent ?? checksumOf(body);
    const written = { key, body, etag: etagOf(body), checksum, parts: undefined, tags, ...attributes };
    const object = store(call, bucket, written);
    return {
      status: 200,
      headers: { etag: object.etag, ...checksumHeaders(object.checksum), ...writtenHeaders(bucket, object) },
    };
  };
  return { perform };
};

/**
 * Keeps an object as the newest version, if the request's conditions hold.
 * @throws AwsError `PreconditionFailed`, `NoSuchKey`
 */
export function store(
  { request }: S3Call,
  bucket: Bucket,
  object: Omit<S3Object, 'versionId' | 'lastModified'>,
): S3Object {
  checkWriteConditions(request.headers, object.key, bucket.objects.get({ key: object.key }));
  return bucket.objects.put({ ...object, versionId: nextVersionId(bucket), lastModified: request.time });
}

/** The headers that each answer to a write has. */
export function writtenHeaders(bucket: Bucket, { versionId, storageClass }: S3Object): Record<string, string> {
  return {
    'x-amz-server-side-encryption': 'AES256',
    ...(storageClass !== 'STANDARD' && { 'x-amz-storage-class': storageClass }),
    ...(versionId !== 'null' && versionHeader(bucket, versionId)),
  };
}

/**
 * Setting tags with the object needs its own permission (S3 User Guide, "Object tagging and access control"), and so does
 * comparing with what is there (same guide, "How to perform conditional writes").
 */
export async function demandWrite(
  call: S3Call,
  bucket: Bucket,
  tags: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const { key } = call;
  demandOnObject(call, bucket, { key }, 's3:PutObject', requestTagKeys(tags));
  if (tags.size > 0) demandOnObject(call, bucket, { key }, 's3:PutObjectTagging', requestTagKeys(tags));
  await demandComparison(call, bucket, key, call.request.headers['if-match']);
}

/** Whoever learns whether an entity tag is an object's reads something of it; `*` asks only whether there is one. */
export async function demandComparison(
  call: S3Call,
  bucket: Bucket,
  key: string,
  ifMatch: string | undefined,
): Promise<void> {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const existing = await existingObject(call, bucket, { key });
  demandOnObject(call, bucket, { key }, 's3:GetObject', existingTagKeys(existing));
}

/** Refuses what this S3 does not do rather than ignoring it. */
export function checkHeaders({ headers }: ServiceRequest): void {
  const acl = headers['x-amz-acl'];
  const grants = Object.keys(headers).some((name) => name.startsWith('x-amz-grant-'));
  if (grants || (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control')) {
    throw new AwsError('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
  }
  const encryption = headers['x-amz-server-side-encryption'];
  if (encryption !== undefined && encryption !== 'AES256') throw notImplemented('x-amz-server-side-encryption');
  const unsupported = Object.keys(headers).find(
    (name) => name.startsWith('x-amz-server-side-encryption-customer') || name.startsWith('x-amz-object-lock'),
  );
  if (unsupported !== undefined) throw notImplemented(unsupported);
}

/** Storage classes that the API model has and no general purpose bucket. */
const OTHER_STORAGE_CLASSES = /^(?:OUTPOSTS|SNOW|EXPRESS_ONEZONE|FSX_.*)$/;

/** What the headers of a request say of the object that it writes. */
export function attributesOf(request: ServiceRequest): ObjectAttributes {
  const { 'content-type': contentType, 'x-amz-storage-class': storageClass = 'STANDARD' } = request.headers;
  if (OTHER_STORAGE_CLASSES.test(storageClass)) {
    throw new AwsError('InvalidStorageClass', 400, 'The storage class you specified is not valid', {
      StorageClassRequested: storageClass,
    });
  }
  return { contentType, metadata: metadataOf(request), storageClass };
}

const KEPT_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'];

/** The headers that S3 gives back with the object: its own metadata and a few standard ones. */
function metadataOf({ headers }: ServiceRequest): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    metadata[name] = value;
    size += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value, 'latin1');
  }
  if (size > MOST_METADATA_BYTES) {
    throw new AwsError('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(size),
      MaxSizeAllowed: String(MOST_METADATA_BYTES),
    });
  }
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value !== undefined) metadata[name] = value;
  }
  // aws-chunked is how the payload travelled, not what the object is.
  return { ...metadata, ...contentEncoding(headers) };
}

/** `content-encoding` without how the payload travelled; none where that was all. */
export function contentEncoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  const encodings = (headers['content-encoding'] ?? '').split(',').map((encoding) => encoding.trim());
  const kept = encodings.filter((encoding) => encoding !== '' && encoding !== 'aws-chunked');
  return kept.length > 0 ? { 'content-encoding': kept.join(',') } : {};
}

/** The entity tag of an object that was put in one part: the MD5 of its data, in quotes. */
export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
