import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { AuthorizationQuestion } from '../world/context.ts';
import type { ServiceResponse } from '../core/service.ts';
import { keyed } from '../../identity/policy/tag-context.ts';
import { creationKeys, existingTagKeys, onVersion, s3RequestKeys } from '../../identity/s3.ts';
import { parseTimestamp } from '../sigv4/read-signature.ts';
import { isBucketName } from './address.ts';
import type { Handler, S3Call } from './call.ts';
import { KEY_ID, keyArnOf } from './encryption.ts';
import { DELETED, invalidArgument, s3Error } from './errors.ts';
import { isVersionId } from '../world/s3-model.ts';
import { storedObject } from './stored-object.ts';
import type { Bucket, ExistingObject, ObjectName, S3Object } from '../world/s3-model.ts';
import { restrictsPublicPolicy } from './public-access.ts';

type Keys = Readonly<Record<string, string | readonly string[]>>;

/** Returns the bucket. Like S3, reports a missing one before it checks the caller. */
export function bucketOf(
  { context, request, bucketName }: S3Call,
  name = bucketName,
  ownerHeader = 'x-amz-expected-bucket-owner',
): Bucket {
  if (!isBucketName(name)) throw s3Error('InvalidBucketName', { BucketName: name });
  const expectedOwner = request.headers[ownerHeader];
  if (expectedOwner !== undefined && !/^\d{12}$/.test(expectedOwner)) {
    throw new AwsError(
      'InvalidBucketOwnerAWSAccountID',
      400,
      `The value of the expected bucket owner parameter must be an AWS Account ID... [${expectedOwner}]`,
    );
  }
  const bucket = context.world.buckets.get(name);
  if (bucket === undefined) throw s3Error('NoSuchBucket', { BucketName: name });
  if (expectedOwner !== undefined && expectedOwner !== bucket.accountId) throw s3Error('AccessDenied');
  return bucket;
}

/** Throws `AccessDenied`. */
export function demandOnBucket(call: S3Call, bucket: Bucket, action: string, keys: Keys = {}): void {
  demandOnResource(call, bucket, action, `arn:aws:s3:::${bucket.name}`, keys);
}

export function onBucket(action: string, handle: (bucket: Bucket, call: S3Call) => ServiceResponse): Handler {
  return (call) => {
    const bucket = bucketOf(call);
    demandOnBucket(call, bucket, action);
    return handle(bucket, call);
  };
}

/** Demands an action on an object, or on one of its versions. Throws `AccessDenied`. */
export function demandOnObject(call: S3Call, bucket: Bucket, name: ObjectName, action: string, keys: Keys = {}): void {
  const versionedRequest = onVersion({ action, keys }, name.versionId);
  const { key } = name;
  const resource = `arn:aws:s3:::${bucket.name}/${key}`;
  demandOnResource(call, bucket, versionedRequest.action, resource, versionedRequest.keys);
}

/** Whether the caller may read the tags. Not recorded, because the call does not depend on it. */
export function mayReadTags(call: S3Call, bucket: Bucket, object: ExistingObject): boolean {
  const { authorizations } = call.context.trace(call.request);
  const authorizationCount = authorizations.length;
  try {
    demandOnObject(call, bucket, call, 's3:GetObjectTagging', existingTagKeys(object?.tags));
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return false;
  } finally {
    authorizations.length = authorizationCount;
  }
}

/** Demands an action on all buckets, or on a bucket to be created. */
export function demandOnService(call: S3Call, accountId: string, action: string, resource: string, keys: Keys): void {
  demand(call, accountId, { action, resource, context: keys });
}

/**
 * Returns the object if `actions` are allowed. Only callers with `s3:ListBucket`, or `s3:ListBucketVersions` (S3 API
 * Reference, GetObject, "Permissions"), learn that it is missing; these are evaluated with the key as prefix
 * (ceph/ceph#68577). Throws `AccessDenied`, `NoSuchKey`, `NoSuchVersion` or `MethodNotAllowed`.
 */
