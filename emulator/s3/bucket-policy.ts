import { AwsError } from '../core/errors.ts';
import type { World } from '../core/world.ts';
import { compilePolicy } from '../iam/policy/index.ts';
import type { CompiledPolicy } from '../iam/policy/index.ts';
import { bucketOf, demandOnBucket } from './authorize.ts';
import { ownDoing } from './call.ts';
import type { Handler, S3Call } from './call.ts';
import { methodNotAllowed } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import type { Bucket } from './model.ts';
import { checkBucketStatements } from './policy-statements.ts';

const MOST_BYTES = 20 * 1024;

export const getBucketPolicy: Handler = (call) => {
  const bucket = ownBucket(call, 's3:GetBucketPolicy');
  const { policy } = bucket;
  if (policy === undefined) {
    throw new AwsError('NoSuchBucketPolicy', 404, 'The bucket policy does not exist', { BucketName: bucket.name });
  }
  return ownDoing(() => ({ status: 200, headers: { 'content-type': 'application/json' }, body: policy.text }));
};

export const putBucketPolicy: Handler = (call) => {
  const bucket = ownBucket(call, 's3:PutBucketPolicy');
  checkIntegrity(call.request);
  const text = call.request.body.toString('utf8');
  if (call.request.body.length > MOST_BYTES) {
    throw malformedPolicy('Normalized policy document exceeds the maximum allowed size of 20480 bytes.');
  }
  const policy = { text, compiled: compileBucketPolicy(call.context.world, bucket, text) };
  return ownDoing(() => {
    bucket.policy = policy;
    return { status: 204 };
  });
};

export const deleteBucketPolicy: Handler = (call) => {
  const bucket = ownBucket(call, 's3:DeleteBucketPolicy');
  return ownDoing(() => {
    bucket.policy = undefined;
    return { status: 204 };
  });
};

/** Policies are for the bucket's own account: another's identity is not let near them, whatever it is allowed. */
function ownBucket(call: S3Call, action: string): Bucket {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, action);
  if (call.request.caller?.accountId !== bucket.accountId) throw methodNotAllowed(call.request.method);
  return bucket;
}

function compileBucketPolicy(world: World, bucket: Bucket, text: string): CompiledPolicy {
  let compiled: CompiledPolicy;
  try {
    compiled = compilePolicy(text, { kind: 'resource', name: `bucket policy of ${bucket.name}` });
  } catch (error) {
    throw malformedPolicy(error instanceof Error ? error.message : 'Policies must be valid JSON');
  }
  const problem = checkBucketStatements(world, bucket.name, JSON.parse(text));
  if (problem !== undefined) throw malformedPolicy(problem);
  return compiled;
}

function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicy', 400, message);
}
