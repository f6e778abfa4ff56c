import { onObject } from './authorize.ts';
import type { S3Call } from './call.ts';
import { isNotModified } from './conditions.ts';
import { checksumElement } from './integrity.ts';
import { versionHeader, type ObjectPart, type S3Object } from './model.ts';
import { httpDate } from './read-object.ts';
import { xmlAnswer } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

/** Needs to read the object as well as its attributes (S3 API Reference, GetObjectAttributes, "Permissions"). */
export const getObjectAttributes = onObject(['s3:GetObject', 's3:GetObjectAttributes'], (object, call, bucket) => {
  const { headers, time } = call.request;
  isNotModified(headers, object, time);
  const asked = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  const elements = Object.entries(attributesOf(call, object)).filter(([name]) => asked.includes(name));
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
    // Parts are told one by one only where each has a checksum of its own that is part of the object's.
    ObjectParts: parts && {
      PartsCount: parts.length,
      ...(type === 'COMPOSITE' && partsPage(parts, after, most, (part) => checksumElement(part.checksum))),
    },
    StorageClass: storageClass,
    ObjectSize: body.length,
  };
}

/** One page of the parts of an object or upload, after the part with the number `marker`. */
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
