/** Versions, owners and conditions: which requests for an object S3 takes, and what it asks of whom. */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
  type GetObjectCommandInput,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import {
  allow,
  check,
  fails,
  podIdentityRole,
  signedRequest,
  succeeds,
  suite,
  type SignedRequestOptions,
} from '../harness/index.ts';
import { APP, ask, ETAG_OF_ONE, may, mayNot, refusedWith, teamTag, withMd5 } from './lib/s3-requests.ts';

const PERMISSIONS = 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';

/** Version `null` of two objects. */
const ENTRIES = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${['newest', 'tags']
  .map((folder) => `<Object><Key>${folder}/key</Key><VersionId>null</VersionId></Object>`)
  .join('')}</Delete>`;
const ofVersion = (key: string, more: Readonly<Record<string, string>> = {}) => ({
  headers: { 'x-amz-copy-source': `<bucket:data>/${key}?versionId=null`, ...more },
});

suite('s3', ({ scenario }) => {
  scenario('OB-09', 'a version of an object has permissions and a condition key of its own', {
    source: `${PERMISSIONS}; Service Authorization Reference, Amazon S3: s3:VersionId`,
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/newest/*'),
        allow('s3:GetObjectVersion', 'data/versions/*'),
        allow('s3:GetObjectVersion', 'data/null/*', { StringEquals: { 's3:VersionId': 'null' } }),
        allow('s3:GetObjectVersion', 'data/other/*', { StringNotEquals: { 's3:VersionId': 'null' } }),
        allow('s3:GetObjectVersionTagging', ['data/tags/*', 'data/source/*']),
        allow('s3:PutObjectVersionTagging', 'data/tags/*'),
        allow('s3:GetObjectVersion', 'data/source/*'),
        allow('s3:PutObject', ['data/copy', 'data/plain']),
        allow('s3:PutObjectTagging', 'data/copy'),
        allow('s3:DeleteObject', 'data/newest/*'),
        allow('s3:DeleteObjectVersion', ['data/versions/*', 'data/tags/*']),
      ),
    },
    workloads: APP,
    objects: ['newest', 'versions', 'null', 'other', 'tags', 'source'].map((folder) => ({
      at: `data/${folder}/key`,
      tags: { team: 'red' },
    })),
    probes: [
      may('GET data/newest/key'),
      mayNot('GET data/newest/key?versionId=null'),
      // In a bucket without versions, each object is its version `null`.
      may('GET data/versions/key?versionId=null'),
      mayNot('GET data/versions/key'),
      may('GET data/null/key?versionId=null'),
      mayNot('GET data/other/key?versionId=null'),
      may('GET data/tags/key?tagging&versionId=null'),
      mayNot('GET data/tags/key?tagging'),
      mayNot('GET data/tags/key?versionId=null'),
      may('PUT data/tags/key?tagging&versionId=null', teamTag('blue')),
      mayNot('PUT data/tags/key?tagging', teamTag('blue')),
      // With an object its tags are copied.
      may('PUT data/copy', ofVersion('source/key')),
      mayNot('PUT data/copy', ofVersion('versions/key')),
      mayNot('PUT data/plain', ofVersion('source/key')),
      may('PUT data/plain', ofVersion('versions/key', { 'x-amz-tagging-directive': 'REPLACE' })),
      mayNot('DELETE data/versions/key'),
      mayNot('DELETE data/newest/key?versionId=null'),
      may('DELETE data/versions/key?versionId=null'),
      may('POST data?delete', withMd5(ENTRIES)),
      may('GET data/newest/key'),
      mayNot('GET data/tags/key?tagging&versionId=null'),
      fails(ask('GET data/versions/key?versionId='), refusedWith('InvalidArgument', 400)),
      fails(ask('GET data/versions/key?versionId=none'), refusedWith('InvalidArgument', 400)),
    ],
  });

  const versioning = (Status: string) =>
    ask('PUT data?versioning', {
      body: `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${Status}</Status></VersioningConfiguration>`,
    });
  const MARKED = refusedWith('MethodNotAllowed', 405);

  scenario('OB-22', 'what a delete marker hides is not there, and the marker itself is no object', {
    source:
      'Amazon S3 User Guide, "Working with delete markers" and "Deleting objects from versioning-suspended buckets"; Amazon S3 API Reference, GetObject: 405 Method Not Allowed, x-amz-delete-marker',
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(
        allow(['s3:GetObject*', 's3:PutObject', 's3:DeleteObject*'], 'data/*'),
        allow(['s3:PutBucketVersioning', 's3:ListBucket', 's3:ListBucketVersions'], 'data'),
      ),
    },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      // Then what is deleted leaves a marker, whose version is `null`.
      may('GET data/key?versionId=null'),
      succeeds(versioning('Suspended')),
      may('DELETE data/key'),
      fails(ask('GET data/key'), { ...refusedWith('NoSuchKey', 404), facts: { Key: 'key' } }),
      fails(ask('GET data/key?tagging'), MARKED),
      check('it is said that a marker hides it, and of what never was, nothing', async ({ aws, name }) => {
        const s3 = new S3Client(await aws('s3'));
        const markerOf = (Key: string): Promise<unknown> =>
          s3.send(new GetObjectCommand({ Bucket: name('<bucket:data>'), Key })).then(
            () => 'an object',
            ({ $response }: S3ServiceException) => $response?.headers['x-amz-delete-marker'],
          );
        expect(await markerOf('key')).to.equal('true');
        expect(await markerOf('nothing')).to.equal(undefined);
      }),
      fails(ask('GET data/key?versionId=null'), { ...MARKED, facts: { Method: 'GET', ResourceType: 'DeleteMarker' } }),
      fails(ask('GET data/key?tagging&versionId=null'), MARKED),
      fails(ask('GET data/key?versionId=null', { headers: { range: 'bytes=0-1' } }), MARKED),
      fails(ask('PUT data/copy', ofVersion('key')), refusedWith('InvalidRequest', 400)),
      may('DELETE data/key?versionId=null'),
      fails(ask('GET data/key?versionId=null'), refusedWith('NoSuchVersion', 404)),
    ],
  });

  scenario('OB-24', 'each version of an object has tags of its own, and its own are asked about', {
    source:
      'Amazon S3 User Guide, "Tagging and access control policies": s3:ExistingObjectTag; "Adding objects to versioning-enabled buckets"',
    // AWS asks to wait for fifteen minutes once versions are kept.
    needs: ['call-record', 'own-boundary'],
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/key', { StringEquals: { 's3:ExistingObjectTag/team': 'blue' } }),
        allow('s3:GetObjectVersion', 'data/key', { StringEquals: { 's3:ExistingObjectTag/team': 'red' } }),
        allow(
          [
            ...['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectVersionTagging'],
            ...['s3:DeleteObject', 's3:DeleteObjectVersion'],
          ],
          'data/key',
        ),
        allow('s3:PutBucketVersioning', 'data'),
      ),
    },
    workloads: APP,
    objects: [{ at: 'data/key', tags: { team: 'red' } }],
    probes: [
      mayNot('GET data/key'),
      may('GET data/key?versionId=null'),
      succeeds(versioning('Enabled')),
      may('PUT data/key', { headers: { 'x-amz-tagging': 'team=blue' } }),
      may('PUT data/key?tagging&versionId=null', teamTag('red')),
      may('GET data/key'),
      may('GET data/key?versionId=null'),
      may('DELETE data/key'),
      mayNot('GET data/key'),
      may('GET data/key?versionId=null'),
      may('DELETE data/key?versionId=null'),
      mayNot('GET data/key'),
      mayNot('GET data/key?versionId=null'),
      check('a version and a marker are left, which are deleted', async ({ aws, name }) => {
        const s3 = new S3Client(await aws('s3'));
        const Bucket = name('<bucket:data>');
        const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        expect([Versions.length, DeleteMarkers.length]).to.deep.equal([1, 1]);
        const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      }),
    ],
  });

  scenario('OB-10', 'only who may list versions is told that one is missing', {
    source: 'Amazon S3 API Reference, GetObject, permissions: s3:ListBucketVersions',
    needs: ['own-boundary'],
    roles: {
      app: podIdentityRole(
        allow(['s3:GetObject', 's3:GetObjectVersion'], ['listed/*', 'versions/*', 'hidden/*']),
        allow('s3:ListBucket', 'listed'),
        allow('s3:ListBucketVersions', 'versions'),
      ),
    },
    workloads: APP,
    objects: ['listed/key', 'versions/key', 'hidden/key'],
    probes: [
      fails(ask('GET listed/nothing'), { ...refusedWith('NoSuchKey', 404), facts: { Key: 'nothing' } }),
      fails(ask('GET versions/nothing?versionId=null'), {
        ...refusedWith('NoSuchVersion', 404),
        facts: { Key: 'nothing', VersionId: 'null' },
      }),
      mayNot('GET versions/nothing'),
      mayNot('GET listed/nothing?versionId=null'),
      mayNot('GET hidden/nothing'),
      mayNot('GET hidden/nothing?versionId=null'),
      may('GET hidden/key?versionId=null'),
    ],
  });

  scenario('OB-11', 'a request may say whose bucket it means, and is refused at any other', {
    source: 'Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition"',
    roles: { app: podIdentityRole(allow(['s3:GetObject', 's3:PutObject'], 'data/*'), allow('s3:ListBucket', 'data')) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      may('GET data/key', { headers: { 'x-amz-expected-bucket-owner': '<account:main>' } }),
      may('GET data?list-type=2', { headers: { 'x-amz-expected-bucket-owner': '<account:main>' } }),
      ...['GET data/key', 'GET data?list-type=2', 'PUT data/new'].map((request) =>
        fails(ask(request, { headers: { 'x-amz-expected-bucket-owner': '000000000000' } }), {
          ...refusedWith('AccessDenied', 403),
        }),
      ),
      fails(ask('GET data/key', { headers: { 'x-amz-expected-bucket-owner': '1234' } }), {
        ...refusedWith('InvalidBucketOwnerAWSAccountID', 400),
      }),
      may('PUT data/copy', {
        headers: { 'x-amz-copy-source': '<bucket:data>/key', 'x-amz-source-expected-bucket-owner': '<account:main>' },
      }),
      fails(
        ask('PUT data/copy', {
          headers: { 'x-amz-copy-source': '<bucket:data>/key', 'x-amz-source-expected-bucket-owner': '000000000000' },
        }),
        refusedWith('AccessDenied', 403),
      ),
      fails(ask('PUT data/copy', { headers: { 'x-amz-copy-source': 'No_Bucket/key' } }), {
        ...refusedWith('InvalidBucketName', 400),
        facts: { BucketName: 'No_Bucket' },
      }),
      // Of a bucket that there is not, and of a name that none can have, everybody is told.
      fails(ask('GET none/key'), { ...refusedWith('NoSuchBucket', 404), facts: { BucketName: '<bucket:none>' } }),
      fails(signedRequest(null, 'GET none/key'), refusedWith('NoSuchBucket', 404)),
    ],
  });

  const hidden = (request: string, options: SignedRequestOptions) =>
    fails(ask(request, options), refusedWith('304', 304));
  const failed = (request: string, options: SignedRequestOptions, Condition?: string) =>
    fails(ask(request, options), {
      ...refusedWith('PreconditionFailed', 412),
      ...(Condition !== undefined && { facts: { Condition } }),
    });
  const onlyIf = (name: string, value: string): SignedRequestOptions => ({ headers: { [name]: value } });
  const [LONG_AGO, FAR_AHEAD] = ['Wed, 01 Jan 2020 00:00:00 GMT', 'Wed, 01 Jan 2120 00:00:00 GMT'];

  scenario('OB-14', 'an object is read under the conditions of HTTP', {
    source: 'Amazon S3 API Reference, GetObject and CopyObject: If-Match and the others; RFC 9110, section 13',
    roles: { app: podIdentityRole(allow(['s3:GetObject', 's3:PutObject'], 'data/*')) },
    workloads: APP,
    buckets: { data: {} },
    probes: [
      may('PUT data/one', { body: 'one' }),
      may('GET data/one', onlyIf('if-match', ETAG_OF_ONE)),
      may('GET data/one', onlyIf('if-match', `"other", ${ETAG_OF_ONE}`)),
      failed('GET data/one', onlyIf('if-match', '"other"'), 'If-Match'),
      hidden('GET data/one', onlyIf('if-none-match', ETAG_OF_ONE)),
      hidden('GET data/one', onlyIf('if-none-match', '*')),
      // Whether it is a weak one makes no difference to If-None-Match (RFC 9110, section 13.1.2).
      hidden('GET data/one', onlyIf('if-none-match', `W/${ETAG_OF_ONE}`)),
      hidden('GET data/one', onlyIf('if-none-match', `"other", ${ETAG_OF_ONE}`)),
      may('GET data/one', onlyIf('if-none-match', '"other"')),
      may('GET data/one', onlyIf('if-unmodified-since', FAR_AHEAD)),
      failed('GET data/one', onlyIf('if-unmodified-since', LONG_AGO), 'If-Unmodified-Since'),
      may('GET data/one', onlyIf('if-modified-since', LONG_AGO)),
      // A time that is still to come is none (RFC 9110, section 13.1.3).
      may('GET data/one', onlyIf('if-modified-since', FAR_AHEAD)),
      may('GET data/one', onlyIf('if-unmodified-since', 'some day')),
      may('GET data/one', onlyIf('if-modified-since', 'some day')),
      // An entity tag says more than a time.
      may('GET data/one', { headers: { 'if-match': ETAG_OF_ONE, 'if-unmodified-since': LONG_AGO } }),
      hidden('GET data/one', { headers: { 'if-none-match': ETAG_OF_ONE, 'if-modified-since': LONG_AGO } }),
      check('it was written in the second that the answer says', async ({ aws, name }) => {
        const s3 = new S3Client(await aws('s3'));
        const object = { Bucket: name('<bucket:data>'), Key: 'one' };
        const { LastModified: written = new Date(0) } = await s3.send(new HeadObjectCommand(object));
        const before = new Date(written.getTime() - 1000);
        const statusOf = (conditions: Partial<GetObjectCommandInput>): Promise<number | undefined> =>
          s3.send(new GetObjectCommand({ ...object, ...conditions })).then(
            ({ $metadata }) => $metadata.httpStatusCode,
            ({ $metadata }: S3ServiceException) => $metadata.httpStatusCode,
          );
        expect(await statusOf({ IfModifiedSince: written })).to.equal(304);
        expect(await statusOf({ IfModifiedSince: before })).to.equal(200);
        expect(await statusOf({ IfUnmodifiedSince: written })).to.equal(200);
        expect(await statusOf({ IfUnmodifiedSince: before })).to.equal(412);
      }),
      ...[
        { 'x-amz-copy-source-if-match': ETAG_OF_ONE },
        { 'x-amz-copy-source-if-none-match': '"other"' },
        { 'x-amz-copy-source-if-modified-since': LONG_AGO },
        { 'x-amz-copy-source-if-unmodified-since': FAR_AHEAD },
      ].map((condition) =>
        may('PUT data/copy', { headers: { 'x-amz-copy-source': '<bucket:data>/one', ...condition } }),
      ),
      ...[
        { 'x-amz-copy-source-if-match': '"other"' },
        { 'x-amz-copy-source-if-none-match': ETAG_OF_ONE },
        { 'x-amz-copy-source-if-unmodified-since': LONG_AGO },
      ].map((condition) =>
        failed('PUT data/copy', { headers: { 'x-amz-copy-source': '<bucket:data>/one', ...condition } }),
      ),
    ],
  });

  scenario('OB-15', 'an object is written and deleted under the conditions that a request has', {
    source:
      'Amazon S3 User Guide, "How to prevent object overwrites with conditional writes" and "How to perform conditional deletes"',
    roles: {
      app: podIdentityRole(
        allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], 'data/*'),
        allow(['s3:ListBucket'], 'data'),
        allow(['s3:PutObject', 's3:DeleteObject'], 'blind/*'),
      ),
    },
    workloads: APP,
    objects: ['blind/key'],
    buckets: { data: {}, blind: {} },
    probes: [
      may('PUT data/one', { body: 'one', ...onlyIf('if-none-match', '*') }),
      failed('PUT data/one', { body: 'two', ...onlyIf('if-none-match', '*') }, 'If-None-Match'),
      may('PUT data/one', { body: 'one', ...onlyIf('if-match', ETAG_OF_ONE) }),
      failed('PUT data/one', { body: 'two', ...onlyIf('if-match', '"other"') }, 'If-Match'),
      fails(ask('PUT data/none', onlyIf('if-match', ETAG_OF_ONE)), refusedWith('NoSuchKey', 404)),
      ...[['if-none-match', '"other"', 'If-None-Match'] as const, ['if-match', '*', 'If-Match'] as const].map(
        ([header, value, Header]) =>
          fails(ask('PUT data/one', onlyIf(header, value)), {
            ...refusedWith('NotImplemented', 501),
            facts: { Header },
          }),
      ),
      fails(ask('PUT data/one', { headers: { 'if-match': ETAG_OF_ONE, 'if-none-match': '*' } }), {
        ...refusedWith('NotImplemented', 501),
      }),
      // To compare is to read.
      mayNot('PUT blind/key', onlyIf('if-match', ETAG_OF_ONE)),
      mayNot('DELETE blind/key', onlyIf('if-match', ETAG_OF_ONE)),
      may('DELETE blind/key', onlyIf('if-match', '*')),
      failed('DELETE data/one', onlyIf('if-match', '"other"'), 'If-Match'),
      may('DELETE data/one', onlyIf('if-match', ETAG_OF_ONE)),
    ],
  });
});
