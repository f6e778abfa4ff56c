import { createHash } from 'node:crypto';
import { AwsError } from '../core/errors.ts';
import type { ServiceRequest, ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnObject, existingObject, existingTagKeys, requestTagKeys } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { noSuchKey, notImplemented, preconditionFailed } from './errors.ts';
import { checkIntegrity, defaultChecksum } from './integrity.ts';
import type { Bucket, S3Object } from './model.ts';
import { etagListed } from './read-object.ts';
import { tagsOfHeader } from './tags.ts';

const MOST_METADATA_BYTES = 2048;

export const putObject: Handler = (call) => {
  const { request, key } = call;
  const bucket = bucketOf(call);
  checkHeaders(request);
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
    throw new AwsError('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.');
  }
  const tags = tagsOfHeader(request.headers['x-amz-tagging']);
  demandWrite(call, bucket, tags);
  const checksums = checkIntegrity(request);
  const metadata = metadataOf(request);
  const perform = (): ServiceResponse => {
    checkConditions(request, bucket.objects.get(key));
    const object = store(bucket, {
      key,
      body: request.body,
      etag: etagOf(request.body),
      lastModified: request.time,
      contentType: request.headers['content-type'],
      metadata,
      checksums: Object.keys(checksums).length > 0 ? checksums : defaultChecksum(request.body),
      tags,
    });
    return {
      status: 200,
      headers: {
        etag: object.etag,
        'x-amz-server-side-encryption': 'AES256',
        'x-amz-checksum-type': 'FULL_OBJECT',
        ...object.checksums,
      },
    };
  };
  return { perform };
};

/** The key is stored after its size was checked; an object that is there is replaced, its tags included. */
export function store(bucket: Bucket, object: S3Object): S3Object {
  bucket.objects.set(object.key, object);
  return object;
}

export const deleteObject: Handler = async (call) => {
  const bucket = bucketOf(call);
  await demandDelete(call, bucket, call.key);
  return {
    perform: () => {
      bucket.objects.delete(call.key);
      return { status: 204 };
    },
  };
};

/** Whoever may delete an object may also delete one that is not there, and is told nothing of it. */
export async function demandDelete(call: S3Call, bucket: Bucket, key: string): Promise<void> {
  demandOnObject(call, bucket, key, 's3:DeleteObject', existingTagKeys(await existingObject(call, bucket, key)));
}

/** Setting tags with the object needs its own permission (S3 User Guide, "Object tagging and access control"). */
export function demandWrite(call: S3Call, bucket: Bucket, tags: ReadonlyMap<string, string>): void {
  demandOnObject(call, bucket, call.key, 's3:PutObject', requestTagKeys(tags));
  if (tags.size > 0) demandOnObject(call, bucket, call.key, 's3:PutObjectTagging', requestTagKeys(tags));
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

export function checkConditions({ headers }: ServiceRequest, existing: S3Object | undefined): void {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') throw notImplemented('If-None-Match');
    if (existing !== undefined) throw preconditionFailed('If-None-Match');
  }
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (existing === undefined) throw noSuchKey('');
    if (!etagListed(ifMatch, existing.etag)) throw preconditionFailed('If-Match');
  }
}

const KEPT_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'];

/** The headers that S3 gives back with the object: its own metadata and a few standard ones. */
export function metadataOf({ headers }: ServiceRequest): Readonly<Record<string, string>> {
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
