import { AwsError } from '../core/errors.ts';
import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnBucket, demandOnService } from './authorize.ts';
import { afterBackend, ownDoing } from './call.ts';
import type { Admitted, Handler, S3Call } from './call.ts';
import { checkIntegrity } from './integrity.ts';
import type { Bucket, PublicAccessBlock } from './model.ts';
import { isPublicPolicy } from './public-access.ts';
import { malformedXml, parseXml, xmlDocument } from './xml.ts';

const OK: ServiceResponse = { status: 200 };

export const getBucketVersioning: Handler = (call) => {
  const bucket = allowedBucket(call, 's3:GetBucketVersioning');
  return { perform: () => ({ ...OK, body: xmlDocument('VersioningConfiguration', { Status: bucket.versioning }) }) };
};

/** The emulator keeps it too wherever the data are: it tells what the ids of versions may be. */
export const putBucketVersioning: Handler = (call) => {
  const bucket = allowedBucket(call, 's3:PutBucketVersioning');
  const { Status: status } = documentOf(call, 'VersioningConfiguration');
  if (status === undefined) {
    const code = 'IllegalVersioningConfigurationException';
    throw new AwsError(code, 400, 'The Versioning element must be specified');
  }
  if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml();
  const perform = (): ServiceResponse => {
    bucket.versioning = status;
    return OK;
  };
  return afterBackend(perform, (backend) => backend.pass(call));
};

export const getBucketAbac: Handler = (call) => {
  const { abac } = allowedBucket(call, 's3:GetBucketAbac');
  return ownDoing(() => ({ ...OK, body: xmlDocument('AbacStatus', { Status: abac ? 'Enabled' : 'Disabled' }) }));
};

export const putBucketAbac: Handler = (call) => {
  const bucket = allowedBucket(call, 's3:PutBucketAbac');
  const { Status: status } = documentOf(call, 'AbacStatus');
  if (status !== 'Enabled' && status !== 'Disabled') throw malformedXml();
  return ownDoing(() => {
    bucket.abac = status === 'Enabled';
    return OK;
  });
};

export const getBucketPolicyStatus: Handler = (call) => {
  const { policy, name } = allowedBucket(call, 's3:GetBucketPolicyStatus');
  if (policy === undefined) {
    throw new AwsError('NoSuchBucketPolicy', 404, 'The bucket policy does not exist', { BucketName: name });
  }
  return ownDoing(() => ({ ...OK, body: xmlDocument('PolicyStatus', { IsPublic: isPublicPolicy(policy.text) }) }));
};

/** What public access can be blocked of: a bucket, or all of an account. */
interface Blockable {
  publicAccessBlock: PublicAccessBlock | undefined;
}

export const getPublicAccessBlock: Handler = (call) =>
  readBlock(allowedBucket(call, 's3:GetBucketPublicAccessBlock'), call.bucketName);
export const putPublicAccessBlock: Handler = (call) =>
  writeBlock(allowedBucket(call, 's3:PutBucketPublicAccessBlock'), readPublicAccessBlock(call), 200);
export const deletePublicAccessBlock: Handler = (call) =>
  writeBlock(allowedBucket(call, 's3:PutBucketPublicAccessBlock'), undefined, 204);

export const getAccountPublicAccessBlock: Handler = (call) =>
  readBlock(allowedAccount(call, 's3:GetAccountPublicAccessBlock'));
export const putAccountPublicAccessBlock: Handler = (call) =>
  writeBlock(allowedAccount(call, 's3:PutAccountPublicAccessBlock'), readPublicAccessBlock(call), 201);
export const deleteAccountPublicAccessBlock: Handler = (call) =>
  writeBlock(allowedAccount(call, 's3:PutAccountPublicAccessBlock'), undefined, 204);

function readBlock({ publicAccessBlock }: Blockable, bucketName?: string): Admitted {
  if (publicAccessBlock === undefined) {
    const message = 'The public access block configuration was not found';
    const fields = bucketName === undefined ? {} : { BucketName: bucketName };
    throw new AwsError('NoSuchPublicAccessBlockConfiguration', 404, message, fields);
  }
  return ownDoing(() => ({ ...OK, body: xmlDocument('PublicAccessBlockConfiguration', publicAccessBlock) }));
}

function writeBlock(of: Blockable, publicAccessBlock: PublicAccessBlock | undefined, status: number): Admitted {
  return ownDoing(() => {
    of.publicAccessBlock = publicAccessBlock;
    return { status };
  });
}

function readPublicAccessBlock(call: S3Call): PublicAccessBlock {
  const document = documentOf(call, 'PublicAccessBlockConfiguration');
  const setting = (name: keyof PublicAccessBlock): boolean => {
    const text = document[name] ?? 'false';
    if (typeof text !== 'string' || !/^(?:true|false)$/i.test(text)) throw malformedXml();
    return text.toLowerCase() === 'true';
  };
  return {
    BlockPublicAcls: setting('BlockPublicAcls'),
    IgnorePublicAcls: setting('IgnorePublicAcls'),
    BlockPublicPolicy: setting('BlockPublicPolicy'),
    RestrictPublicBuckets: setting('RestrictPublicBuckets'),
  };
}

function documentOf(call: S3Call, root: string): Readonly<Record<string, unknown>> {
  checkIntegrity(call.request);
  return parseXml(call.request.body, root);
}

function allowedBucket(call: S3Call, action: string): Bucket {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, action);
  return bucket;
}

/** The account that S3 Control is asked about, which must be the caller's own. */
function allowedAccount(call: S3Call, action: string): Blockable {
  const { caller, headers } = call.request;
  const accountId = headers['x-amz-account-id'] ?? '';
  const account = call.context.world.account(accountId);
  if (account === undefined || caller?.accountId !== accountId) {
    throw new AwsError('AccessDenied', 403, 'Access Denied');
  }
  demandOnService(call, accountId, action, '*', {});
  return account;
}
