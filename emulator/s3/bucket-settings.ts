import type { JsonObject } from '../../foundation/node/json.ts';
import type { ServiceResponse } from '../core/service.ts';
import { demandOnService, onBucket } from './authorize.ts';
import { setting, type Handler, type S3Call } from './call.ts';
import { s3Error } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { ALL_BLOCKED, type PublicAccessBlock } from '../world/s3-model.ts';
import { parseXml, xmlAnswer } from './xml.ts';

export const getBucketVersioning = onBucket('s3:GetBucketVersioning', (bucket) =>
  xmlAnswer('VersioningConfiguration', { Status: bucket.versioning }),
);

export const putBucketVersioning = onBucket('s3:PutBucketVersioning', (bucket, call) => {
  const { Status: status } = documentOf(call, 'VersioningConfiguration');
  if (status === undefined) throw s3Error('IllegalVersioningConfigurationException');
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML');
  return setting(bucket, 'versioning', status);
});

export const getBucketAbac = onBucket('s3:GetBucketAbac', ({ abac }) =>
  xmlAnswer('AbacStatus', { Status: abac ? 'Enabled' : 'Disabled' }),
);

export const putBucketAbac = onBucket('s3:PutBucketAbac', (bucket, call) => {
  const { Status: status } = documentOf(call, 'AbacStatus');
  if (status !== 'Enabled' && status !== 'Disabled') throw s3Error('MalformedXML');
  return setting(bucket, 'abac', status === 'Enabled');
});

/** Objects are encrypted with S3's own keys, as by default (S3 User Guide, "Setting default server-side encryption"). */
export const getBucketEncryption = onBucket('s3:GetEncryptionConfiguration', () =>
  xmlAnswer('ServerSideEncryptionConfiguration', {
    Rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
  }),
);

/** The settings of a bucket or an account. */
interface Blockable {
  publicAccessBlock: PublicAccessBlock | undefined;
}

export const getPublicAccessBlock = onBucket('s3:GetBucketPublicAccessBlock', readBlock);
export const putPublicAccessBlock = onBucket('s3:PutBucketPublicAccessBlock', (bucket, call) =>
  writeBlock(bucket, blockOf(call), 200),
);
export const deletePublicAccessBlock = onBucket('s3:PutBucketPublicAccessBlock', (bucket) =>
  writeBlock(bucket, undefined, 204),
);

export const getAccountPublicAccessBlock = onAccount('s3:GetAccountPublicAccessBlock', readBlock);
export const putAccountPublicAccessBlock = onAccount('s3:PutAccountPublicAccessBlock', (account, call) =>
  writeBlock(account, blockOf(call), 201),
);
export const deleteAccountPublicAccessBlock = onAccount('s3:PutAccountPublicAccessBlock', (account) =>
  writeBlock(account, undefined, 204),
);

function readBlock({ publicAccessBlock }: Blockable, { bucketName }: S3Call): ServiceResponse {
  if (publicAccessBlock === undefined) {
    throw s3Error('NoSuchPublicAccessBlockConfiguration', bucketName === '' ? {} : { BucketName: bucketName });
  }
  return xmlAnswer('PublicAccessBlockConfiguration', publicAccessBlock);
}

function writeBlock(owner: Blockable, block: PublicAccessBlock | undefined, status: number): ServiceResponse {
  return setting(owner, 'publicAccessBlock', block, status);
}

function blockOf(call: S3Call): PublicAccessBlock {
  const block = { ...ALL_BLOCKED };
  const document = documentOf(call, 'PublicAccessBlockConfiguration');
  for (const name of Object.keys(block) as (keyof PublicAccessBlock)[]) {
    const text = document[name] ?? 'false';
    if (typeof text !== 'string' || !/^(?:true|false)$/i.test(text)) throw s3Error('MalformedXML');
    block[name] = text.toLowerCase() === 'true';
  }
  return block;
}

function documentOf({ request }: S3Call, root: string): JsonObject {
  checkIntegrity(request);
  return parseXml(request.body, root);
}

/** Throws `AccessDenied` unless it is the caller's own account. */
function onAccount(action: string, handle: (account: Blockable, call: S3Call) => ServiceResponse): Handler {
  return (call) => {
    const { caller, headers } = call.request;
    const accountId = headers['x-amz-account-id'] ?? '';
    const account = call.context.world.account(accountId);
    if (account === undefined || caller?.accountId !== accountId) throw s3Error('AccessDenied');
    demandOnService(call, accountId, action, '*', {});
    return handle(account, call);
  };
}
