import { AwsError } from '../core/errors.ts';
import type { AuthorizationQuestion } from '../core/context.ts';
import { keyed } from '../core/tag-context.ts';
import { parseTimestamp } from '../sigv4/read-signature.ts';
import { isBucketName } from './address.ts';
import type { S3Call } from './call.ts';
import {
  invalidArgument,
  invalidBucketName,
  isDeleteMarker,
  noSuchBucket,
  noSuchKey,
  noSuchVersion,
} from './errors.ts';
import { isVersionId } from './model.ts';
import type { Bucket, ExistingObject, ObjectName } from './model.ts';
import { restrictsPublicPolicy } from './public-access.ts';

type Keys = Readonly<Record<string, string | readonly string[]>>;

/** The bucket that a call names. S3 says that a bucket is missing before it asks who wants to know. */
export function bucketOf(call: S3Call): Bucket {
  return ownedBucket(call, call.bucketName, 'x-amz-expected-bucket-owner');
}

/** The bucket that a copy is made from. */
export function sourceBucketOf(call: S3Call, name: string): Bucket {
  return ownedBucket(call, name, 'x-amz-source-expected-bucket-owner');
}

function ownedBucket({ context, request }: S3Call, name: string, ownerHeader: string): Bucket {
  if (!isBucketName(name)) throw invalidBucketName(name);
  const expectedOwner = request.headers[ownerHeader];
  if (expectedOwner !== undefined && !/^\d{12}$/.test(expectedOwner)) {
    throw new AwsError(
      'InvalidBucketOwnerAWSAccountID',
      400,
      `The value of the expected bucket owner parameter must be an AWS Account ID... [${expectedOwner}]`,
    );
  }
  const bucket = context.world.buckets.get(name);
  if (bucket === undefined) throw noSuchBucket(name);
  if (expectedOwner !== undefined && expectedOwner !== bucket.accountId) {
    throw new AwsError('AccessDenied', 403, 'Access Denied');
  }
  return bucket;
}

/** @throws AwsError `AccessDenied` */
export function demandOnBucket(call: S3Call, bucket: Bucket, action: string, keys: Keys = {}): void {
  demand(call, question(call, bucket, action, `arn:aws:s3:::${bucket.name}`, keys));
}

/**
 * Asks for an action on an object. On one of its versions it is another action, such as `s3:GetObjectVersion` (S3 User Guide,
 * "Required permissions for Amazon S3 API operations").
 *
 * @throws AwsError `AccessDenied`
 */
export function demandOnObject(call: S3Call, bucket: Bucket, name: ObjectName, action: string, keys: Keys = {}): void {
  const { key, versionId } = name;
  const resource = `arn:aws:s3:::${bucket.name}/${key}`;
  if (versionId === undefined) demand(call, question(call, bucket, action, resource, keys));
  else {
    const ofVersion = action.replace('Object', 'ObjectVersion');
    demand(call, question(call, bucket, ofVersion, resource, { 's3:VersionId': versionId, ...keys }));
  }
}

/** Asks about a resource that is no bucket yet: all buckets, or one that is to be made. */
export function demandOnService(call: S3Call, accountId: string, action: string, resource: string, keys: Keys): void {
  demand(call, {
    action,
    resource,
    resourceAccount: accountId,
    context: { ...signatureKeys(call), 's3:ResourceAccount': accountId, ...keys },
  });
}

/** What there is under a name, as far as authorization has to know it; undefined: no object. */
export async function existingObject(
  call: S3Call,
  bucket: Bucket,
  name: ObjectName,
): Promise<ExistingObject | undefined> {
  return call.backend === undefined ? bucket.objects.get(name) : call.backend.existing(call, bucket.name, name);
}

/**
 * The object, after `actions` were allowed on it. For one that is missing the answer depends on `s3:ListBucket`, or
 * `s3:ListBucketVersions` for a version: who may not list must not learn what is there (S3 API Reference, GetObject,
 * "Permissions"). Ceph's gateway has the key as the prefix of that question "to match aws behavior" (ceph/ceph#68577).
 *
 * @throws AwsError `AccessDenied`, `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed`
 */
