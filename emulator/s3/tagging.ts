import { AwsError } from '../core/errors.ts';
import type { ServiceResponse } from '../core/service.ts';
import { bucketOf, demandOnBucket, objectFor, requestTagKeys } from './authorize.ts';
import { afterBackend } from './call.ts';
import type { Admitted, Handler, S3Call } from './call.ts';
import { methodNotAllowed } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { storedObject, versionHeader } from './model.ts';
import type { Bucket } from './model.ts';
import { tagSet, tagsOfDocument } from './tags.ts';
import { xmlDocument } from './xml.ts';

type Tags = ReadonlyMap<string, string>;

export const getObjectTagging: Handler = async (call) => {
  const bucket = bucketOf(call);
  await objectFor(call, bucket, 's3:GetObjectTagging');
  return {
    perform: () => {
      const { tags, versionId } = storedObject(bucket, call);
      const headers = versionHeader(bucket, versionId);
      return { status: 200, headers, body: xmlDocument('Tagging', tagSet(tags)) };
    },
  };
};

export const putObjectTagging: Handler = async (call) => {
  const bucket = bucketOf(call);
  // The tags asked for are in the context of the question, so the document is read ahead of it.
  const tags = tagsOfDocument(call.request.body, 'object');
  await objectFor(call, bucket, 's3:PutObjectTagging', call, requestTagKeys(tags));
  checkIntegrity(call.request);
  return { perform: () => retagObject(call, bucket, tags, 200) };
};

export const deleteObjectTagging: Handler = async (call) => {
  const bucket = bucketOf(call);
  await objectFor(call, bucket, 's3:DeleteObjectTagging');
  return { perform: () => retagObject(call, bucket, new Map(), 204) };
};

function retagObject(call: S3Call, bucket: Bucket, tags: Tags, status: number): ServiceResponse {
  const object = storedObject(bucket, call);
  object.tags = tags;
  return { status, headers: versionHeader(bucket, object.versionId) };
}

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
  const bucket = tagsOwnedBucket(call);
  checkIntegrity(call.request);
  return retagBucket(call, bucket, tagsOfDocument(call.request.body, 'bucket'));
};

export const deleteBucketTagging: Handler = (call) => retagBucket(call, tagsOwnedBucket(call), new Map());

/** With attribute-based access control, TagResource and UntagResource take the place of these (S3 API Reference, PutBucketAbac). */
function tagsOwnedBucket(call: S3Call): Bucket {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, 's3:PutBucketTagging');
  if (bucket.abac) throw methodNotAllowed(call.request.method);
  return bucket;
}

/** The emulator keeps the tags of buckets wherever the data are: they may have a say in authorization. */
function retagBucket(call: S3Call, bucket: Bucket, tags: Tags): Admitted {
  const perform = (): ServiceResponse => {
    bucket.tags = tags;
    return { status: 204 };
  };
  return afterBackend(perform, (backend) => backend.pass(call));
}
