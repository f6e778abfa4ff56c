import { bucketOf, objectFor } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { isNotModified } from './conditions.ts';
import { checksumElement } from './integrity.ts';
import { storedObject, versionHeader } from './model.ts';
import type { S3Object } from './model.ts';
import { xmlDocument } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

/** Needs to read the object as well as its attributes (S3 API Reference, GetObjectAttributes, "Permissions"). */
export const getObjectAttributes: Handler = async (call) => {
  const { headers, time } = call.request;
  const bucket = bucketOf(call);
  const asked = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  await objectFor(call, bucket, ['s3:GetObject', 's3:GetObjectAttributes']);
  return {
    perform: () => {
      const object = storedObject(bucket, call);
      isNotModified(headers, object, time);
      const elements = Object.entries(attributesOf(call, object)).filter(([name]) => asked.includes(name));
      return {
        status: 200,
        headers: {
          'last-modified': new Date(object.lastModified).toUTCString(),
          ...versionHeader(bucket, object.versionId),
        },
        body: xmlDocument('GetObjectAttributesResponse', Object.fromEntries(elements)),
      };
    },
  };
};

function attributesOf(call: S3Call, object: S3Object): XmlStructure {
  const { algorithm, value, type } = object.checksum;
  return {
    ETag: object.etag.replaceAll('"', ''),
    Checksum: { ...checksumElement({ algorithm, value: value.replace(/-\d+$/, '') }), ChecksumType: type },
    ObjectParts: object.parts && partsOf(call, object, object.parts),
    StorageClass: object.storageClass,
    ObjectSize: object.body.length,
  };
}

/** Parts are told one by one only where each has a checksum of its own that is part of the object's. */
function partsOf({ request }: S3Call, { checksum }: S3Object, parts: NonNullable<S3Object['parts']>): XmlStructure {
  if (checksum.type === 'FULL_OBJECT') return { PartsCount: parts.length };
  const after = Number(request.headers['x-amz-part-number-marker'] ?? 0);
  const most = Number(request.headers['x-amz-max-parts'] ?? 1000);
  const left = parts.filter(({ partNumber }) => partNumber > after);
  const shown = left.slice(0, most);
  return {
    PartsCount: parts.length,
    PartNumberMarker: after,
    NextPartNumberMarker: shown.at(-1)?.partNumber ?? 0,
    MaxParts: most,
    IsTruncated: shown.length < left.length,
    Part: shown.map((part) => ({
      PartNumber: part.partNumber,
      Size: part.size,
      ...checksumElement(part.checksum),
    })),
  };
}
