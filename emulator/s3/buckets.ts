import { createHash } from 'node:crypto';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { textOf } from '../../foundation/node/json.ts';
import { requestTagContext } from '../../identity/policy/tag-context.ts';
import { pageOf } from '../core/paging.ts';
import { isBucketName } from './address.ts';
import { demandOnService, onBucket } from './authorize.ts';
import { type Handler, type S3Call } from './call.ts';
import { invalidArgument, s3Error } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { numberOf } from './list-page.ts';
import { newBucket, type Tags } from '../world/s3-model.ts';
import { tagsOfElement } from './tags.ts';
import { isoTime, parseXml, xmlAnswer, xmlDocument } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

const MOST_BUCKETS = 10_000;

export const listBuckets: Handler = (call) => {
  const accountId = callerAccount(call);
  demandOnService(call, accountId, 's3:ListAllMyBuckets', 'arn:aws:s3:::*', {});
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const { buckets, region } = call.context.world;
  const bucketRegion = query.get('bucket-region') ?? region;
  if (!REGION.test(bucketRegion)) {
    const message = `Argument value ${bucketRegion} is not a valid AWS Region`;
    throw new AwsError('InvalidArgument', 400, message, { ArgumentName: 'bucket-region' });
  }
  const token = query.get('continuation-token');
  const { items, next } = pageOf(
    [...buckets.listed().values()].filter(
      (bucket) => bucketRegion === region && bucket.accountId === accountId && bucket.name.startsWith(prefix),
    ),
    ({ name }) => name,
    {
      size: numberOf(query, 'max-buckets', MOST_BUCKETS),
      token: textOf(token),
      invalidToken: () =>
        invalidArgument('The continuation token provided is incorrect', 'continuation-token', token ?? ''),
    },
  );
  return xmlAnswer('ListAllMyBucketsResult', {
    Owner: owner(accountId),
    Buckets: {
      Bucket: items.map(({ name, createdAt }) => ({
        Name: name,
        CreationDate: isoTime(createdAt),
        BucketRegion: region,
        BucketArn: `arn:aws:s3:::${name}`,
      })),
    },
    ContinuationToken: next,
    Prefix: textOf(prefix),
  });
};

export const createBucket: Handler = (call) => {
  const { bucketName: name, request, context } = call;
  const { buckets, region } = context.world;
  if (!isBucketName(name)) throw s3Error('InvalidBucketName', { BucketName: name });
  const accountId = callerAccount(call);
  checkIntegrity(request);
  const { location, tags } = readConfiguration(request.body);
  const keys = { ...(location !== undefined && { 's3:LocationConstraint': location }), ...requestTagContext(tags) };
  demandOnService(call, accountId, 's3:CreateBucket', `arn:aws:s3:::${name}`, keys);
  if (tags.size > 0) demandOnService(call, accountId, 's3:TagResource', `arn:aws:s3:::${name}`, keys);
  checkLocation(location, region);
  const existing = buckets.get(name);
  const answer = {
    status: 200,
    headers: {
      location: region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/`,
      'x-amz-bucket-arn': `arn:aws:s3:::${name}`,
    },
  };
  if (existing?.accountId === accountId) {
    // In us-east-1 the call succeeds (S3 API Reference, CreateBucket, "BucketAlreadyOwnedByYou").
    if (region === 'us-east-1' && tags.size === 0) return answer;
    throw s3Error('BucketAlreadyOwnedByYou', { BucketName: name });
  }
  if (existing !== undefined) throw s3Error('BucketAlreadyExists', { BucketName: name });
  buckets.set(name, newBucket({ name, accountId, createdAt: request.time, tags }));
  return answer;
};

/** us-east-1 needs no constraint, and is not a value in the API model. */
function checkLocation(location: string | undefined, region: string): void {
  if ((location ?? 'us-east-1') === region) return;
  throw new AwsError(
    'IllegalLocationConstraintException',
    400,
    `The ${location ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );
}

/** Matches the form and the geographic part. `EU` is the old name of eu-west-1. */
const REGION = /^(?:EU|(?:af|ap|ca|cn|il|me|mx|sa|us|us-gov)-[a-z]+-\d|eu-(?:central|north|south|west|isoe-west)-\d)$/;

function readConfiguration(body: Buffer): { readonly location: string | undefined; readonly tags: Tags } {
  const { LocationConstraint, Tags } = body.length === 0 ? {} : parseXml(body, 'CreateBucketConfiguration');
  return { location: textOf(LocationConstraint), tags: tagsOfElement(Tags, 'bucket') };
}

export const headBucket = onBucket('s3:ListBucket', (bucket, call) => {
  const headers = {
    'x-amz-bucket-region': call.context.world.region,
    'x-amz-bucket-arn': `arn:aws:s3:::${bucket.name}`,
    'x-amz-access-point-alias': 'false',
    'content-type': 'application/xml',
  };
  return { status: 200, headers };
});

export const deleteBucket = onBucket('s3:DeleteBucket', (bucket, call) => {
  if (!bucket.objects.isEmpty()) {
    const versions = bucket.versioning === undefined ? '' : '. You must delete all versions in the bucket.';
    throw new AwsError('BucketNotEmpty', 409, `The bucket you tried to delete is not empty${versions}`, {
      BucketName: bucket.name,
    });
  }
  call.context.world.buckets.delete(bucket.name);
  return { status: 204 };
});

export const getBucketLocation = onBucket('s3:GetBucketLocation', (_, { context }) => {
  const { region } = context.world;
  // The only document with text in its root; empty for us-east-1.
  const body = xmlDocument('LocationConstraint', {}).replace('></', region === 'us-east-1' ? '></' : `>${region}</`);
  return { status: 200, body };
});

/** Anonymous callers can neither list nor create buckets. */
function callerAccount(call: S3Call): string {
  const { caller } = call.request;
  if (caller === undefined) throw s3Error('AccessDenied');
  return caller.accountId;
}

/** Returns an account's canonical user id: 64 hexadecimal digits, derived from the account id. */
export function owner(accountId: string): XmlStructure {
  return { ID: createHash('sha256').update(accountId).digest('hex') };
}
