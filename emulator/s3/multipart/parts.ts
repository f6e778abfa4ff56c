import type { ServiceResponse } from '../../core/service.ts';
import { bucketOf, demandOnObject } from '../authorize.ts';
import type { Handler, S3Call } from '../call.ts';
import { readSource, sourceOf, sourceVersion } from '../copy-object.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { checkIntegrity, checksumElement, checksumHeader, checksumOf } from '../integrity.ts';
import { numberOf } from '../list-page.ts';
import type { Bucket, Upload, UploadedPart } from '../model.ts';
import { partNumberOf, readRange } from '../read-object.ts';
import { etagOf } from '../write-object.ts';
import { isoTime, xmlDocument } from '../xml.ts';
import { uploadElements, uploadOf } from './uploads.ts';

export const uploadPart: Handler = (call) => {
  const { request } = call;
  const bucket = bucketOf(call);
  demandOnObject(call, bucket, { key: call.key }, 's3:PutObject');
  const partNumber = partNumberOf(call.query.get('partNumber') ?? '');
  const sent = checkIntegrity(request);
  const perform = (): ServiceResponse => {
    const upload = uploadOf(call, bucket);
    if (sent !== undefined && upload.checksum !== undefined && sent.algorithm !== upload.checksum.algorithm) {
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm}, actual checksum Type: ${sent.algorithm}`,
      );
    }
    const { etag, checksum = sent } = keepPart(call, upload, partNumber, request.body);
    const headers = { etag, 'x-amz-server-side-encryption': 'AES256', ...(checksum && checksumHeader(checksum)) };
    return { status: 200, headers };
  };
  return { perform };
};

/** Needs to read the source and to write the target (S3 API Reference, UploadPartCopy, "Permissions"). */
export const uploadPartCopy: Handler = async (call) => {
  const bucket = bucketOf(call);
  const source = await sourceOf(call);
  demandOnObject(call, bucket, { key: call.key }, 's3:PutObject');
  const partNumber = partNumberOf(call.query.get('partNumber') ?? '');
  const perform = (): ServiceResponse => {
    const upload = uploadOf(call, bucket);
    const object = readSource(call, source.bucket, source.name);
    const part = keepPart(call, upload, partNumber, copiedBytes(call, object.body));
    return {
      status: 200,
      headers: { 'x-amz-server-side-encryption': 'AES256', ...sourceVersion(source.bucket, object) },
      body: xmlDocument('CopyPartResult', {
        LastModified: isoTime(part.lastModified),
        ETag: part.etag,
        ...checksumElement(part.checksum),
      }),
    };
  };
  return { perform };
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

export const listParts: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnObject(call, bucket, { key: call.key }, 's3:ListMultipartUploadParts');
  return { perform: () => listing(call, bucket, uploadOf(call, bucket)) };
};

function listing({ query }: S3Call, bucket: Bucket, upload: Upload): ServiceResponse {
  const maxParts = numberOf(query, 'max-parts');
  const marker = Number(query.get('part-number-marker') ?? 0);
  const left = [...upload.parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const shown = left.slice(0, maxParts);
  return {
    status: 200,
    body: xmlDocument('ListPartsResult', {
      Bucket: bucket.name,
      Key: upload.key,
      UploadId: upload.uploadId,
      PartNumberMarker: marker,
      NextPartNumberMarker: shown.at(-1)?.partNumber ?? 0,
      MaxParts: maxParts,
      IsTruncated: shown.length < left.length,
      Part: shown.map((part) => ({
        PartNumber: part.partNumber,
        LastModified: isoTime(part.lastModified),
        ETag: part.etag,
        Size: part.size,
        ...checksumElement(part.checksum),
      })),
      ...uploadElements(bucket, upload),
    }),
  };
}
