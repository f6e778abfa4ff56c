/** Tags of objects and buckets: limits, permissions, and conditions on them. */
import type { Tag } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { allow, asSession, fails, getObjectTagging, isAbsent, succeeds, suite } from '../../harness/index.ts';
import { errorOf, refusalBy } from '../lib/errors.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import {
  ask,
  BAD_DIGEST,
  digests,
  may,
  mayNot,
  refusedWith,
  tagging,
  teamTag,
  withHeader,
  xml,
  xmlTags,
} from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';
import { checkBucket } from './lib/check-bucket.ts';

const ATTRIBUTES = withHeader('x-amz-object-attributes', 'ETag');
const TEAM_TAG_IS_RED = { StringEquals: { 's3:ExistingObjectTag/team': 'red' } };
/** A condition on a tag that every bucket of a run has. */
const WITH_TAG_OF_RUN = { StringEquals: { 'aws:ResourceTag/conformance-region': '<region:c1>' } };
const numbered = (count: number) => Array.from({ length: count }, (_, number) => [`t${number}`, 'x'] as const);
const ELEVEN_TAGS = numbered(11).map(([key]) => `${key}=x`);

suite('s3', ({ scenario }) => {
  const abac = (Status: string) => may('PUT data?abac', { body: xml('AbacStatus', `<Status>${Status}</Status>`) });
  /** Puts the existing tags of the bucket again. */
  const retagged = (title: string, verify: (error: string) => void) =>
    checkBucket(title, async (s3, bucket) => {
      const { TagSet } = await s3.getBucketTagging(bucket);
      verify(await errorOf(s3.putBucketTagging({ ...bucket, Tagging: { TagSet } })));
    });
  const tagsOf = (method: string, bucket: string, query = '') =>
    `${method} s3-control:/v20180820/tags/arn%3Aaws%3As3%3A%3A%3A<bucket:${bucket}>${query}`;
  const headers = { 'x-amz-account-id': '<account:main>' };
  const team = (value: string, key = 'team') => ({
    headers,
    body: `<TagResourceRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Tags>${xmlTags([key, value])}</Tags></TagResourceRequest>`,
  });

  scenario('OB-27', 'existing and requested object tags are condition keys for tagging and reading', {
    source:
      'Amazon S3 User Guide, "Tagging and access control policies": s3:ExistingObjectTag, s3:RequestObjectTag; Service Authorization Reference, Amazon S3, PutObjectTagging, DeleteObjectTagging and GetObjectAttributes',
    needs: ['own-boundary'],
    ...appWith(
      allow('s3:PutObjectTagging', 'data/red', TEAM_TAG_IS_RED),
      allow('s3:PutObjectTagging', 'data/plain', { StringEquals: { 's3:RequestObjectTag/team': 'red' } }),
      allow('s3:DeleteObjectTagging', 'data/*', TEAM_TAG_IS_RED),
      allow(['s3:GetObject', 's3:GetObjectAttributes'], 'data/*', TEAM_TAG_IS_RED),
    ),
    objects: [{ at: 'data/red', tags: { team: 'red' } }, 'data/plain'],
    probes: [
      fails(ask('PUT data/plain?tagging', teamTag('blue')), NOT_ALLOWED),
      succeeds(ask('PUT data/plain?tagging', teamTag('red'))),
      succeeds(ask('PUT data/red?tagging', teamTag('blue'))),
      fails(ask('PUT data/red?tagging', teamTag('red')), NOT_ALLOWED),
      // Existing tags also apply to the removal of tags, and to every read of the object.
      fails(ask('GET data/red?attributes', ATTRIBUTES), NOT_ALLOWED),
      succeeds(ask('GET data/plain?attributes', ATTRIBUTES)),
      fails(ask('DELETE data/red?tagging'), NOT_ALLOWED),
      succeeds(ask('DELETE data/plain?tagging')),
      fails(ask('DELETE data/plain?tagging'), NOT_ALLOWED),
    ],
  });

  scenario('OB-35', 'an object has at most ten tags with unique keys, which are replaced as a whole', {
    source:
      'Amazon S3 User Guide, "Categorizing your objects using tags"; Amazon S3 API Reference, PutObjectTagging: InvalidTag; GetObject: x-amz-tagging-count',
    ...appWith(
      allow(['s3:GetObject', 's3:PutObject', 's3:PutObjectTagging'], 'data/*'),
      allow('s3:GetObjectTagging', 'data/told'),
      allow('s3:GetObjectTagging', 'data/red', TEAM_TAG_IS_RED),
    ),
    objects: ['hidden', 'told', 'red'].map((key) => ({ at: `data/${key}`, tags: { team: 'red' } })),
    probes: [
      // S3 reports the number of tags only to callers that may read them.
      ...['GET', 'HEAD'].flatMap((method) => [
        ...['told', 'red'].map((key) => succeeds(ask(`${method} data/${key}`), { tags: 1 })),
        succeeds(ask(`${method} data/hidden`), { tags: isAbsent }),
      ]),
      may('PUT data/told?tagging', tagging(...numbered(10))),
      succeeds(asSession('app', getObjectTagging('data/told')), { tags: 10 }),
      may('PUT data/told?tagging', tagging(['t'.repeat(128), 'x'.repeat(256)])),
      succeeds(asSession('app', getObjectTagging('data/told')), { tags: 1 }),
      // S3 rejects a document with a wrong checksum.
      fails(ask('PUT data/told?tagging', { ...tagging(['stage', 'x']), headers: digests.md5('other') }), BAD_DIGEST),
      fails(ask('PUT data/told?tagging', tagging(...numbered(11))), refusedWith('BadRequest', 400)),
      fails(
        ask('PUT data/new', withHeader('x-amz-tagging', ELEVEN_TAGS.join('&'))),
        refusedWith(['BadRequest', 'InvalidArgument', 'InvalidTag'], 400),
      ),
      ...[
        tagging(['team', 'red'], ['team', 'blue']),
        tagging(['aws:team', 'red']),
        tagging(['team', 'x'.repeat(257)]),
        tagging(['t'.repeat(129), 'x']),
        tagging(['team', 'red#']),
      ].map((tags) => fails(ask('PUT data/told?tagging', tags), refusedWith('InvalidTag', 400))),
      // An overwritten object has only the tags of the new request.
      may('PUT data/told'),
      succeeds(ask('GET data/told'), { tags: isAbsent }),
      may('PUT data/told?tagging', tagging(['team', ''], ['Team', 'a b_.:/=+-@é1'])),
      succeeds(asSession('app', getObjectTagging('data/told')), { tags: 2 }),
    ],
  });

  scenario('OB-23', "a bucket's tags are condition keys only while attribute-based access control is enabled", {
    source:
      'Amazon S3 User Guide, "Using tags with S3 general purpose buckets" and "Enabling ABAC in general purpose buckets"; Service Authorization Reference, Amazon S3: s3:BucketTag',
    needs: ['own-boundary'],
    ...appWith(
      allow('s3:PutBucketAbac', 'data'),
      allow('s3:ListBucket', 'data', WITH_TAG_OF_RUN),
      allow('s3:GetObject', 'data/resource', WITH_TAG_OF_RUN),
      allow('s3:GetObject', 'data/bucket', { StringEquals: { 's3:BucketTag/conformance-region': '<region:c1>' } }),
      allow('s3:GetObject', 'data/other', { StringEquals: { 's3:BucketTag/conformance-region': 'elsewhere' } }),
      allow('s3:GetObject', 'data/none', { Null: { 'aws:ResourceTag/conformance-region': 'true' } }),
    ),
    objects: ['resource', 'bucket', 'other', 'none'].map((key) => `data/${key}`),
    probes: [
      ...['resource', 'bucket', 'other'].map((key) => mayNot(`GET data/${key}`)),
      mayNot('GET data'),
      may('GET data/none'),
      retagged('PutBucketTagging succeeds while ABAC is disabled', (error) => expect(error).to.equal('none')),
      abac('Enabled'),
      retagged('PutBucketTagging fails while ABAC is enabled', (error) => expect(error).not.to.equal('none')),
      may('GET data'),
      ...['resource', 'bucket'].map((key) => may(`GET data/${key}`)),
      ...['other', 'none'].map((key) => mayNot(`GET data/${key}`)),
      abac('Disabled'),
      mayNot('GET data/resource'),
      may('GET data/none'),
    ],
  });

  scenario('OB-39', 'tagging and untagging a bucket need their own permissions, and take effect at once', {
    source:
      'Amazon S3 API Reference, TagResource, UntagResource and ListTagsForResource; Amazon S3 User Guide, "Using tags with S3 general purpose buckets"; Service Authorization Reference, Amazon S3: aws:RequestTag, aws:TagKeys',
    needs: ['own-boundary'],
    ...appWith(
      allow('s3:PutBucketAbac', 'data'),
      allow('s3:TagResource', 'data', { StringEquals: { 'aws:RequestTag/team': ['red', 'blue'] } }),
      allow('s3:UntagResource', 'data', { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } }),
      allow('s3:ListTagsForResource', 'data'),
      ...['red', 'blue'].map((value) =>
        allow('s3:GetObject', `data/${value}`, { StringEquals: { 'aws:ResourceTag/team': value } }),
      ),
      allow('s3:GetObject', 'data/kept', WITH_TAG_OF_RUN),
    ),
    objects: ['red', 'blue', 'kept'].map((key) => `data/${key}`),
    buckets: { other: {} },
    probes: [
      abac('Enabled'),
      may('GET data/kept'),
      mayNot('GET data/red'),
      mayNot(tagsOf('POST', 'data'), team('green')),
      mayNot(tagsOf('POST', 'data'), team('red', 'stage')),
      mayNot(tagsOf('POST', 'other'), team('red')),
      may(tagsOf('POST', 'data'), team('red')),
      may('GET data/red'),
      // Other tags do not change.
      may('GET data/kept'),
      may(tagsOf('POST', 'data'), team('blue')),
      may('GET data/blue'),
      mayNot('GET data/red'),
      may(tagsOf('GET', 'data'), { headers }),
      mayNot(tagsOf('GET', 'other'), { headers }),
      mayNot(tagsOf('DELETE', 'data', '?tagKeys=team&tagKeys=conformance-region'), { headers }),
      mayNot(tagsOf('DELETE', 'other', '?tagKeys=team'), { headers }),
      may(tagsOf('DELETE', 'data', '?tagKeys=team'), { headers }),
      mayNot('GET data/blue'),
      may('GET data/kept'),
    ],
  });

  scenario('OB-40', 'a bucket has at most fifty tags with unique keys, which are replaced as a whole', {
    source:
      'Amazon S3 API Reference, PutBucketTagging, GetBucketTagging: NoSuchTagSet, and DeleteBucketTagging; Amazon S3 User Guide, "Using cost allocation S3 bucket tags": 50 tags',
    // A run on AWS finds its buckets by their tags.
    needs: ['call-record'],
    buckets: { data: {} },
    probes: [
      checkBucket('tags are put, replaced and deleted', async (s3, bucket) => {
        const tags = () =>
          s3.getBucketTagging(bucket).then(
            ({ TagSet = [] }) => TagSet,
            (error: Error) => refusalBy(error).name,
          );
        const put = (TagSet: Tag[]) => errorOf(s3.putBucketTagging({ ...bucket, Tagging: { TagSet } }));
        const before = await tags();
        const numbered = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `t${at}`, Value: 'x' }));
        for (const wrong of [
          numbered(51),
          [...numbered(1), ...numbered(1)],
          [{ Key: 'aws:team', Value: 'red' }],
          [{ Key: 't'.repeat(129), Value: 'x' }],
          [{ Key: 'team', Value: 'x'.repeat(257) }],
        ])
          expect(await put(wrong), JSON.stringify(wrong.slice(0, 2))).to.match(
            /^(InvalidTag|BadRequest|MalformedXML)$/,
          );
        expect(await tags()).to.deep.equal(before);
        expect(await put(numbered(50))).to.equal('none');
        expect(await tags()).to.have.deep.members(numbered(50));
        expect(await put([{ Key: 'team', Value: '' }])).to.equal('none');
        expect(await tags()).to.deep.equal([{ Key: 'team', Value: '' }]);
        await s3.deleteBucketTagging(bucket);
        expect(await tags()).to.equal('NoSuchTagSet');
      }),
    ],
  });
});
