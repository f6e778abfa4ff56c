import { requestTagKeys } from '../../identity/s3.ts';
import type { ServiceResponse } from '../core/service.ts';
import { requestTagContext } from '../../identity/policy/tag-context.ts';
import { decodeQueryPart, queryPairs } from '../sigv4/index.ts';
import { bucketOf, demandOnBucket, objectFor, onBucket, onObject } from './authorize.ts';
import { setting, type Handler, type S3Call } from './call.ts';
import { s3Error } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { versionHeader, type Bucket, type S3Object, type Tags } from '../world/s3-model.ts';
import { storedObject } from './stored-object.ts';
import { checkedTags, tagSet, tagsOfDocument, tagsOfElement } from './tags.ts';
import { parseXml, xmlAnswer } from './xml.ts';

export const getObjectTagging = onObject('s3:GetObjectTagging', ({ tags, versionId }, _, bucket) =>
  xmlAnswer('Tagging', tagSet(tags), versionHeader(bucket, versionId)),
);

export const putObjectTagging: Handler = (call) => {
  const bucket = bucketOf(call);
  // Reads the document first, because the requested tags are condition keys.
  const tags = tagsOfDocument(call.request.body, 'object');
  objectFor(call, bucket, 's3:PutObjectTagging', call, requestTagKeys(tags));
  checkIntegrity(call.request);
  return retagObject(storedObject(bucket, call), bucket, tags, 200);
};

export const deleteObjectTagging = onObject('s3:DeleteObjectTagging', (object, _, bucket) =>
  retagObject(object, bucket, new Map(), 204),
);

function retagObject(object: S3Object, bucket: Bucket, tags: Tags, status: number): ServiceResponse {
  object.tags = tags;
  return { status, headers: versionHeader(bucket, object.versionId) };
}

export const getBucketTagging = onBucket('s3:GetBucketTagging', ({ tags, name }) => {
  if (tags.size === 0) throw s3Error('NoSuchTagSet', { BucketName: name });
  return xmlAnswer('Tagging', tagSet(tags));
});

export const putBucketTagging = onRetagging(({ request }) => {
  checkIntegrity(request);
  return tagsOfDocument(request.body, 'bucket');
});

export const deleteBucketTagging = onRetagging(() => new Map());

/** With attribute-based access control, TagResource and UntagResource replace these calls (S3 API Reference, PutBucketAbac). */
function onRetagging(tagsOf: (call: S3Call) => Tags): Handler {
  return onBucket('s3:PutBucketTagging', (bucket, call) => {
    if (bucket.abac) throw s3Error('MethodNotAllowed', { Method: call.request.method });
    return setting(bucket, 'tags', tagsOf(call), 204);
  });
}

/** Works with and without attribute-based access control (S3 API Reference, TagResource). */
export const tagResource: Handler = (call) => {
  const tags = tagsOfElement(parseXml(call.request.body, 'TagResourceRequest')['Tags'], 'bucket');
  const bucket = controlledBucket(call, 's3:TagResource', requestTagContext(tags));
  return setting(bucket, 'tags', checkedTags([...new Map([...bucket.tags, ...tags])]), 204);
};

export const untagResource: Handler = (call) => {
  const keys = queryPairs(call.request.query)
    .filter(([name]) => name === 'tagKeys')
    .map(([, key]) => decodeQueryPart(key));
  // The API model requires the parameter.
  const bucket = controlledBucket(call, 's3:UntagResource', { 'aws:TagKeys': keys });
  return setting(bucket, 'tags', new Map([...bucket.tags].filter(([key]) => !keys.includes(key))), 204);
};

export const listTagsForResource: Handler = (call) => {
  const { tags } = controlledBucket(call, 's3:ListTagsForResource');
  return xmlAnswer('ListTagsForResourceResult', { Tags: tagSet(tags)['TagSet'] });
};

function controlledBucket(call: S3Call, action: string, keys: Parameters<typeof demandOnBucket>[3] = {}): Bucket {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, action, keys);
  if (call.request.headers['x-amz-account-id'] !== bucket.accountId) throw s3Error('AccessDenied');
  return bucket;
}
