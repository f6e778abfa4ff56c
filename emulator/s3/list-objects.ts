import { listAction } from '../../identity/s3.ts';
import { textOf } from '../../foundation/node/json.ts';
import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnBucket } from './authorize.ts';
import { owner } from './buckets.ts';
import type { Handler, S3Call } from './call.ts';
import { invalidArgument } from './errors.ts';
import { listElements, listPage, listParameters, nameOf, sortedKeys } from './list-page.ts';
import type { Bucket, S3Object } from '../world/s3-model.ts';
import { isoTime, xmlAnswer } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

export const listObjectsV2 = onListing('s3:ListBucket', (call, bucket) => listing(call, bucket, 2));
/** Version 1, for older clients. */
export const listObjects = onListing('s3:ListBucket', (call, bucket) => listing(call, bucket, 1));
export const listObjectVersions = onListing('s3:ListBucketVersions', versionListing);

function listing(call: S3Call, bucket: Bucket, version: 1 | 2): ServiceResponse {
  const { query } = call;
  const parameters = listParameters(call, 'max-keys');
  const { prefix, delimiter, encode, size } = parameters;
  const token = version === 2 ? query.get('continuation-token') : undefined;
  const start = query.get(version === 2 ? 'start-after' : 'marker') ?? '';
  // An empty token means the first page.
  const after = token ? decodeToken(token) : start;
  const objects = sortedKeys(bucket.objects.keys(), prefix).flatMap((key) => bucket.objects.get({ key }) ?? []);
  const page = listPage(objects, parameters, { key: after });
  const last = page.last && nameOf(page.last);
  const owned = version === 1 || query.get('fetch-owner') === 'true' ? bucket : undefined;
  const ofVersion =
    version === 1
      ? { Marker: encode(start), NextMarker: delimiter && last && encode(last) }
      : {
          KeyCount: page.items.length + page.commonPrefixes.length,
          ContinuationToken: token,
          NextContinuationToken: last && Buffer.from(`1:${last}`).toString('base64url'),
          StartAfter: textOf(encode(start)),
        };
  return xmlAnswer('ListBucketResult', {
    Name: bucket.name,
    ...listElements(parameters, page),
    ...ofVersion,
    MaxKeys: size,
    Contents: page.items.map((object) => ({ Key: encode(object.key), ...contents(object, owned) })),
  });
}

/** A page begins after a key, or after one of the key's versions. */
function versionListing(call: S3Call, bucket: Bucket): ServiceResponse {
  const { query } = call;
  const parameters = listParameters(call, 'max-keys');
  const { prefix, encode, size } = parameters;
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('version-id-marker');
  if (idMarker !== undefined && keyMarker === '') {
    const message = 'A version-id marker cannot be specified without a key marker.';
    throw invalidArgument(message, 'version-id-marker', idMarker);
  }
  const { objects } = bucket;
  const all = sortedKeys(objects.keys(), prefix).flatMap((key) => objects.versions(key));
  const marker = { key: keyMarker, versionId: idMarker };
  const item = idMarker === undefined ? undefined : objects.find(marker);
  // Clients that empty a bucket page by page delete the marker's version.
  const next = idMarker === undefined ? undefined : objects.olderThanRemoved(marker);
  const page = listPage(all, parameters, { key: keyMarker, item, next });
  const { last } = page;
  const elements = (deleted: boolean): XmlStructure[] =>
    page.items
      .filter((version) => 'deleteMarker' in version === deleted)
      .map((version) => ({
        Key: encode(version.key),
        VersionId: version.versionId,
        IsLatest: objects.find({ key: version.key }) === version,
        ...('deleteMarker' in version
          ? { LastModified: isoTime(version.lastModified), Owner: owner(bucket.accountId) }
          : contents(version, bucket)),
      }));
  return xmlAnswer('ListVersionsResult', {
    Name: bucket.name,
    ...listElements(parameters, page),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: idMarker ?? '',
    NextKeyMarker: last && encode(nameOf(last)),
    NextVersionIdMarker: typeof last === 'string' ? undefined : last?.versionId,
    MaxKeys: size,
    Version: elements(false),
    DeleteMarker: elements(true),
  });
}

function onListing(action: string, perform: (call: S3Call, bucket: Bucket) => ServiceResponse): Handler {
  return (call) => {
    const bucket = bucketOf(call);
    const { keys } = listAction(action, (name) => call.query.get(name));
    demandOnBucket(call, bucket, action, keys);
    return perform(call, bucket);
  };
}

function contents(object: S3Object, owned: Bucket | undefined): XmlStructure {
  return {
    LastModified: isoTime(object.lastModified),
    ETag: object.etag,
    ChecksumAlgorithm: object.checksum.algorithm.toUpperCase(),
    ChecksumType: object.checksum.type,
    Size: object.body.length,
    Owner: owned && owner(owned.accountId),
    StorageClass: object.storageClass,
  };
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('1:')) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(2);
}
