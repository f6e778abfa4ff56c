/** The permissions that S3 calls require. */
import { S3 } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  allow,
  asSession,
  check,
  deleteObject,
  deleteObjects,
  deny,
  fails,
  getObject,
  getObjectTagging,
  headBucket,
  headObject,
  listObjects,
  podIdentityRole,
  putObject,
  signedRequest,
  succeeds,
  suite,
  type SignedRequestOptions,
} from '../../harness/index.ts';
import { refusalBy } from '../lib/errors.ts';
import { DENIED, NOT_ALLOWED } from '../lib/outcomes.ts';
import { ask, copyOf, ONE_PART, refusedWith, teamTag, withHeader, withMd5, xml, xmlTags } from '../lib/s3-requests.ts';
import { APP, appWith } from '../lib/worlds.ts';
import { checkBucket } from './lib/check-bucket.ts';

const PERMISSIONS = 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';
type Call = Parameters<typeof asSession>[1];
const may = (call: Call, facts?: Parameters<typeof succeeds>[1]) => succeeds(asSession('app', call), facts);
const mayNot = (call: Call) => fails(asSession('app', call), NOT_ALLOWED);
const team = { tags: { team: 'red' } };
const TEAM_TAG_IS_RED = { StringEquals: { 's3:ExistingObjectTag/team': 'red' } };
const NO_UPLOAD = refusedWith('NoSuchUpload', 404);
const BUCKET_OF_RED = withMd5(xml('CreateBucketConfiguration', `<Tags>${xmlTags(['team', 'red'])}</Tags>`));
const retagged = (tags: string) => ({ 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': tags });
const ATTRIBUTES = withHeader('x-amz-object-attributes', 'ETag');
const TAGGED = withHeader('x-amz-tagging', 'team=red');
/** A permission, a request that needs it with `*` for the object, and the error that an allowed request gets. */
const ON_OBJECTS: readonly (readonly [
  action: string,
  request: string,
  options?: SignedRequestOptions,
  refusal?: typeof NO_UPLOAD,
])[] = [
  ['s3:GetObject', 'GET *?attributes', ATTRIBUTES],
  ['s3:GetObjectAttributes', 'GET *?attributes', ATTRIBUTES],
  ['s3:PutObjectTagging', 'PUT *?tagging', teamTag('red')],
  ['s3:DeleteObjectTagging', 'DELETE *?tagging'],
  ['s3:PutObject', 'POST *?uploads'],
  ['s3:PutObject', 'POST *?uploads', TAGGED],
  ['s3:PutObjectTagging', 'POST *?uploads', TAGGED],
  ['s3:PutObject', 'PUT *?partNumber=1&uploadId=none', {}, NO_UPLOAD],
  ['s3:PutObject', 'POST *?uploadId=none', ONE_PART, NO_UPLOAD],
  ['s3:AbortMultipartUpload', 'DELETE *?uploadId=none', {}, NO_UPLOAD],
  ['s3:ListMultipartUploadParts', 'GET *?uploadId=none', {}, NO_UPLOAD],
];
const ACTIONS = [...new Set(ON_OBJECTS.map(([action]) => action))];
const without = (action: string): string => `data/without-${ACTIONS.indexOf(action)}`;
const ALL_BLOCKED = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
const BODIES: Readonly<Record<string, SignedRequestOptions>> = {
  'PUT *?publicAccessBlock': withMd5(
    xml('PublicAccessBlockConfiguration', ALL_BLOCKED.map((name) => `<${name}>true</${name}>`).join('')),
  ),
  'PUT *?versioning': withMd5(xml('VersioningConfiguration', '<Status>Suspended</Status>')),
  'PUT *?abac': withMd5(xml('AbacStatus', '<Status>Disabled</Status>')),
};
/** Permissions on each of two buckets, with the requests that need them. */
const ON_BUCKETS: readonly (readonly [bucket: string, requests: Readonly<Record<string, string>>])[] = [
  [
    'one',
    {
      's3:ListBucket': 'GET *',
      's3:GetBucketTagging': 'GET *?tagging',
      's3:GetBucketVersioning': 'GET *?versioning',
      's3:GetBucketAbac': 'GET *?abac',
      's3:PutBucketPublicAccessBlock': 'PUT *?publicAccessBlock',
    },
  ],
  [
    'two',
    {
      's3:ListBucketVersions': 'GET *?versions',
      's3:ListBucketMultipartUploads': 'GET *?uploads',
      's3:GetBucketLocation': 'GET *?location',
      's3:GetBucketPublicAccessBlock': 'GET *?publicAccessBlock',
      's3:PutBucketVersioning': 'PUT *?versioning',
      's3:PutBucketAbac': 'PUT *?abac',
      's3:DeleteBucket': 'DELETE *',
    },
  ],
];

suite('s3', ({ scenario }) => {
  scenario('OB-01', 'HeadBucket and listing need s3:ListBucket, which s3:GetObject does not include', {
    source: PERMISSIONS,
    ...appWith(allow('s3:ListBucket', 'listed'), allow('s3:GetObject', ['listed/*', 'read/*'])),
    objects: ['listed/key', 'read/key'],
    probes: [
      may(headBucket('listed')),
      may(listObjects('listed')),
      may(getObject('read/key')),
      mayNot(headBucket('read')),
      mayNot(listObjects('read')),
    ],
  });

  scenario('OB-02', 'reading tags and reading objects need separate permissions', {
    source: PERMISSIONS,
    ...appWith(
      allow('s3:GetObject', 'data/object'),
      allow('s3:GetObjectTagging', 'data/tags'),
      allow('s3:GetObjectTagging', 'data/red/*', TEAM_TAG_IS_RED),
    ),
    objects: ['object', 'tags', 'red/mine', 'red/other'].map((key) => ({
      at: `data/${key}`,
      tags: { team: key === 'red/other' ? 'blue' : 'red' },
    })),
    probes: [
      may(getObject('data/object')),
      may(headObject('data/object')),
      mayNot(getObjectTagging('data/object')),
      may(getObjectTagging('data/tags'), { tags: 1 }),
      mayNot(getObject('data/tags')),
      mayNot(headObject('data/tags')),
      may(getObjectTagging('data/red/mine')),
      mayNot(getObjectTagging('data/red/other')),
      checkBucket('a multipart upload gets its tags at the start', async (s3, bucket) => {
        const place = { ...bucket, Key: 'red/parts' };
        const { UploadId } = await s3.createMultipartUpload({ ...place, Tagging: 'team=red' });
        const part = { PartNumber: 1, UploadId };
        // S3 must refuse the upload's id with another key.
        const elsewhere = { ...place, Key: 'tags', ...part, Body: 'one' };
        const refusal = await s3.uploadPart(elsewhere).catch(refusalBy);
        expect(refusal).to.include({ name: 'NoSuchUpload' });
        const { ETag } = await s3.uploadPart({ ...place, ...part, Body: 'one' });
        const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
        await s3.completeMultipartUpload({ ...place, UploadId, MultipartUpload });
      }),
      may(getObjectTagging('data/red/parts'), { tags: 1 }),
    ],
  });

  scenario('OB-03', 'deleting and writing need separate permissions', {
    source: `${PERMISSIONS}; Service Authorization Reference, Amazon S3, PutObject and DeleteObject`,
    ...appWith(
      allow('s3:PutObject', 'data/write*'),
      allow('s3:DeleteObject', 'data/delete*'),
      allow(['s3:PutObject', 's3:DeleteObject'], 'data/red', TEAM_TAG_IS_RED),
    ),
    objects: ['data/write', 'data/delete', { at: 'data/red', ...team }],
    probes: [
      may(putObject('data/write')),
      mayNot(deleteObject('data/write')),
      mayNot(putObject('data/delete')),
      may(deleteObject('data/delete')),
      // S3 does not report whether the object existed.
      may(deleteObject('data/delete-nothing')),
      // Neither action supports conditions on existing tags.
      mayNot(putObject('data/red')),
      mayNot(deleteObject('data/red')),
    ],
  });

  scenario('OB-04', 'S3 authorizes each object of a DeleteObjects call separately', {
    source: 'Amazon S3 API Reference, DeleteObjects: success or error of each object',
    ...appWith(allow('s3:DeleteObject', 'data/mine/*'), allow('s3:GetObject', 'data/*')),
    objects: ['data/mine/one', 'data/mine/two', 'data/other'],
    probes: [
      may(deleteObjects('data', ['mine/one', 'other', 'mine/two']), { deleted: 2, refusals: 'AccessDenied' }),
      may(getObject('data/other')),
    ],
  });

  scenario('OB-05', 'writing an object with tags also needs the permission to tag', {
    source: 'Amazon S3 User Guide, "Categorizing your objects using tags": s3:PutObjectTagging',
    ...appWith(
      allow('s3:GetObject', 'data/plain/*'),
      allow('s3:PutObject', ['data/plain/*', 'data/tagged/*', 'data/red/*', 'data/odd/*']),
      allow('s3:PutObjectTagging', 'data/tagged/*'),
      allow('s3:PutObjectTagging', 'data/red/*', { StringEquals: { 's3:RequestObjectTag/team': 'red' } }),
      allow(['s3:GetObject', 's3:GetObjectTagging'], ['data/red/*', 'data/tagged/*'], TEAM_TAG_IS_RED),
      allow('s3:PutObjectTagging', 'data/odd/*', { StringEquals: { 's3:RequestObjectTag/of team': 'a b/c+d=é' } }),
    ),
    buckets: { data: {} },
    probes: [
      may(putObject('data/plain/key')),
      mayNot(putObject('data/plain/tagged', team)),
      may(putObject('data/tagged/key', team)),
      may(putObject('data/red/key', team)),
      mayNot(putObject('data/red/other', { tags: { team: 'blue' } })),
      succeeds(ask('PUT data/red/copy', copyOf('data/plain/key', retagged('team=red')))),
      fails(ask('PUT data/red/copy', copyOf('data/plain/key', retagged('team=blue'))), NOT_ALLOWED),
      // A copy includes the object's tags, which the caller must be allowed to read.
      may(putObject('data/tagged/blue', { tags: { team: 'blue' } })),
      succeeds(ask('PUT data/tagged/copy', copyOf('data/red/key'))),
      fails(ask('PUT data/tagged/copy', copyOf('data/tagged/blue')), NOT_ALLOWED),
      // Tags are percent-encoded in the header.
      may(putObject('data/odd/key', { tags: { 'of team': 'a b/c+d=é' } })),
      mayNot(putObject('data/odd/other', { tags: { 'of team': 'a b/c d=é' } })),
    ],
  });

  scenario('OB-25', 'attributes, tags and uploads of an object each need their own permission', {
    source: `${PERMISSIONS}; Amazon S3 User Guide, "Multipart upload API and permissions"`,
    needs: ['own-boundary'],
    ...appWith(
      allow(ACTIONS, 'data/all'),
      ...ACTIONS.map((action) =>
        allow(
          ACTIONS.filter((other) => other !== action),
          without(action),
        ),
      ),
    ),
    objects: ['data/all', ...ACTIONS.map(without)],
    probes: ON_OBJECTS.flatMap(([action, request, options, refusal]) => {
      const allowed = ask(request.replace('*', 'data/all'), options);
      return [
        refusal === undefined ? succeeds(allowed) : fails(allowed, refusal),
        fails(ask(request.replace('*', without(action)), options), NOT_ALLOWED),
      ];
    }),
  });

  scenario('OB-26', 'each bucket operation needs its own permission', {
    source: `${PERMISSIONS}; Amazon S3 API Reference, CreateBucket: s3:TagResource; ListBuckets: s3:ListAllMyBuckets`,
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(
        ...ON_BUCKETS.map(([bucket, requests]) => allow(Object.keys(requests), bucket)),
        allow('s3:CreateBucket', ['unmade', 'forbidden']),
        allow('s3:TagResource', 'forbidden'),
        deny('s3:CreateBucket', 'forbidden', { StringEquals: { 'aws:RequestTag/team': 'red' } }),
        allow('s3:ListBucketVersions', 'one', { StringEquals: { 's3:prefix': 'red/' } }),
        allow('s3:ListBucketVersions', 'one', { StringEquals: { 's3:delimiter': '-' } }),
        allow('s3:ListBucketVersions', 'one', { NumericLessThan: { 's3:max-keys': '10' } }),
      ),
      lister: podIdentityRole(allow('s3:ListAllMyBuckets', '*')),
    },
    workloads: { ...APP, lister: { serviceAccount: 'lister', role: 'lister' } },
    buckets: { one: {}, two: {} },
    probes: [
      succeeds(signedRequest('lister', 'GET s3:/')),
      fails(ask('GET s3:/'), NOT_ALLOWED),
      fails(ask('DELETE two?publicAccessBlock'), NOT_ALLOWED),
      fails(ask('PUT one?tagging', teamTag('red')), NOT_ALLOWED),
      // The creation of a bucket with tags also requires the permission to tag.
      fails(ask('PUT unmade', BUCKET_OF_RED), { ...NOT_ALLOWED, message: 's3:TagResource' }),
      fails(ask('PUT forbidden', BUCKET_OF_RED), DENIED),
      check('the region of a bucket', async ({ aws, name }) => {
        const s3 = new S3(await aws('s3'));
        const [Bucket, region] = [name('<bucket:one>'), name('<region:c1>')];
        expect((await s3.headBucket({ Bucket })).BucketRegion).to.equal(region);
        // S3 returns no location for us-east-1.
        const { LocationConstraint = 'us-east-1' } = await s3.getBucketLocation({ Bucket });
        expect(LocationConstraint).to.equal(region);
      }),
      ...ON_BUCKETS.flatMap(([bucket, requests]) =>
        Object.values(requests).flatMap((request) => [
          fails(ask(request.replace('*', bucket === 'one' ? 'two' : 'one'), BODIES[request]), NOT_ALLOWED),
          succeeds(ask(request.replace('*', bucket), BODIES[request])),
        ]),
      ),
      ...['prefix=red%2F', 'delimiter=-', 'max-keys=9'].map((asked) => succeeds(ask(`GET one?versions&${asked}`))),
      fails(ask('GET one?versions&prefix=red&delimiter=_&max-keys=10'), NOT_ALLOWED),
    ],
  });
});
