import { createHash, randomBytes } from 'node:crypto';
import type { ServiceResponse } from '../../core/service.ts';
import type { XmlStructure } from '../../query/xml.ts';
import { bucketOf, demandOnBucket, demandOnObject, requestTagKeys } from '../authorize.ts';
import { owner } from '../buckets.ts';
import type { Handler, S3Call } from '../call.ts';
import { invalidArgument, noSuchUpload } from '../errors.ts';
import { requestedChecksum } from '../integrity.ts';
import { compareUtf8, listElements, listPage, listParameters, numberOf } from '../list-page.ts';
import type { Bucket, Upload } from '../model.ts';
import { tagsOfHeader } from '../tags.ts';
import { attributesOf, checkHeaders } from '../write-object.ts';
import { isoTime, xmlDocument } from '../xml.ts';

/** Needs what writing the object needs (S3 User Guide, "Multipart upload API and permissions"). */
export const createMultipartUpload: Handler = (call) => {
  const { request, key } = call;
  const bucket = bucketOf(call);
  checkHeaders(request);
  const tags = tagsOfHeader(request.headers['x-amz-tagging']);
  demandOnObject(call, bucket, { key }, 's3:PutObject', requestTagKeys(tags));
  if (tags.size > 0) demandOnObject(call, bucket, { key }, 's3:PutObjectTagging', requestTagKeys(tags));
  const checksum = requestedChecksum(request);
  const attributes = attributesOf(request);
  const perform = (): ServiceResponse => {
    const uploadId = randomBytes(48).toString('base64url');
    const arn = request.caller?.arn ?? 'arn:aws:iam:::anonymous';
    const upload = { key, uploadId, initiatedAt: request.time, initiator: { arn }, checksum, tags, parts: new Map() };
    bucket.uploads.set(uploadId, { ...upload, ...attributes });
    return {
      status: 200,
      headers: {
        'x-amz-server-side-encryption': 'AES256',
        ...(checksum && {
          'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
          'x-amz-checksum-type': checksum.type,
        }),
      },
      body: xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: uploadId }),
    };
  };
  return { perform };
};

export const abortMultipartUpload: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnObject(call, bucket, { key: call.key }, 's3:AbortMultipartUpload');
  return {
    perform: () => {
      bucket.uploads.delete(uploadOf(call, bucket).uploadId);
      return { status: 204 };
    },
  };
};

/**
 * The upload that a call names by its id and its key.
 * @throws AwsError `NoSuchUpload`
 */
export function uploadOf(call: S3Call, bucket: Bucket): Upload {
  const uploadId = call.query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(uploadId);
  if (upload?.key !== call.key) throw noSuchUpload(uploadId);
  return upload;
}

/** In the order of keys, and for one key of their beginnings. */
export const listMultipartUploads: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:ListBucketMultipartUploads');
  return { perform: () => listing(call, bucket) };
};

function listing(call: S3Call, bucket: Bucket): ServiceResponse {
  const { query } = call;
  const parameters = listParameters(call);
  const { prefix, encode } = parameters;
  const maxUploads = numberOf(query, 'max-uploads');
  const keyMarker = query.get('key-marker') ?? '';
  // Without a key the id means nothing.
  const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  const uploads = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => compareUtf8(a.key, b.key) || a.initiatedAt - b.initiatedAt);
  const item = uploads.find(({ uploadId, key }) => uploadId === idMarker && key === keyMarker);
  if (idMarker !== '' && item === undefined) {
    throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', idMarker);
  }
  const page = listPage(uploads, parameters, maxUploads, { key: keyMarker, item });
  const shown = page.items.at(-1);
  return {
    status: 200,
    body: xmlDocument('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      ...listElements(parameters, page),
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: shown === undefined ? '' : encode(shown.key),
      NextUploadIdMarker: shown?.uploadId ?? '',
      MaxUploads: maxUploads,
      IsTruncated: page.last !== undefined,
      Upload: page.items.map((upload) => ({
        UploadId: upload.uploadId,
        Key: encode(upload.key),
        Initiated: isoTime(upload.initiatedAt),
        ...uploadElements(bucket, upload),
      })),
    }),
  };
}

/** What both lists, of uploads and of parts, say of an upload. */
export function uploadElements(bucket: Bucket, { initiator, storageClass, checksum }: Upload): XmlStructure {
  return {
    Initiator: { ID: initiator.arn },
    Owner: owner(bucket.accountId),
    StorageClass: storageClass,
    ChecksumAlgorithm: checksum?.algorithm.toUpperCase(),
    ChecksumType: checksum?.type,
  };
}

/** The entity tag of an object in parts: the MD5 of their MD5s, and how many there are. */
export function multipartEtag(etags: readonly string[]): string {
  const digests = etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${etags.length}"`;
}
