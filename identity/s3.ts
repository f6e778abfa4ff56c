import { SENDER_KEYS } from './policy/global-keys.ts';
import { symmetricKeyContext } from './policy/key-policy.ts';
import { keyed } from './policy/tag-context.ts';

type Keys = Readonly<Record<string, string | readonly string[]>>;
type Tags = Iterable<readonly [key: string, value: string]>;

/** An action that S3 authorizes, with its condition keys (Service Authorization Reference, "Amazon S3"). */
export interface S3Action {
  readonly action: string;
  readonly keys: Keys;
}

/** Returns the keys of every request over TLS. `authType`: undefined for anonymous requests. */
export const s3RequestKeys = (
  bucketAccount: string,
  authType: 'REST-HEADER' | 'REST-QUERY-STRING' | undefined,
): Record<string, string> => ({
  's3:TlsVersion': '1.3',
  's3:ResourceAccount': bucketAccount,
  ...(authType && { 's3:authType': authType, 's3:signatureversion': 'AWS4-HMAC-SHA256' }),
});

export const existingTagKeys = (tags: Tags = []): Keys => keyed('s3:ExistingObjectTag/', tags);

/** Returns `s3:RequestObjectTag/<key>` and `s3:RequestObjectTagKeys`. An empty list counts as absent. */
export const requestTagKeys = (tags: Tags): Keys => ({
  ...keyed('s3:RequestObjectTag/', tags),
  's3:RequestObjectTagKeys': [...tags].map(([key]) => key),
});

/** Versions have their own actions, such as `s3:GetObjectVersion` (S3 User Guide, "Required permissions for Amazon S3 API operations"). */
export const onVersion = ({ action, keys }: S3Action, versionId: string | undefined): S3Action =>
  versionId === undefined
    ? { action, keys }
    : { action: action.replace('Object', 'ObjectVersion'), keys: { 's3:VersionId': versionId, ...keys } };

/** The headers of server-side encryption; without them, S3 encrypts with its own keys (S3 User Guide, "Protecting data with encryption"). */
export interface EncryptionHeaders {
  readonly encryption?: 'AES256' | 'aws:kms' | undefined;
  /** ARN of a KMS key. */
  readonly kmsKeyId?: string | undefined;
}

/** Returns the actions of PutObject. Tags need a permission of their own (S3 User Guide, "Object tagging and access control policies"). */
export function putObjectActions(
  tags: Tags = [],
  { encryption, kmsKeyId }: EncryptionHeaders = {},
): readonly S3Action[] {
  const keys = {
    ...requestTagKeys(tags),
    ...(encryption && { 's3:x-amz-server-side-encryption': encryption }),
    ...(kmsKeyId !== undefined && { 's3:x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }),
  };
  const put = { action: 's3:PutObject', keys };
  return [...tags].length === 0 ? [put] : [put, { action: 's3:PutObjectTagging', keys }];
}

/** The object's tags are not evaluated (S3 User Guide, "Object tagging and access control policies"). */
export const deleteObjectAction = (ifMatch?: string): S3Action => ({
  action: 's3:DeleteObject',
  keys: ifMatch === undefined ? {} : { 's3:if-match': ifMatch },
});

const LIST_PARAMETERS = ['prefix', 'delimiter', 'max-keys'] as const;

/** Only parameters that were sent are condition keys. */
export const listAction = (
  action: string,
  parameter: (name: (typeof LIST_PARAMETERS)[number]) => string | undefined,
): S3Action => ({
  action,
  keys: Object.fromEntries(
    LIST_PARAMETERS.flatMap((name) => {
      const value = parameter(name);
      return value === undefined ? [] : [[`s3:${name}`, value]];
    }),
  ),
});

/** Whether the request creates an object (S3 User Guide, "Enforce conditional writes on Amazon S3 buckets"). */
export const creationKeys = (createsObject: boolean): Keys => ({ 's3:ObjectCreationOperation': String(createsObject) });

/** The KMS key of an object, and the ARN in its encryption context: the object's, or the bucket's if S3 uses a bucket key. */
export interface ObjectKey {
  readonly keyArn: string;
  readonly encryptionContext: string;
}

const S3_SERVICE = 's3.amazonaws.com';

/**
 * Returns the use of an object's KMS key by S3 on behalf of the caller (S3 User Guide, "Using server-side encryption with AWS KMS
 * keys"; KMS Developer Guide, "Condition keys for AWS KMS"; IAM User Guide, "Forward access sessions"). The request does not come
 * from the caller's network, so keys of that network are absent (KMS Developer Guide, "AWS global condition keys").
 */
export const keyUse = (
  action: 'kms:Decrypt' | 'kms:GenerateDataKey',
  { keyArn, encryptionContext }: ObjectKey,
  callerAccount: string,
) => ({
  action,
  resource: keyArn,
  resourceAccount: keyArn.split(':')[4]!,
  context: {
    'kms:ViaService': `s3.${keyArn.split(':')[3]}.amazonaws.com`,
    ...symmetricKeyContext(action, callerAccount),
    'kms:EncryptionContext:aws:s3:arn': encryptionContext,
    'kms:EncryptionContextKeys': ['aws:s3:arn'],
    'aws:ViaAWSService': 'true',
    'aws:CalledVia': [S3_SERVICE],
    'aws:CalledViaFirst': S3_SERVICE,
    'aws:CalledViaLast': S3_SERVICE,
    'aws:SecureTransport': 'true',
    ...Object.fromEntries(SENDER_KEYS.map((key) => [key, []])),
  },
});
