import { AwsError } from '../../foundation/aws/aws-error.ts';
import { keyUse, type ObjectKey } from '../../identity/s3.ts';
import type { S3Object } from '../world/s3-model.ts';
import type { S3Call } from './call.ts';
import { invalidArgument, notImplemented, s3Error } from './errors.ts';

const ENCRYPTION = 'x-amz-server-side-encryption';
export const KEY_ID = `${ENCRYPTION}-aws-kms-key-id`;
const BUCKET_KEY = `${ENCRYPTION}-bucket-key-enabled`;

/**
 * Returns the KMS key that a write names, if the caller may use it. Undefined if S3 encrypts with its own keys (S3 User Guide,
 * "Specifying server-side encryption with AWS KMS"). Throws `AccessDenied`, `KMS.NotFoundException` or `NotImplemented`.
 */
export function demandKeyOfWrite(call: S3Call): ObjectKey | undefined {
  const encryption = encryptionOf(call);
  if (encryption === 'AES256') return undefined;
  const { [KEY_ID]: id = '', [BUCKET_KEY]: withBucketKey } = call.request.headers;
  const keyArn = keyArnOf(call, id);
  // The AWS managed key and aliases are not emulated.
  if (encryption !== 'aws:kms' || !/^arn:[^:]+:kms:[^:]*:\d{12}:key\//.test(keyArn)) throw notImplemented(KEY_ID);
  const bucket = `arn:aws:s3:::${call.bucketName}`;
  const key = { keyArn, encryptionContext: withBucketKey?.toLowerCase() === 'true' ? bucket : `${bucket}/${call.key}` };
  demandKey(call, 'kms:GenerateDataKey', key);
  return key;
}

/** Returns the requested encryption. Throws `InvalidArgument` for a key without `aws:kms`. */
export function encryptionOf({ request: { headers } }: S3Call): string {
  const { [ENCRYPTION]: encryption = 'AES256' } = headers;
  if (encryption !== 'AES256' || headers[KEY_ID] === undefined) return encryption;
  const message = `Server Side Encryption with AWS KMS managed key requires HTTP header ${ENCRYPTION} : aws:kms`;
  throw invalidArgument(message, ENCRYPTION, encryption);
}

/** Returns the ARN for an id, which is that of a key of the caller's account. Keeps other values. */
export const keyArnOf = (call: S3Call, id: string): string =>
  /^[0-9a-f-]{36}$/.test(id) ? `arn:aws:kms:${call.context.world.region}:${accountOf(call)}:key/${id}` : id;

/** Throws `AccessDenied` if the object has a KMS key that the caller may not use. */
export function demandKeyOfRead(call: S3Call, { kmsKey }: S3Object): void {
  if (kmsKey !== undefined) demandKey(call, 'kms:Decrypt', kmsKey);
}

function demandKey(call: S3Call, action: Parameters<typeof keyUse>[0], key: ObjectKey): void {
  const { context, request } = call;
  const resourcePolicy = context.world.keyPolicies.get(key.keyArn);
  if (resourcePolicy === undefined)
    throw new AwsError('KMS.NotFoundException', 400, `Key '${key.keyArn}' does not exist`);
  context.demand(request, { ...keyUse(action, key, accountOf(call)), resourcePolicy });
}

function accountOf({ request }: S3Call): string {
  // Anonymous callers cannot use KMS keys.
  if (request.caller === undefined) throw s3Error('AccessDenied');
  return request.caller.accountId;
}

/** Returns the headers about the encryption of an object. */
export const encryptionHeaders = ({ kmsKey }: Pick<S3Object, 'kmsKey'> = {}): Record<string, string> => ({
  [ENCRYPTION]: kmsKey === undefined ? 'AES256' : 'aws:kms',
  ...(kmsKey && { [KEY_ID]: kmsKey.keyArn }),
  ...(kmsKey && !kmsKey.encryptionContext.includes('/') && { [BUCKET_KEY]: 'true' }),
});