export function objectFor(
  call: S3Call,
  bucket: Bucket,
  actions: string | readonly string[],
  name: ObjectName = call,
  keys: Keys = {},
): ExistingObject {
  const { key, versionId } = name;
  checkVersionId(bucket, versionId);
  const object = bucket.objects.get(name);
  for (const action of typeof actions === 'string' ? [actions] : actions) {
    demandOnObject(call, bucket, name, action, Object.assign(existingTagKeys(object?.tags), keys));
  }
  if (object !== undefined) return object;
  const deleted = bucket.objects.find(name);
  if (deleted !== undefined && (versionId !== undefined || call.query.has('tagging'))) {
    throw s3Error('MethodNotAllowed', { Method: call.request.method, ResourceType: 'DeleteMarker' }, DELETED);
  }
  const list = versionId === undefined ? 's3:ListBucket' : 's3:ListBucketVersions';
  try {
    demandOnBucket(call, bucket, list, { 's3:prefix': key });
  } catch (error) {
    call.context
      .trace(call.request)
      .notes.push(`object ${key} does not exist, which only callers with ${list} may learn`);
    throw error;
  }
  if (versionId !== undefined) throw s3Error('NoSuchVersion', { Key: key, VersionId: versionId });
  throw s3Error('NoSuchKey', { Key: key }, deleted && DELETED);
}

export function onObject(
  actions: string | readonly string[],
  perform: (object: S3Object, call: S3Call, bucket: Bucket) => ServiceResponse,
): Handler {
  return (call) => {
    const bucket = bucketOf(call);
    objectFor(call, bucket, actions);
    return perform(storedObject(bucket, call), call, bucket);
  };
}

/** Throws `InvalidArgument` for an impossible version id. */
export function checkVersionId(bucket: Bucket, versionId: string | undefined): void {
  if (versionId === undefined || isVersionId(bucket, versionId)) return;
  if (versionId === '') throw invalidArgument('Version id cannot be the empty string', 'versionId', versionId);
  throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}

function demandOnResource(call: S3Call, bucket: Bucket, action: string, resource: string, keys: Keys): void {
  const { accountId, abac, tags, policy } = bucket;
  const context: Record<string, Keys[string]> = {};
  if (action === 's3:PutObject')
    Object.assign(context, creationKeys(!WITHOUT_OBJECT.has(call.context.trace(call.request).operation)));
  // Bucket tags only count with attribute-based access control.
  if (abac) Object.assign(context, keyed('aws:ResourceTag/', tags), keyed('s3:BucketTag/', tags));
  const resourcePolicy = restrictsPublicPolicy(call, bucket) ? undefined : policy?.compiled;
  demand(call, accountId, { action, resource, resourcePolicy, context: Object.assign(context, keys) });
}

/** Request headers that are condition keys (Service Authorization Reference, "Amazon S3"). */
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
  KEY_ID,
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-website-redirect-location',
  'if-match',
  'if-none-match',
].map((header) => [header, `s3:${header}`] as const);

/** Calls with `s3:PutObject` that write no object (S3 User Guide, "Enforce conditional writes on Amazon S3 buckets"). */
const WITHOUT_OBJECT: ReadonlySet<string> = new Set(['CreateMultipartUpload', 'UploadPart', 'UploadPartCopy']);

function signatureKeys(call: S3Call, accountId: string): Record<string, string> {
  const { request, query } = call;
  const authType = request.presigned ? 'REST-QUERY-STRING' : 'REST-HEADER';
  const keys = s3RequestKeys(accountId, request.caller && authType);
  for (const [header, key] of HEADER_KEYS) {
    const value = request.headers[header];
    if (value !== undefined) keys[key] = header === KEY_ID ? keyArnOf(call, value) : value;
  }
  if (request.caller !== undefined) {
    // Only for presigned URLs (S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys").
    const signedAt = request.presigned ? parseTimestamp(query.get('X-Amz-Date') ?? '') : NaN;
    if (!Number.isNaN(signedAt)) keys['s3:signatureAge'] = String(Math.max(0, request.time - signedAt));
  }
  return keys;
}

function demand(call: S3Call, accountId: string, about: Omit<AuthorizationQuestion, 'resourceAccount'>): void {
  const { context, request } = call;
  const keys = Object.assign(signatureKeys(call, accountId), about.context);
  const authorizationRequest = { ...about, resourceAccount: accountId, context: keys };
  const decision = context.authorize(request, authorizationRequest);
  if (decision.value === 'allowed') return;
  // Callers of other accounts get no reason (S3 User Guide, "Troubleshoot access denied errors").
  throw request.caller?.accountId === accountId
    ? context.accessDenied(request, authorizationRequest, decision)
    : s3Error('AccessDenied');
}
