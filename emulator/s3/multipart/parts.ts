import { bucketOf, demandOnObject } from '../authorize.ts';
import type { Handler, S3Call } from '../call.ts';
import { copyElements, readSource, SOURCE_VERSION, sourceOf } from '../copy-object.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { checkIntegrity, checksumOf } from '../integrity.ts';
import { numberOf } from '../list-page.ts';
import { versionHeader, type Upload, type UploadedPart } from '../../world/s3-model.ts';
import { partsPage, partNumberOf, readRange } from '../read-object.ts';
import { etagOf } from '../write-object.ts';
import { xmlAnswer } from '../xml.ts';
import { onUpload, uploadElements, uploadOf } from './uploads.ts';

export const uploadPart: Handler = (call) => {
  const { request } = call;
  const bucket = bucketOf(call);
  demandOnObject(call, bucket, { key: call.key }, 's3:PutObject');
  const partNumber = partNumberOf(call);
  const sent = checkIntegrity(request);
  const upload = uploadOf(call, bucket);
  if (sent !== undefined && upload.checksum !== undefined && sent.algorithm !== upload.checksum.algorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm}, actual checksum Type: ${sent.algorithm}`,
    );
  }
  const { etag, checksum = sent } = keepPart(call, upload, partNumber, request.body);
  const headers = { etag, 'x-amz-server-side-encryption': 'AES256' };
  const checksumHeader = checksum && { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value };
  return { status: 200, headers: { ...headers, ...checksumHeader } };
};

/** Reads the source and writes the target (S3 API Reference, UploadPartCopy, "Permissions"). */
export const uploadPartCopy: Handler = (call) => {
  const bucket = bucketOf(call);
  const source = sourceOf(call);
  demandOnObject(call, bucket, { key: call.key }, 's3:PutObject');
  const partNumber = partNumberOf(call);
  const upload = uploadOf(call, bucket);
  const object = readSource(call, source.bucket, source.name);
  const part = keepPart(call, upload, partNumber, copiedBytes(call, object.body));
  const headers = {
    'x-amz-server-side-encryption': 'AES256',
    ...versionHeader(source.bucket, object.versionId, SOURCE_VERSION),
  };
  return xmlAnswer('CopyPartResult', copyElements(part), headers);
};

function copiedBytes({ request }: S3Call, body: Buffer): Buffer {
  const header = 'x-amz-copy-source-range';
  const range = request.headers[header];
  if (range === undefined) return body;
  const bytes = /^bytes=(\d+)-(\d+)$/.test(range) ? readRange(range, Infinity) : undefined;
  if (bytes === undefined) {
    throw invalidArgument(
      `The ${header} value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy`,
      header,
      range,
    );
  }
  if (bytes.first >= body.length) {
    throw invalidRequest('The specified copy range is invalid for the source object size');
  }
  if (bytes.last >= body.length) {
    throw invalidArgument(`Range specified is not valid for source object of size: ${body.length}`, header, range);
  }
  return body.subarray(bytes.first, bytes.last + 1);
}

function keepPart({ request }: S3Call, upload: Upload, partNumber: number, body: Buffer): UploadedPart {
  const part: UploadedPart = {
    partNumber,
    body,
    size: body.length,
    etag: etagOf(body),
    lastModified: request.time,
    checksum: upload.checksum && checksumOf(body, upload.checksum.algorithm),
  };
  upload.parts.set(partNumber, part);
  return part;
}

export const listParts = onUpload('s3:ListMultipartUploadParts', (upload, { query }, bucket) => {
  const parts = [...upload.parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  const marker = Number(query.get('part-number-marker') ?? 0);
  return xmlAnswer('ListPartsResult', {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    ...partsPage(parts, marker, numberOf(query, 'max-parts'), copyElements),
    ...uploadElements(bucket, upload),
  });
});
