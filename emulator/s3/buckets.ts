import { createHash } from 'node:crypto';
import { AwsError } from '../core/errors.ts';
import type { ServiceResponse } from '../core/service.ts';
import { requestTagContext } from '../core/tag-context.ts';
import { isBucketName } from './address.ts';
import { bucketOf, demandOnBucket, demandOnService } from './authorize.ts';
import { afterBackend, ownDoing } from './call.ts';
import type { Handler, S3Call } from './call.ts';
import { bucketAlreadyExists, invalidBucketName } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { tagsOfElement } from './tags.ts';
import { parseXml, xmlDocument } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

export const listBuckets: Handler = (call) => {
  const accountId = callerAccount(call);
  demandOnService(call, accountId, 's3:ListAllMyBuckets', 'arn:aws:s3:::*', {});
  const prefix = call.query.get('prefix') ?? '';
  const { buckets, region } = call.context.world;
  const own = [...buckets.listed().values()]
    .filter((bucket) => bucket.accountId === accountId && bucket.name.startsWith(prefix))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return ownDoing(() => ({
    status: 200,
    body: xmlDocument('ListAllMyBucketsResult', {
      Owner: owner(accountId),
      Buckets: {
        Bucket: own.map((bucket) => ({
          Name: bucket.name,
          CreationDate: new Date(bucket.createdAt).toISOString(),
          BucketRegion: region,
          BucketArn: `arn:aws:s3:::${bucket.name}`,
        })),
      },
      Prefix: prefix === '' ? undefined : prefix,
    }),
  }));
};

export const createBucket: Handler = (call) => {
  const { bucketName: name, request, context } = call;
  const { buckets, region } = context.world;
  if (!isBucketName(name)) throw invalidBucketName(name);
  const accountId = callerAccount(call);
  checkIntegrity(request);
  const { location, tags } = readConfiguration(request.body);
  const keys = { ...(location !== undefined && { 's3:LocationConstraint': location }), ...requestTagContext(tags) };
  demandOnService(call, accountId, 's3:CreateBucket', `arn:aws:s3:::${name}`, keys);
  if (tags.size > 0) demandOnService(call, accountId, 's3:TagResource', `arn:aws:s3:::${name}`, keys);
  if ((location ?? 'us-east-1') !== region) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      400,
      `The ${location ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  const existing = buckets.get(name);
  if (existing?.accountId === accountId) {
    throw new AwsError(
      'BucketAlreadyOwnedByYou',
      409,
      'Your previous request to create the named bucket succeeded and you already own it.',
      { BucketName: name },
    );
  }
  if (existing !== undefined) throw bucketAlreadyExists(name);
  const perform = (): ServiceResponse => {
    buckets.set(name, { name, accountId, createdAt: request.time, objects: new Map(), policy: undefined, tags });
    return { status: 200, headers: { location: `/${name}` } };
  };
  return afterBackend(perform, (backend) => backend.createBucket(call, tags));
};

interface BucketConfiguration {
  readonly location: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
}

function readConfiguration(body: Buffer): BucketConfiguration {
  if (body.length === 0) return { location: undefined, tags: new Map() };
  const configuration = parseXml(body, 'CreateBucketConfiguration');
  const location = configuration['LocationConstraint'];
  return {
    location: typeof location === 'string' && location !== '' ? location : undefined,
    tags: tagsOfElement(configuration['Tags'], 'bucket'),
  };
}

export const headBucket: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:ListBucket');
  const perform = (): ServiceResponse => ({
    status: 200,
    headers: { 'x-amz-bucket-region': call.context.world.region, 'content-type': 'application/xml' },
  });
  return afterBackend(perform, (backend) => backend.pass(call));
};

export const deleteBucket: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:DeleteBucket');
  const perform = (): ServiceResponse => {
    if (bucket.objects.size > 0) {
      throw new AwsError('BucketNotEmpty', 409, 'The bucket you tried to delete is not empty', {
        BucketName: bucket.name,
      });
    }
    call.context.world.buckets.delete(bucket.name);
    return { status: 204 };
  };
  return afterBackend(perform, (backend) => backend.deleteBucket(call));
};

export const getBucketLocation: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:GetBucketLocation');
  const { region } = call.context.world;
  const text = xmlDocument('LocationConstraint', {});
  // The one document whose root holds text; us-east-1 is told by an empty one.
  return ownDoing(() => ({
    status: 200,
    body: region === 'us-east-1' ? text : text.replace('></', `>${region}</`),
  }));
};

/** Anonymous callers own nothing, so they can neither list nor make buckets. */
function callerAccount(call: S3Call): string {
  const { caller } = call.request;
  if (caller === undefined) throw new AwsError('AccessDenied', 403, 'Access Denied');
  return caller.accountId;
}

/** The canonical user of an account: 64 hex digits, made of its id. */
export function owner(accountId: string): XmlStructure {
  return { ID: createHash('sha256').update(accountId).digest('hex') };
}
