import { AwsError } from '../core/errors.ts';
import type { AuthorizationQuestion } from '../core/context.ts';
import { keyed } from '../core/tag-context.ts';
import { isBucketName } from './address.ts';
import type { S3Call } from './call.ts';
import { invalidBucketName, noSuchBucket, noSuchKey } from './errors.ts';
import type { Bucket, ExistingObject } from './model.ts';

type Keys = Readonly<Record<string, string | readonly string[]>>;

/** The bucket that a call names. S3 says that a bucket is missing before it asks who wants to know. */
export function bucketOf(call: S3Call, name: string = call.bucketName): Bucket {
  if (!isBucketName(name)) throw invalidBucketName(name);
  const bucket = call.context.world.buckets.get(name);
  if (bucket === undefined) throw noSuchBucket(name);
  const expectedOwner = call.request.headers['x-amz-expected-bucket-owner'];
  if (expectedOwner !== undefined && name === call.bucketName && expectedOwner !== bucket.accountId) {
    throw new AwsError('AccessDenied', 403, 'Access Denied');
  }
  return bucket;
}

/** @throws AwsError `AccessDenied` */
export function demandOnBucket(call: S3Call, bucket: Bucket, action: string, keys: Keys = {}): void {
  demand(call, question(call, bucket, action, `arn:aws:s3:::${bucket.name}`, keys));
}

/** @throws AwsError `AccessDenied` */
export function demandOnObject(call: S3Call, bucket: Bucket, key: string, action: string, keys: Keys = {}): void {
  demand(call, question(call, bucket, action, `arn:aws:s3:::${bucket.name}/${key}`, keys));
}

/** Asks about a resource that is no bucket yet: all buckets, or one that is to be made. */
export function demandOnService(call: S3Call, accountId: string, action: string, resource: string, keys: Keys): void {
  demand(call, { action, resource, resourceAccount: accountId, context: { ...signatureKeys(call), ...keys } });
}

/** What there is under a key, as far as authorization has to know it; undefined: no object. */
export async function existingObject(call: S3Call, bucket: Bucket, key: string): Promise<ExistingObject | undefined> {
  return call.backend === undefined ? bucket.objects.get(key) : call.backend.existing(call, bucket.name, key);
}

/**
 * The object, after `action` was allowed on it. For one that is missing the answer depends on `s3:ListBucket`: who may
 * not list must not learn what is there (S3 API Reference, GetObject, "Permissions").
 *
 * @throws AwsError `AccessDenied`, `NoSuchKey`
 */
export async function objectFor(
  call: S3Call,
  bucket: Bucket,
  action: string,
  key = call.key,
  keys: Keys = {},
): Promise<ExistingObject> {
  const object = await existingObject(call, bucket, key);
  demandOnObject(call, bucket, key, action, { ...existingTagKeys(object), ...keys });
  if (object !== undefined) return object;
  demandOnBucket(call, bucket, 's3:ListBucket');
  throw noSuchKey(key);
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
    resourcePolicy: bucket.policy?.compiled,
    context: { ...signatureKeys(call), 's3:ResourceAccount': bucket.accountId, ...keys },
  };
}

/** Request headers that are condition keys of their own (Service Authorization Reference, "Amazon S3"). */
const HEADER_KEYS = [
  'x-amz-content-sha256',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-acl',
  'if-match',
  'if-none-match',
] as const;

function signatureKeys({ request }: S3Call): Keys {
  const keys: Record<string, string> = { 's3:TlsVersion': '1.3' };
  for (const name of HEADER_KEYS) {
    const value = request.headers[name];
    if (value !== undefined) keys[`s3:${name}`] = value;
  }
  if (request.caller !== undefined) {
    keys['s3:authType'] = request.presigned ? 'REST-QUERY-STRING' : 'REST-HEADER';
    keys['s3:signatureversion'] = 'AWS4-HMAC-SHA256';
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
