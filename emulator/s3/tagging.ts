import { AwsError } from '../core/errors.ts';
import { bucketOf, demandOnBucket, objectFor, requestTagKeys } from './authorize.ts';
import type { Handler } from './call.ts';
import { checkIntegrity } from './integrity.ts';
import { tagSet, tagsOfDocument } from './tags.ts';
import { xmlDocument } from './xml.ts';

export const getObjectTagging: Handler = (call) => {
  const object = objectFor(call, bucketOf(call), 's3:GetObjectTagging');
  return { status: 200, body: xmlDocument('Tagging', tagSet(object.tags)) };
};

export const putObjectTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  // The tags asked for are in the context of the question, so the document is read ahead of it.
  const tags = tagsOfDocument(call.request.body, 'object');
  const object = objectFor(call, bucket, 's3:PutObjectTagging', call.key, requestTagKeys(tags));
  checkIntegrity(call.request);
  object.tags = tags;
  return { status: 200 };
};

export const deleteObjectTagging: Handler = (call) => {
  const object = objectFor(call, bucketOf(call), 's3:DeleteObjectTagging');
  object.tags = new Map();
  return { status: 204 };
};

export const getBucketTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:GetBucketTagging');
  if (bucket.tags.size === 0) {
    throw new AwsError('NoSuchTagSet', 404, 'The TagSet does not exist', { BucketName: bucket.name });
  }
  return { status: 200, body: xmlDocument('Tagging', tagSet(bucket.tags)) };
};

export const putBucketTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:PutBucketTagging');
  checkIntegrity(call.request);
  bucket.tags = tagsOfDocument(call.request.body, 'bucket');
  return { status: 204 };
};

export const deleteBucketTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:PutBucketTagging');
  bucket.tags = new Map();
  return { status: 204 };
};
