import type { ServiceResponse } from '../core/service.ts';
import { AwsError } from '../core/errors.ts';
import { requestTagContext } from '../core/tag-context.ts';
import { decodeQueryPart, queryPairs } from '../sigv4/index.ts';
import { bucketOf, demandOnBucket } from './authorize.ts';
import { afterBackend, ownDoing } from './call.ts';
import type { Admitted, Handler, S3Call } from './call.ts';
import type { Bucket } from './model.ts';
import { checkedTags, tagSet, tagsOfElement } from './tags.ts';
import { parseXml, xmlDocument } from './xml.ts';

type Tags = ReadonlyMap<string, string>;

/** Tags of buckets by S3 Control, which work whether or not the tags count in authorization (S3 API Reference, TagResource). */
export const tagResource: Handler = (call) => {
  const tags = tagsOfElement(parseXml(call.request.body, 'TagResourceRequest')['Tags'], 'bucket');
  const bucket = taggableBucket(call, 's3:TagResource', requestTagContext(tags));
  return retag(call, bucket, checkedTags([...new Map([...bucket.tags, ...tags])]));
};

export const untagResource: Handler = (call) => {
  const keys = queryPairs(call.request.query)
    .filter(([name]) => name === 'tagKeys')
    .map(([, key]) => decodeQueryPart(key));
  const bucket = taggableBucket(call, 's3:UntagResource', keys.length > 0 ? { 'aws:TagKeys': keys } : {});
  return retag(call, bucket, new Map([...bucket.tags].filter(([key]) => !keys.includes(key))));
};

export const listTagsForResource: Handler = (call) => {
  const { tags } = taggableBucket(call, 's3:ListTagsForResource');
  const body = xmlDocument('ListTagsForResourceResult', { Tags: tagSet(tags)['TagSet'] });
  return ownDoing(() => ({ status: 200, body }));
};

function taggableBucket(call: S3Call, action: string, keys: Parameters<typeof demandOnBucket>[3] = {}): Bucket {
  const bucket = bucketOf(call);
  demandOnBucket(call, bucket, action, keys);
  if (call.request.headers['x-amz-account-id'] !== bucket.accountId) {
    throw new AwsError('AccessDenied', 403, 'Access Denied');
  }
  return bucket;
}

function retag(call: S3Call, bucket: Bucket, tags: Tags): Admitted {
  const perform = (): ServiceResponse => {
    bucket.tags = tags;
    return { status: 204 };
  };
  return afterBackend(perform, (backend) => backend.tagBucket(call, tags));
}