export async function objectFor(
  call: S3Call,
  bucket: Bucket,
  actions: string | readonly string[],
  name: ObjectName = call,
  keys: Keys = {},
): Promise<ExistingObject> {
  const { key, versionId } = name;
  checkVersionId(call, bucket, versionId);
  const object = await existingObject(call, bucket, name);
  for (const action of [actions].flat()) {
    demandOnObject(call, bucket, name, action, { ...existingTagKeys(object), ...keys });
  }
  if (object !== undefined) return object;
  const deleted = bucket.objects.find(name);
  if (deleted !== undefined && (versionId !== undefined || call.query.has('tagging')))
    throw isDeleteMarker(call.request);
  const list = versionId === undefined ? 's3:ListBucket' : 's3:ListBucketVersions';
  demandOnBucket(call, bucket, list, { 's3:prefix': key });
  throw versionId === undefined ? noSuchKey(key, deleted !== undefined) : noSuchVersion(key, versionId);
}

/** @throws AwsError `InvalidArgument` for what is the id of no version that the bucket could have */
export function checkVersionId(call: S3Call, bucket: Bucket, versionId: string | undefined): void {
  if (versionId === undefined || versionId === 'null' || call.backend !== undefined) return;
  if (versionId === '') throw invalidArgument('Version id cannot be the empty string', 'versionId', versionId);
  if (bucket.versioning !== undefined && isVersionId(versionId)) return;
  throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}

/** `s3:ExistingObjectTag/<key>`: absent for an object that has no such tag, and for one that is missing. */
export function existingTagKeys(object: ExistingObject | undefined): Keys {
  return keyed('s3:ExistingObjectTag/', object?.tags ?? []);
}

/** `s3:RequestObjectTag/<key>` and `s3:RequestObjectTagKeys`, present only when the request sets tags. */
export function requestTagKeys(tags: ReadonlyMap<string, string>): Keys {
  if (tags.size === 0) return {};
  return { ...keyed('s3:RequestObjectTag/', tags), 's3:RequestObjectTagKeys': [...tags.keys()] };
}

function question(call: S3Call, bucket: Bucket, action: string, resource: string, keys: Keys): AuthorizationQuestion {
  return {
    action,
    resource,
    resourceAccount: bucket.accountId,
    resourcePolicy: restrictsPublicPolicy(call, bucket) ? undefined : bucket.policy?.compiled,
    context: {
      ...signatureKeys(call),
      ...creationKeys(call, action),
      's3:ResourceAccount': bucket.accountId,
      ...bucketTagKeys(bucket),
      ...keys,
    },
  };
}

/** The bucket's tags, which have a say only once attribute-based access control is turned on for it. */
function bucketTagKeys({ abac, tags }: Bucket): Keys {
  return abac ? { ...keyed('aws:ResourceTag/', tags), ...keyed('s3:BucketTag/', tags) } : {};
}

/** Request headers that are condition keys of their own (Service Authorization Reference, "Amazon S3"). */
const HEADER_KEYS = [
  'x-amz-content-sha256',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-object-annotation-directive',
  'x-amz-acl',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-object-ownership',
  'x-amz-bucket-namespace',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-website-redirect-location',
  'if-match',
  'if-none-match',
] as const;

/** Calls with `s3:PutObject` that leave no object behind (S3 User Guide, "Enforce conditional writes on Amazon S3 buckets"). */
const WITHOUT_OBJECT: ReadonlySet<string> = new Set(['CreateMultipartUpload', 'UploadPart', 'UploadPartCopy']);

function creationKeys({ context, request }: S3Call, action: string): Keys {
  if (action !== 's3:PutObject') return {};
  return { 's3:ObjectCreationOperation': String(!WITHOUT_OBJECT.has(context.trace(request).operation)) };
}

function signatureKeys({ request, query }: S3Call): Keys {
  const keys: Record<string, string> = { 's3:TlsVersion': '1.3' };
  for (const name of HEADER_KEYS) {
    const value = request.headers[name];
    if (value !== undefined) keys[`s3:${name}`] = value;
  }
  if (request.caller !== undefined) {
    keys['s3:authType'] = request.presigned ? 'REST-QUERY-STRING' : 'REST-HEADER';
    keys['s3:signatureversion'] = 'AWS4-HMAC-SHA256';
    // Only presigned URLs have it (S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys").
    const signedAt = request.presigned ? parseTimestamp(query.get('X-Amz-Date') ?? '') : NaN;
    if (!Number.isNaN(signedAt)) keys['s3:signatureAge'] = String(Math.max(0, request.time - signedAt));
  }
  return keys;
}

function demand(call: S3Call, asked: AuthorizationQuestion): void {
  const decision = call.context.authorize(call.request, asked);
  if (decision.value === 'allowed') return;
  const { caller } = call.request;
  // Strangers are told nothing (S3 User Guide, "Troubleshoot access denied errors").
  throw caller?.accountId === asked.resourceAccount
    ? call.context.accessDenied(call.request, asked, decision)
    : new AwsError('AccessDenied', 403, 'Access Denied');
}
