import { objectOf, textOf } from '../../../foundation/node/json.ts';
import type { ServiceResponse } from '../../core/service.ts';
import { bucketOf } from '../authorize.ts';
import type { Handler, S3Call } from '../call.ts';
import { invalidRequest, s3Error } from '../errors.ts';
import { badDigest, checksumElement, checksumOf, compositeChecksum, elementName, sentChecksum } from '../integrity.ts';
import type { Checksum } from '../../world/s3-model.ts';
import type { Bucket, S3Object, Upload, UploadedPart } from '../../world/s3-model.ts';
import { demandWrite, store, writtenHeaders } from '../write-object.ts';
import { parseXml, xmlAnswer } from '../xml.ts';
import { multipartEtag, uploadOf } from './uploads.ts';

const LEAST_PART_BYTES = 5 * 1024 * 1024;

/** Tags were authorized at the start of the upload (S3 API Reference, CompleteMultipartUpload). */
export const completeMultipartUpload: Handler = (call) => {
  const { request } = call;
  const bucket = bucketOf(call);
  demandWrite(call, bucket);
  const listed = readDocument(request.body);
  const completed = bucket.objects.get(call);
  // Clients repeat a call if its answer was lost.
  if (completed?.uploadId === call.query.get('uploadId')) {
    if (completed?.etag === multipartEtag(listed.map(({ etag }) => etag))) return answer(call, bucket, completed);
  }
  const upload = uploadOf(call, bucket);
  const parts = chosenParts(upload, listed);
  const body = Buffer.concat(parts.map((part) => part.body));
  const checksum = checksumOfUpload(upload, parts, body);
  checkClaims(call, upload, checksum, body.length);
  const { key, contentType, metadata, storageClass, tags } = upload;
  const object = store(call, bucket, {
    key,
    contentType,
    metadata,
    storageClass,
    tags,
    body,
    checksum,
    etag: multipartEtag(parts.map(({ etag }) => etag)),
    parts: parts.map(({ partNumber, size, checksum: sum }) => ({ partNumber, size, checksum: sum })),
    uploadId: upload.uploadId,
  });
  bucket.uploads.delete(upload.uploadId);
  return answer(call, bucket, object);
};

function answer({ context }: S3Call, bucket: Bucket, object: S3Object): ServiceResponse {
  const { key, etag, checksum } = object;
  const document = {
    Location: `${context.world.endpoint()}/${bucket.name}/${encodeURIComponent(key)}`,
    Bucket: bucket.name,
    Key: key,
    ETag: etag,
    ...checksumElement(checksum),
    ChecksumType: checksum.type,
  };
  return xmlAnswer('CompleteMultipartUploadResult', document, writtenHeaders(bucket, object));
}

type AskedPart = ReturnType<typeof readDocument>[number];

function readDocument(body: Buffer) {
  const parts = parseXml(body, 'CompleteMultipartUpload')['Part'];
  if (!Array.isArray(parts)) throw invalidRequest('You must specify at least one part');
  return parts.map((part: unknown) => {
    const element = objectOf(part);
    const [partNumber, etag] = [textOf(element['PartNumber']), textOf(element['ETag'])];
    if (partNumber === undefined || !/^\d{1,5}$/.test(partNumber) || etag === undefined) throw s3Error('MalformedXML');
    return { partNumber: Number(partNumber), etag: etag.replaceAll('"', ''), element };
  });
}

/** Throws `InvalidPart`, `InvalidPartOrder`, `InvalidRequest` or `EntityTooSmall`. */
function chosenParts({ parts, uploadId, checksum }: Upload, listed: readonly AskedPart[]): readonly UploadedPart[] {
  if (listed.some(({ partNumber }, i) => i > 0 && partNumber < (listed[i - 1]?.partNumber ?? 0))) {
    throw s3Error('InvalidPartOrder', { UploadId: uploadId });
  }
  // If a part is listed twice, the last entry wins.
  const named = new Map(listed.map((part) => [part.partNumber, part]));
  const chosen = [...named.values()].map(({ partNumber, etag, element }) => {
    const part = parts.get(partNumber);
    const claimed = Object.entries(element).filter(([name]) => name.startsWith('Checksum'));
    const expected = part?.checksum && elementName(part.checksum.algorithm);
    if (
      part?.etag !== `"${etag}"` ||
      claimed.some(([name, value]) => name !== expected || value !== part.checksum?.value)
    ) {
      throw s3Error('InvalidPart', { UploadId: uploadId, PartNumber: String(partNumber), ETag: etag });
    }
    if (checksum?.type === 'COMPOSITE' && claimed.length === 0) {
      throw invalidRequest(
        `The upload was created using a ${checksum.algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
      );
    }
    return part;
  });
  const small = chosen.slice(0, -1).find(({ size }) => size < LEAST_PART_BYTES);
  if (small === undefined) return chosen;
  throw s3Error('EntityTooSmall', {
    ProposedSize: String(small.size),
    MinSizeAllowed: String(LEAST_PART_BYTES),
    PartNumber: String(small.partNumber),
    ETag: small.etag.replaceAll('"', ''),
  });
}

function checksumOfUpload({ checksum }: Upload, parts: readonly UploadedPart[], body: Buffer): Checksum {
  if (checksum?.type !== 'COMPOSITE') return checksumOf(body, checksum?.algorithm);
  return compositeChecksum(
    checksum.algorithm,
    parts.map((part) => part.checksum?.value ?? ''),
  );
}

function checkClaims({ request }: S3Call, upload: Upload, checksum: Checksum, size: number): void {
  const { 'x-amz-checksum-type': type, 'x-amz-mp-object-size': claimedSize } = request.headers;
  if (type !== undefined && type !== upload.checksum?.type) {
    throw invalidRequest(
      `The upload was created using the ${upload.checksum?.type ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  if (claimedSize !== undefined && claimedSize !== String(size)) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${claimedSize} does not match what was computed: ${size}`,
    );
  }
  const claimed = sentChecksum(request, true);
  if (claimed === undefined) return;
  const number = checksum.type === 'COMPOSITE' && claimed.type === 'FULL_OBJECT' ? /-\d+$/ : /$^/;
  if (claimed.algorithm !== checksum.algorithm || claimed.value !== checksum.value.replace(number, '')) {
    throw badDigest(`The ${claimed.algorithm} you specified did not match the calculated checksum.`);
  }
}
