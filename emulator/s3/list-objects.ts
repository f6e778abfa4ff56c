import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnBucket } from './authorize.ts';
import { owner } from './buckets.ts';
import type { Handler, S3Call } from './call.ts';
import { invalidArgument } from './errors.ts';
import { listElements, listPage, listParameters, nameOf, numberOf, sortedKeys } from './list-page.ts';
import type { Bucket, S3Object } from './model.ts';
import { isoTime, xmlDocument } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

export const listObjectsV2: Handler = (call) => {
  const bucket = authorizedBucket(call, 's3:ListBucket');
  return { perform: () => listing(call, bucket, 2) };
};

/** The first version of the call, which older clients use. */
export const listObjects: Handler = (call) => {
  const bucket = authorizedBucket(call, 's3:ListBucket');
  return { perform: () => listing(call, bucket, 1) };
};

export const listObjectVersions: Handler = (call) => {
  const bucket = authorizedBucket(call, 's3:ListBucketVersions');
  return { perform: () => versionListing(call, bucket) };
};

/** Members that one version of the call alone has are left out of the other's answer. */
function listing(call: S3Call, bucket: Bucket, version: 1 | 2): ServiceResponse {
  const { query } = call;
  const parameters = listParameters(call);
  const { prefix, delimiter, encode } = parameters;
  const maxKeys = numberOf(query, 'max-keys');
  const token = version === 2 ? query.get('continuation-token') : undefined;
  const start = query.get(version === 2 ? 'start-after' : 'marker') ?? '';
  // An empty token is that of the first page.
  const after = token ? decodeToken(token) : start;
  const objects = sortedKeys(bucket.objects.keys(), prefix).flatMap((key) => bucket.objects.get({ key }) ?? []);
  const page = listPage(objects, parameters, maxKeys, { key: after });
  const last = page.last === undefined ? undefined : nameOf(page.last);
  const owned = version === 1 || query.get('fetch-owner') === 'true' ? bucket : undefined;
  return {
    status: 200,
    body: xmlDocument('ListBucketResult', {
      Name: bucket.name,
      ...listElements(parameters, page),
      Marker: version === 1 ? encode(start) : undefined,
      MaxKeys: maxKeys,
      KeyCount: version === 2 ? page.items.length + page.commonPrefixes.length : undefined,
      IsTruncated: last !== undefined,
      ContinuationToken: token,
      NextContinuationToken: version === 1 || last === undefined ? undefined : encodeToken(last),
      NextMarker: version === 2 || last === undefined || delimiter === undefined ? undefined : encode(last),
      StartAfter: version === 1 || start === '' ? undefined : encode(start),
      Contents: page.items.map((object) => ({ Key: encode(object.key), ...contents(object, owned) })),
    }),
  };
}

/** A page begins after a key, or after one of its versions. */
function versionListing(call: S3Call, bucket: Bucket): ServiceResponse {
  const { query } = call;
  const parameters = listParameters(call);
  const { prefix, encode } = parameters;
  const maxKeys = numberOf(query, 'max-keys');
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('version-id-marker');
  if (idMarker !== undefined && keyMarker === '') {
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      idMarker,
    );
  }
  const { objects } = bucket;
  const all = sortedKeys(objects.keys(), prefix).flatMap((key) => objects.versions(key));
  const item = idMarker === undefined ? undefined : objects.find({ key: keyMarker, versionId: idMarker });
  const page = listPage(all, parameters, maxKeys, { key: keyMarker, item });
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
  return {
    status: 200,
    body: xmlDocument('ListVersionsResult', {
      Name: bucket.name,
      ...listElements(parameters, page),
      KeyMarker: encode(keyMarker),
      VersionIdMarker: idMarker ?? '',
      NextKeyMarker: last === undefined ? undefined : encode(nameOf(last)),
      NextVersionIdMarker: last === undefined || typeof last === 'string' ? undefined : last.versionId,
      MaxKeys: maxKeys,
      IsTruncated: last !== undefined,
      Version: elements(false),
      DeleteMarker: elements(true),
    }),
  };
}

/** Condition keys of a listing exist only for parameters that were sent. */
function authorizedBucket(call: S3Call, action: string): Bucket {
  const bucket = bucketOf(call);
  const keys: Record<string, string> = {};
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = call.query.get(name);
    if (value !== undefined) keys[`s3:${name}`] = value;
  }
  demandOnBucket(call, bucket, action, keys);
  return bucket;
}

function contents(object: S3Object, owned: Bucket | undefined): XmlStructure {
  return {
    LastModified: isoTime(object.lastModified),
    ETag: object.etag,
    ChecksumAlgorithm: object.checksum.algorithm.toUpperCase(),
    ChecksumType: object.checksum.type,
    Size: object.body.length,
    Owner: owned === undefined ? undefined : owner(owned.accountId),
    StorageClass: object.storageClass,
  };
}

function encodeToken(last: string): string {
  return Buffer.from(`1:${last}`).toString('base64url');
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('1:')) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(2);
}
