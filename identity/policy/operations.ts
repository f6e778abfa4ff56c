/**
 * Operations of APIs that are no actions, with the actions that authorize them (S3 User Guide, "Required permissions for Amazon S3 API
 * operations"; DynamoDB Developer Guide, "IAM policies with PartiQL" and "IAM with transactions"; API references of the services).
 */
export const OPERATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  s3: {
    CompleteMultipartUpload: 'PutObject',
    CopyObject: 'GetObject PutObject',
    CreateMultipartUpload: 'PutObject',
    DeleteBucketCors: 'PutBucketCORS',
    DeleteBucketEncryption: 'PutEncryptionConfiguration',
    DeleteBucketLifecycle: 'PutLifecycleConfiguration',
    DeleteBucketReplication: 'PutReplicationConfiguration',
    DeleteBucketTagging: 'PutBucketTagging',
    DeleteObjects: 'DeleteObject',
    DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
    GetBucketEncryption: 'GetEncryptionConfiguration',
    GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
    GetBucketNotificationConfiguration: 'GetBucketNotification',
    GetBucketReplication: 'GetReplicationConfiguration',
    GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
    GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
    HeadBucket: 'ListBucket',
    HeadObject: 'GetObject',
    ListBuckets: 'ListAllMyBuckets',
    ListMultipartUploads: 'ListBucketMultipartUploads',
    ListObjects: 'ListBucket',
    ListObjectsV2: 'ListBucket',
    ListObjectVersions: 'ListBucketVersions',
    ListParts: 'ListMultipartUploadParts',
    PutBucketEncryption: 'PutEncryptionConfiguration',
    PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
    PutBucketNotificationConfiguration: 'PutBucketNotification',
    PutBucketReplication: 'PutReplicationConfiguration',
    PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
    PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
    SelectObjectContent: 'GetObject',
    UploadPart: 'PutObject',
    UploadPartCopy: 'GetObject PutObject',
  },
  dynamodb: {
    BatchExecuteStatement: 'PartiQLSelect PartiQLInsert PartiQLUpdate PartiQLDelete',
    ExecuteStatement: 'PartiQLSelect PartiQLInsert PartiQLUpdate PartiQLDelete',
    ExecuteTransaction: 'PartiQLSelect PartiQLInsert PartiQLUpdate PartiQLDelete',
    TransactGetItems: 'GetItem',
    TransactWriteItems: 'PutItem UpdateItem DeleteItem ConditionCheckItem',
  },
  kms: { ReEncrypt: 'ReEncryptFrom ReEncryptTo' },
  lambda: { Invoke: 'InvokeFunction', InvokeWithResponseStream: 'InvokeFunction' },
  sns: { PublishBatch: 'Publish' },
  sqs: {
    ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
    DeleteMessageBatch: 'DeleteMessage',
    SendMessageBatch: 'SendMessage',
  },
  bedrock: { Converse: 'InvokeModel', ConverseStream: 'InvokeModelWithResponseStream' },
};

/** Returns the actions that authorize an operation, such as `s3:GetObject` for `s3:HeadObject`. Returns undefined for other names. */
export function actionsOfOperation(operation: string): readonly string[] | undefined {
  const [service = '', name = ''] = operation.toLowerCase().split(':');
  const all = Object.entries(OPERATIONS[service] ?? {});
  const actions = all.find(([one]) => one.toLowerCase() === name)?.[1];
  return actions?.split(' ').map((action) => `${service}:${action}`);
}
