import { deleteBucketPolicy, getBucketPolicy, putBucketPolicy } from './bucket-policy.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.ts';
import type { Handler } from './call.ts';
import { copyObject } from './copy-object.ts';
import { deleteObjects } from './delete-objects.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';
import { getObject, headObject } from './read-object.ts';
import {
  deleteBucketTagging,
  deleteObjectTagging,
  getBucketTagging,
  getObjectTagging,
  putBucketTagging,
  putObjectTagging,
} from './tagging.ts';
import { deleteObject, putObject } from './write-object.ts';

/** The operations, by the name that AWS gives them. */
export const OPERATIONS = {
  ListBuckets: listBuckets,
  CreateBucket: createBucket,
  HeadBucket: headBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  DeleteObjects: deleteObjects,
  GetBucketPolicy: getBucketPolicy,
  PutBucketPolicy: putBucketPolicy,
  DeleteBucketPolicy: deleteBucketPolicy,
  GetBucketTagging: getBucketTagging,
  PutBucketTagging: putBucketTagging,
  DeleteBucketTagging: deleteBucketTagging,
  GetObject: getObject,
  HeadObject: headObject,
  PutObject: putObject,
  CopyObject: copyObject,
  DeleteObject: deleteObject,
  GetObjectTagging: getObjectTagging,
  PutObjectTagging: putObjectTagging,
  DeleteObjectTagging: deleteObjectTagging,
} as const satisfies Readonly<Record<string, Handler>>;

export type S3Operation = keyof typeof OPERATIONS;

/** Query parameters that name a part of a bucket or object which this S3 does not have. */
const MISSING_SUBRESOURCES = [
  ...['abac', 'accelerate', 'acl', 'analytics', 'attributes', 'cors', 'encryption', 'intelligent-tiering', 'inventory'],
  ...['legal-hold', 'lifecycle', 'logging', 'metadataConfiguration', 'metadataTable', 'metrics', 'notification'],
  ...['object-lock', 'ownershipControls', 'partNumber', 'policyStatus', 'publicAccessBlock', 'renameObject'],
  ...['replication', 'requestPayment', 'restore', 'retention', 'select', 'session', 'torrent', 'uploadId', 'uploads'],
  ...['versionId', 'versioning', 'versions', 'website'],
];

/** What a method and query ask for: an operation, or why there is none. */
export type S3Route =
  | { readonly operation: S3Operation }
  | { readonly operation: undefined; readonly missing: 'method' | 'subresource'; readonly name: string };

export function s3Route(
  method: string,
  level: 'service' | 'bucket' | 'object',
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
): S3Route {
  const subresource = MISSING_SUBRESOURCES.find((name) => query.has(name));
  // Buckets here have no versions, so the only version of an object is the one called null.
  if (subresource !== undefined && !(subresource === 'versionId' && query.get('versionId') === 'null')) {
    return { operation: undefined, missing: 'subresource', name: subresource };
  }
  const operation = operationName(method, level, query, headers);
  return operation === undefined ? { operation, missing: 'method', name: method } : { operation };
}

function operationName(
  method: string,
  level: 'service' | 'bucket' | 'object',
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
): S3Operation | undefined {
  if (level === 'service') return method === 'GET' ? 'ListBuckets' : undefined;
  if (level === 'object') {
    if (query.has('tagging')) {
      return pick(method, { GET: 'GetObjectTagging', PUT: 'PutObjectTagging', DELETE: 'DeleteObjectTagging' });
    }
    const put = headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject';
    return pick(method, { GET: 'GetObject', HEAD: 'HeadObject', PUT: put, DELETE: 'DeleteObject' });
  }
  if (query.has('location')) return pick(method, { GET: 'GetBucketLocation' });
  if (query.has('policy')) {
    return pick(method, { GET: 'GetBucketPolicy', PUT: 'PutBucketPolicy', DELETE: 'DeleteBucketPolicy' });
  }
  if (query.has('tagging')) {
    return pick(method, { GET: 'GetBucketTagging', PUT: 'PutBucketTagging', DELETE: 'DeleteBucketTagging' });
  }
  if (query.has('delete')) return pick(method, { POST: 'DeleteObjects' });
  const list = query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
  return pick(method, { GET: list, PUT: 'CreateBucket', HEAD: 'HeadBucket', DELETE: 'DeleteBucket' });
}

function pick(method: string, operations: Readonly<Record<string, S3Operation>>): S3Operation | undefined {
  return Object.hasOwn(operations, method) ? operations[method] : undefined;
}
