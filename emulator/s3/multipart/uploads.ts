import { createHash, randomBytes } from 'node:crypto';
import type { ServiceResponse } from '../../core/service.ts';
import type { XmlStructure } from '../../query/xml.ts';
import { bucketOf, demandOnObject, onBucket } from '../authorize.ts';
import { owner } from '../buckets.ts';
import type { Handler, S3Call } from '../call.ts';
import { encryptionOf } from '../encryption.ts';
import { invalidArgument, notImplemented, s3Error } from '../errors.ts';
import { requestedChecksum } from '../integrity.ts';
import { compareUtf8, listElements, listPage, listParameters, nameOf } from '../list-page.ts';
import type { Bucket, Upload } from '../../world/s3-model.ts';
import { tagsOfHeader } from '../tags.ts';
import { attributesOf, checkHeaders, demandTaggedWrite } from '../write-object.ts';
import { isoTime, xmlAnswer } from '../xml.ts';

/** Needs the permissions to write the object (S3 User Guide, "Multipart upload API and permissions"). */
export const createMultipartUpload: Handler = (call) => {
  const { request, key } = call;
  const bucket = bucketOf(call);
  checkHeaders(request);
  const tags = tagsOfHeader(request.headers['x-amz-tagging']);
  demandTaggedWrite(call, bucket, tags);
  if (encryptionOf(call) !== 'AES256')
    throw notImplemented('x-amz-server-side-encryption', 'Uploads in parts with KMS keys are not emulated.');
  const checksum = requestedChecksum(request);
  const attributes = attributesOf(request);
  const uploadId = randomBytes(48).toString('base64url');
  const arn = request.caller?.arn ?? 'arn:aws:iam:::anonymous';
  const upload = { key, uploadId, initiatedAt: request.time, initiator: { arn }, checksum, tags, parts: new Map() };
  bucket.uploads.set(uploadId, { ...upload, ...attributes });
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    { Bucket: bucket.name, Key: key, UploadId: uploadId },
    {
      'x-amz-server-side-encryption': 'AES256',
      ...(checksum && {
        'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
        'x-amz-checksum-type': checksum.type,
      }),
    },
  );
};

export const abortMultipartUpload = onUpload('s3:AbortMultipartUpload', ({ uploadId }, _, bucket) => {
  bucket.uploads.delete(uploadId);
  return { status: 204 };
});

export function onUpload(
  action: string,
  perform: (upload: Upload, call: S3Call, bucket: Bucket) => ServiceResponse,
): Handler {
  return (call) => {
    const bucket = bucketOf(call);
    demandOnObject(call, bucket, { key: call.key }, action);
    return perform(uploadOf(call, bucket), call, bucket);
  };
}

/** Throws `NoSuchUpload`. */
export function uploadOf({ query, key }: S3Call, bucket: Bucket): Upload {
  const uploadId = query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(uploadId);
  if (upload?.key !== key) throw s3Error('NoSuchUpload', { UploadId: uploadId });
  return upload;
}

/** Sorted by key, then by start time. */
export const listMultipartUploads = onBucket('s3:ListBucketMultipartUploads', (bucket, call) => listing(call, bucket));

function listing(call: S3Call, bucket: Bucket): ServiceResponse {
  const { query } = call;
  const parameters = listParameters(call, 'max-uploads');
  const { prefix, encode, size } = parameters;
  const keyMarker = query.get('key-marker') ?? '';
  // An upload id without a key has no effect.
  const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  const uploads = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => compareUtf8(a.key, b.key) || a.initiatedAt - b.initiatedAt);
  const item = uploads.find(({ uploadId, key }) => uploadId === idMarker && key === keyMarker);
  if (idMarker !== '' && item === undefined) {
    throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', idMarker);
  }
  const page = listPage(uploads, parameters, { key: keyMarker, item });
  const last = page.last ?? page.items.at(-1) ?? '';
  return xmlAnswer('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    ...listElements(parameters, page),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: encode(nameOf(last)),
    NextUploadIdMarker: typeof last === 'string' ? '' : last.uploadId,
    MaxUploads: size,
    Upload: page.items.map((upload) => ({
      UploadId: upload.uploadId,
      Key: encode(upload.key),
      Initiated: isoTime(upload.initiatedAt),
      ...uploadElements(bucket, upload),
    })),
  });
}

export function uploadElements(bucket: Bucket, { initiator, storageClass, checksum }: Upload): XmlStructure {
  return {
    Initiator: { ID: initiator.arn },
    Owner: owner(bucket.accountId),
    StorageClass: storageClass,
    ChecksumAlgorithm: checksum?.algorithm.toUpperCase(),
    ChecksumType: checksum?.type,
  };
}

/** Returns the MD5 of the parts' MD5s, and the number of parts. */
export function multipartEtag(etags: readonly string[]): string {
  const digests = etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${etags.length}"`;
}
