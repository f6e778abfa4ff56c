import type { AwsError } from '../../foundation/aws/aws-error.ts';
import * as settings from './bucket-settings.ts';
import * as policy from './bucket-policy.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.ts';
import type { Handler } from './call.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject, deleteObjects } from './delete-objects.ts';
import { notImplemented, s3Error } from './errors.ts';
import { listObjects, listObjectsV2, listObjectVersions } from './list-objects.ts';
import { completeMultipartUpload } from './multipart/complete.ts';
import { listParts, uploadPart, uploadPartCopy } from './multipart/parts.ts';
import { abortMultipartUpload, createMultipartUpload, listMultipartUploads } from './multipart/uploads.ts';
import { getObjectAttributes, getObject, headObject } from './read-object.ts';
import * as tagging from './tagging.ts';
import { putObject } from './write-object.ts';

type Operations = Readonly<Record<string, readonly [request: string, handler: Handler]>>;

/** Operations by request: method, target and distinguishing query parameters; `copy` means a source in the headers. */
export const OPERATIONS = {
  ListBuckets: ['GET service', listBuckets],
  CreateBucket: ['PUT bucket', createBucket],
  HeadBucket: ['HEAD bucket', headBucket],
  DeleteBucket: ['DELETE bucket', deleteBucket],
  GetBucketLocation: ['GET bucket?location', getBucketLocation],
  ListObjects: ['GET bucket', listObjects],
  ListObjectsV2: ['GET bucket?list-type', listObjectsV2],
  ListObjectVersions: ['GET bucket?versions', listObjectVersions],
  ListMultipartUploads: ['GET bucket?uploads', listMultipartUploads],
  DeleteObjects: ['POST bucket?delete', deleteObjects],
  GetBucketPolicy: ['GET bucket?policy', policy.getBucketPolicy],
  PutBucketPolicy: ['PUT bucket?policy', policy.putBucketPolicy],
  DeleteBucketPolicy: ['DELETE bucket?policy', policy.deleteBucketPolicy],
  GetBucketPolicyStatus: ['GET bucket?policyStatus', policy.getBucketPolicyStatus],
  GetBucketTagging: ['GET bucket?tagging', tagging.getBucketTagging],
  PutBucketTagging: ['PUT bucket?tagging', tagging.putBucketTagging],
  DeleteBucketTagging: ['DELETE bucket?tagging', tagging.deleteBucketTagging],
  GetBucketVersioning: ['GET bucket?versioning', settings.getBucketVersioning],
  PutBucketVersioning: ['PUT bucket?versioning', settings.putBucketVersioning],
  GetBucketAbac: ['GET bucket?abac', settings.getBucketAbac],
  PutBucketAbac: ['PUT bucket?abac', settings.putBucketAbac],
  GetBucketEncryption: ['GET bucket?encryption', settings.getBucketEncryption],
  GetPublicAccessBlock: ['GET bucket?publicAccessBlock', settings.getPublicAccessBlock],
  PutPublicAccessBlock: ['PUT bucket?publicAccessBlock', settings.putPublicAccessBlock],
  DeletePublicAccessBlock: ['DELETE bucket?publicAccessBlock', settings.deletePublicAccessBlock],
  GetObject: ['GET object', getObject],
  HeadObject: ['HEAD object', headObject],
  PutObject: ['PUT object', putObject],
  CopyObject: ['PUT object copy', copyObject],
  DeleteObject: ['DELETE object', deleteObject],
  GetObjectAttributes: ['GET object?attributes', getObjectAttributes],
  GetObjectTagging: ['GET object?tagging', tagging.getObjectTagging],
  PutObjectTagging: ['PUT object?tagging', tagging.putObjectTagging],
  DeleteObjectTagging: ['DELETE object?tagging', tagging.deleteObjectTagging],
  CreateMultipartUpload: ['POST object?uploads', createMultipartUpload],
  UploadPart: ['PUT object?uploadId', uploadPart],
  UploadPartCopy: ['PUT object?uploadId copy', uploadPartCopy],
  CompleteMultipartUpload: ['POST object?uploadId', completeMultipartUpload],
  AbortMultipartUpload: ['DELETE object?uploadId', abortMultipartUpload],
  ListParts: ['GET object?uploadId', listParts],
} as const satisfies Operations;

/** S3 Control's operations on the tags of a bucket, or on an account. */
export const CONTROL_OPERATIONS = {
  TagResource: ['POST tags', tagging.tagResource],
  UntagResource: ['DELETE tags', tagging.untagResource],
  ListTagsForResource: ['GET tags', tagging.listTagsForResource],
  GetPublicAccessBlock: ['GET account', settings.getAccountPublicAccessBlock],
  PutPublicAccessBlock: ['PUT account', settings.putAccountPublicAccessBlock],
  DeletePublicAccessBlock: ['DELETE account', settings.deleteAccountPublicAccessBlock],
} as const satisfies Operations;

type S3Level = 'service' | 'bucket' | 'object' | 'tags' | 'account';

const BY_REQUEST: ReadonlyMap<string, KnownOperation> = new Map(
  [['s3', OPERATIONS] as const, ['s3control', CONTROL_OPERATIONS] as const].flatMap(([model, operations]) =>
    Object.entries<Operations[string]>(operations).map(
      ([operation, [request, handler]]) => [request, { model, operation, handler }] as const,
    ),
  ),
);

/** Subresources that this S3 does not support, or only by the operations above. */
const MISSING_SUBRESOURCES: ReadonlySet<string> = new Set([
  ...['accelerate', 'acl', 'analytics', 'cors', 'encryption', 'intelligent-tiering', 'inventory', 'legal-hold'],
  ...['lifecycle', 'logging', 'metadataConfiguration', 'metadataTable', 'metrics', 'notification', 'object-lock'],
  ...['ownershipControls', 'renameObject', 'replication', 'requestPayment', 'restore', 'retention', 'select'],
  ...['session', 'torrent', 'website'],
]);

const SUBRESOURCES: ReadonlySet<string> = new Set(
  [...BY_REQUEST.keys()].flatMap((request) => /\?([\w-]+)/.exec(request)?.[1] ?? []),
);

export interface KnownOperation {
  readonly model: 's3' | 's3control';
  readonly operation: string;
  readonly handler: Handler;
}

/** An operation, or the error for an unsupported one. */
export type S3Route = KnownOperation | { readonly operation: undefined; readonly error: AwsError };

export function s3Route(
  method: string,
  level: S3Level,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
): S3Route {
  let request = `${method} ${level}`;
  if (query.size > 0 && (level === 'bucket' || level === 'object')) {
    const names = [...query.keys()];
    const missing = names.find((name) => MISSING_SUBRESOURCES.has(name) && !BY_REQUEST.has(`${request}?${name}`));
    if (missing !== undefined) return { operation: undefined, error: notImplemented(missing) };
    const subresource = names.find((name) => SUBRESOURCES.has(name));
    // Any other list type means version 1.
    if (subresource !== undefined && (subresource !== 'list-type' || query.get(subresource) === '2')) {
      request += `?${subresource}`;
    }
  }
  if (method === 'PUT' && level === 'object' && headers['x-amz-copy-source'] !== undefined && !query.has('tagging')) {
    request += ' copy';
  }
  const operation = BY_REQUEST.get(request);
  return operation ?? { operation, error: s3Error('MethodNotAllowed', { Method: method }) };
}
