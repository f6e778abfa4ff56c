import { AwsError } from '../core/errors.ts';
import { bucketOf, demandOnBucket, objectFor, requestTagKeys } from './authorize.ts';
import type { Admitted, Handler } from './call.ts';
import { checkIntegrity } from './integrity.ts';
import { storedObject } from './model.ts';
import { tagSet, tagsOfDocument } from './tags.ts';
import { xmlDocument } from './xml.ts';

export const getObjectTagging: Handler = async (call) => {
  const { tags } = await objectFor(call, bucketOf(call), 's3:GetObjectTagging');
  return { perform: () => ({ status: 200, body: xmlDocument('Tagging', tagSet(tags)) }) };
};

export const putObjectTagging: Handler = async (call) => {
  const bucket = bucketOf(call);
  // The tags asked for are in the context of the question, so the document is read ahead of it.
  const tags = tagsOfDocument(call.request.body, 'object');
  await objectFor(call, bucket, 's3:PutObjectTagging', call.key, requestTagKeys(tags));
  checkIntegrity(call.request);
  return replaceTags(() => storedObject(bucket, call.key), tags, 200);
};

export const deleteObjectTagging: Handler = async (call) => {
  const bucket = bucketOf(call);
  await objectFor(call, bucket, 's3:DeleteObjectTagging');
  return replaceTags(() => storedObject(bucket, call.key), new Map(), 204);
};

export const getBucketTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:GetBucketTagging');
  return {
    perform: () => {
      if (bucket.tags.size === 0) {
        throw new AwsError('NoSuchTagSet', 404, 'The TagSet does not exist', { BucketName: bucket.name });
      }
      return { status: 200, body: xmlDocument('Tagging', tagSet(bucket.tags)) };
    },
  };
};

export const putBucketTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:PutBucketTagging');
  checkIntegrity(call.request);
  const tags = tagsOfDocument(call.request.body, 'bucket');
  return replaceTags(() => bucket, tags, 204);
};

export const deleteBucketTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:PutBucketTagging');
  return replaceTags(() => bucket, new Map(), 204);
};

function replaceTags(
  tagged: () => { tags: ReadonlyMap<string, string> },
  tags: ReadonlyMap<string, string>,
  status: number,
): Admitted {
  return {
    perform: () => {
      tagged().tags = tags;
      return { status };
    },
  };
}
