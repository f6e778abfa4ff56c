import { existingTagKeys } from '../../identity/s3.ts';
import { s3Address } from './address.ts';
import { bucketOf, demandOnObject, objectFor } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { checkSourceConditions } from './conditions.ts';
import { demandKeyOfRead, demandKeyOfWrite } from './encryption.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import { checksumElement, checksumOf, requestedChecksum } from './integrity.ts';
import { versionHeader } from '../world/s3-model.ts';
import { storedObject } from './stored-object.ts';
import type { Bucket, ExistingObject, ObjectName, S3Object, UploadedPart } from '../world/s3-model.ts';
import { checkReadable } from './read-object.ts';
import { tagsOfHeader } from './tags.ts';
import { attributesOf, checkHeaders, demandWrite, etagOf, store, writtenHeaders } from './write-object.ts';
import { isoTime, xmlAnswer } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

/** Reads the source, and its tags if copied, and writes the target (S3 API Reference, CopyObject). */
export const copyObject: Handler = (call) => {
  const { request, key } = call;
  const { headers } = request;
  checkHeaders(request);
  const target = bucketOf(call);
  const { bucket, name, existing } = sourceOf(call);

  const replaceTags = headers['x-amz-tagging-directive'] === 'REPLACE';
  const tags = replaceTags ? tagsOfHeader(headers['x-amz-tagging']) : existing.tags;
  if (!replaceTags && tags.size > 0) {
    demandOnObject(call, bucket, name, 's3:GetObjectTagging', existingTagKeys(existing?.tags));
  }
  demandWrite(call, target, tags);

  const replaceMetadata = headers['x-amz-metadata-directive'] === 'REPLACE';
  const given = attributesOf(request);
  const checksum = requestedChecksum(request);
  const inPlace = bucket === target && name.key === key && name.versionId === undefined;
  if (inPlace && !replaceMetadata && !replaceTags && !CHANGES.some((header) => headers[header] !== undefined)) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        'metadata, storage class, website redirect location or encryption attributes.',
    );
  }
  const object = readSource(call, bucket, name);
  const { body, contentType, metadata } = object;
  const kmsKey = demandKeyOfWrite(call);
  const copy = store(call, target, {
    key,
    body,
    kmsKey,
    etag: etagOf(body, kmsKey),
    checksum: checksumOf(body, checksum?.algorithm ?? object.checksum.algorithm),
    parts: undefined,
    tags,
    ...(replaceMetadata ? given : { contentType, metadata, storageClass: given.storageClass }),
  });
  const versions = { ...writtenHeaders(target, copy), ...versionHeader(bucket, object.versionId, SOURCE_VERSION) };
  return xmlAnswer('CopyObjectResult', { ...copyElements(copy), ChecksumType: copy.checksum.type }, versions);
};

export const SOURCE_VERSION = 'x-amz-copy-source-version-id';

/** The changes that allow a copy onto itself, besides metadata and tags. */
const CHANGES = ['x-amz-storage-class', 'x-amz-server-side-encryption', 'x-amz-website-redirect-location'] as const;

/** Returns the source if the caller may read it. */
export function sourceOf(call: S3Call): {
  readonly bucket: Bucket;
  readonly name: ObjectName;
  readonly existing: ExistingObject;
} {
  const header = call.request.headers['x-amz-copy-source'] ?? '';
  // S3 also reads `+` as a blank (recorded on AWS by LocalStack, test_copy_object_special_character_plus_for_space).
  const [path = '', versionId] = header.replaceAll('+', ' ').split('?versionId=');
  let decoded: string;
  try {
    decoded = sourcePath(path);
  } catch {
    throw invalidArgument('Invalid copy source encoding.', 'x-amz-copy-source', header);
  }
  const [, bucketName, key] = /^\/?([^/]+)\/(.+)$/s.exec(decoded) ?? [];
  if (bucketName === undefined || key === undefined) {
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', 'x-amz-copy-source');
  }
  const bucket = bucketOf(call, bucketName, 'x-amz-source-expected-bucket-owner');
  const name = { key, versionId };
  if (versionId !== undefined && bucket.objects.find(name) !== undefined && !bucket.objects.get(name)) {
    demandOnObject(call, bucket, name, 's3:GetObject');
    throw invalidRequest('The source of a copy request may not specifically refer to a delete marker by version id.');
  }
  return { bucket, name, existing: objectFor(call, bucket, 's3:GetObject', name) };
}

/** Returns `bucket/key`, also for a URL in either form. Throws if it is not percent-encoded UTF-8. */
function sourcePath(source: string): string {
  const [, host, path = ''] = /^https?:\/\/([^/]+)(\/.*)$/is.exec(source) ?? [];
  if (host === undefined) return decodeURIComponent(source);
  const { bucket = '', key = '' } = s3Address(host, path);
  return `${bucket}/${key}`;
}

export function readSource(call: S3Call, bucket: Bucket, name: ObjectName): S3Object {
  const { request } = call;
  const object = storedObject(bucket, name);
  demandKeyOfRead(call, object);
  checkSourceConditions(request.headers, object, request.time);
  checkReadable(object);
  return object;
}

export function copyElements({ lastModified, etag, checksum }: S3Object | UploadedPart): XmlStructure {
  return { LastModified: isoTime(lastModified), ETag: etag, ...checksumElement(checksum) };
}
