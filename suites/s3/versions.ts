/** Versions of objects, and delete markers. */
import type { S3ServiceException } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { allow, fails, isAbsent, succeeds, suite } from '../../harness/index.ts';
import { errorOf } from '../lib/errors.ts';
import { ask, copyOf, may, mayNot, refusedWith, teamTag, withHeader, withMd5, xml } from '../lib/s3-requests.ts';
import { appWith } from '../lib/worlds.ts';
import { checkBucket } from './lib/check-bucket.ts';

const PERMISSIONS = 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';
/** Version `null` of two objects. */
const ENTRIES = ['newest', 'tags'].map(
  (folder) => `<Object><Key>${folder}/key</Key><VersionId>null</VersionId></Object>`,
);
const ATTRIBUTES = withHeader('x-amz-object-attributes', 'ETag');
const ofVersion = (key: string, more?: Readonly<Record<string, string>>) => copyOf(`data/${key}?versionId=null`, more);
const NULL_VERSION = { StringEquals: { 's3:VersionId': 'null' } };
const OTHER_VERSION = { StringNotEquals: { 's3:VersionId': 'null' } };

suite('s3', ({ scenario }) => {
  const versioning = (Status: string, bucket = 'data') =>
    ask(`PUT ${bucket}?versioning`, { body: xml('VersioningConfiguration', `<Status>${Status}</Status>`) });
  const MARKED = refusedWith('MethodNotAllowed', 405);

  scenario('OB-09', 'a version of an object has its own permissions and condition key', {
    source: `${PERMISSIONS}; Service Authorization Reference, Amazon S3: s3:VersionId`,
    needs: ['own-boundary'],
    ...appWith(
      allow('s3:GetObject', 'data/newest/*', { Null: { 's3:VersionId': 'true' } }),
      allow('s3:GetObjectVersion', 'data/versions/*'),
      allow(['s3:GetObjectVersion', 's3:GetObjectVersionAttributes'], 'data/null/*', NULL_VERSION),
      allow('s3:GetObjectVersion', 'data/other/*', OTHER_VERSION),
      allow('s3:GetObjectVersionTagging', ['data/tags/*', 'data/source/*']),
      allow('s3:PutObjectVersionTagging', 'data/tags/*'),
      allow('s3:GetObjectVersion', 'data/source/*'),
      allow('s3:PutObject', ['data/copy', 'data/plain']),
      allow('s3:PutObjectTagging', 'data/copy'),
      allow('s3:DeleteObject', 'data/newest/*'),
      allow('s3:DeleteObjectVersion', ['data/versions/*', 'data/tags/*']),
      allow(['s3:DeleteObjectVersion', 's3:GetObjectVersionTagging'], 'data/null/*', NULL_VERSION),
      allow(['s3:DeleteObjectVersion', 's3:GetObjectVersionTagging'], 'data/other/*', OTHER_VERSION),
    ),
    objects: ['newest', 'versions', 'null', 'other', 'tags', 'source'].map((folder) => ({
      at: `data/${folder}/key`,
      tags: { team: 'red' },
    })),
    probes: [
      may('GET data/newest/key'),
      mayNot('GET data/newest/key?versionId=null'),
      // In a bucket without versioning, each object has version `null`. S3 counts its tags for callers that may read a version's
      // tags.
      succeeds(ask('GET data/versions/key?versionId=null'), { tags: isAbsent }),
      succeeds(ask('GET data/source/key?versionId=null'), { tags: 1 }),
      mayNot('GET data/versions/key'),
      may('GET data/null/key?versionId=null'),
      mayNot('GET data/other/key?versionId=null'),
      may('GET data/null/key?attributes&versionId=null', ATTRIBUTES),
      mayNot('GET data/versions/key?attributes&versionId=null', ATTRIBUTES),
      may('GET data/tags/key?tagging&versionId=null'),
      mayNot('GET data/tags/key?tagging'),
      mayNot('GET data/tags/key?versionId=null'),
      may('GET data/null/key?tagging&versionId=null'),
      mayNot('GET data/other/key?tagging&versionId=null'),
      may('PUT data/tags/key?tagging&versionId=null', teamTag('blue')),
      mayNot('PUT data/tags/key?tagging', teamTag('blue')),
      // A copy includes the object's tags.
      may('PUT data/copy', ofVersion('source/key')),
      mayNot('PUT data/copy', ofVersion('versions/key')),
      mayNot('PUT data/plain', ofVersion('source/key')),
      may('PUT data/plain', ofVersion('versions/key', { 'x-amz-tagging-directive': 'REPLACE' })),
      mayNot('DELETE data/versions/key'),
      mayNot('DELETE data/newest/key?versionId=null'),
      may('DELETE data/versions/key?versionId=null'),
      may('DELETE data/null/key?versionId=null'),
      mayNot('DELETE data/other/key?versionId=null'),
      may('POST data?delete', withMd5(xml('Delete', ENTRIES.join('')))),
      may('GET data/newest/key'),
      mayNot('GET data/tags/key?tagging&versionId=null'),
      fails(ask('GET data/versions/key?versionId='), refusedWith('InvalidArgument', 400)),
      fails(ask('GET data/versions/key?versionId=none'), refusedWith('InvalidArgument', 400)),
    ],
  });

  scenario('OB-22', 'an object behind a delete marker is missing, and the marker itself is not an object', {
    source:
      'Amazon S3 User Guide, "Working with delete markers" and "Deleting objects from versioning-suspended buckets"; Amazon S3 API Reference, GetObject: 405 Method Not Allowed, x-amz-delete-marker',
    needs: ['own-boundary'],
    ...appWith(
      allow(['s3:PutObject', 's3:DeleteObject*'], 'data/*'),
      allow('s3:GetObject*', 'data/key'),
      allow(['s3:PutBucketVersioning', 's3:ListBucket', 's3:ListBucketVersions'], 'data'),
      allow(['s3:GetObject', 's3:DeleteObject*'], 'unlisted/*'),
      allow('s3:PutBucketVersioning', 'unlisted'),
    ),
    objects: ['data/key', 'unlisted/key'],
    probes: [
      // With suspended versioning, a deletion leaves a marker with version `null`.
      may('GET data/key?versionId=null'),
      succeeds(versioning('Suspended')),
      may('DELETE data/key'),
      may('DELETE data/hidden'),
      fails(ask('GET data/key'), { ...refusedWith('NoSuchKey', 404), facts: { Key: 'key' } }),
      fails(ask('GET data/key?tagging'), MARKED),
      checkBucket('only an object behind a marker has a marker header', async (s3, bucket) => {
        const markerOf = (Key: string): Promise<unknown> =>
          s3.getObject({ ...bucket, Key }).then(
            () => 'an object',
            ({ $response }: S3ServiceException) => $response?.headers['x-amz-delete-marker'],
          );
        expect(await markerOf('key')).to.equal('true');
        expect(await markerOf('nothing')).to.equal(undefined);
        // The deletion of a missing object also leaves a marker.
        expect(await markerOf('hidden')).to.equal('true');
      }),
      fails(ask('GET data/key?versionId=null'), { ...MARKED, facts: { Method: 'GET', ResourceType: 'DeleteMarker' } }),
      fails(ask('GET data/key?tagging&versionId=null'), MARKED),
      fails(ask('GET data/key?versionId=null', { headers: { range: 'bytes=0-1' } }), MARKED),
      fails(ask('PUT data/copy', ofVersion('key')), refusedWith('InvalidRequest', 400)),
      mayNot('PUT data/copy', copyOf('data/hidden?versionId=null')),
      mayNot('GET data/hidden?versionId=null'),
      may('DELETE data/key?versionId=null'),
      fails(ask('GET data/key?versionId=null'), refusedWith('NoSuchVersion', 404)),
      // To callers that may not list, the object looks as if it had never existed.
      may('GET unlisted/key'),
      succeeds(versioning('Suspended', 'unlisted')),
      may('DELETE unlisted/key'),
      mayNot('GET unlisted/key'),
      // Remaining markers would prevent the deletion of the buckets.
      ...['data/hidden', 'unlisted/key'].map((object) => may(`DELETE ${object}?versionId=null`)),
    ],
  });

  scenario('OB-24', 'each version of an object has its own tags, which apply to requests for that version', {
    source:
      'Amazon S3 User Guide, "Tagging and access control policies": s3:ExistingObjectTag; "Deleting a general purpose bucket"; "Adding objects to versioning-enabled buckets"',
    // AWS recommends waiting fifteen minutes after enabling versioning.
    needs: ['call-record', 'own-boundary'],
    ...appWith(
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
    objects: [{ at: 'data/key', tags: { team: 'red' } }],
    probes: [
      mayNot('GET data/key'),
      may('GET data/key?versionId=null'),
      succeeds(versioning('Enabled')),
      may('PUT data/key', withHeader('x-amz-tagging', 'team=blue')),
      may('PUT data/key?tagging&versionId=null', teamTag('red')),
      may('GET data/key'),
      may('GET data/key?versionId=null'),
      may('DELETE data/key'),
      mayNot('GET data/key'),
      may('GET data/key?versionId=null'),
      may('DELETE data/key?versionId=null'),
      mayNot('GET data/key'),
      mayNot('GET data/key?versionId=null'),
      checkBucket('a version and a marker keep the bucket until they are deleted', async (s3, bucket) => {
        const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions(bucket);
        expect([Versions.length, DeleteMarkers.length]).to.deep.equal([1, 1]);
        // The bucket is not empty, although a listing shows no objects.
        expect(await errorOf(s3.deleteBucket(bucket))).to.equal('BucketNotEmpty');
        const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
        const { Deleted = [] } = await s3.deleteObjects({ ...bucket, Delete: { Objects } });
        // The result shows for each object whether a marker was deleted.
        const markers = Deleted.filter(({ DeleteMarker }) => DeleteMarker);
        expect(markers.map(({ DeleteMarkerVersionId: id }) => id)).to.deep.equal(
          DeleteMarkers.map(({ VersionId }) => VersionId),
        );
      }),
    ],
  });

  scenario('OB-10', 'only a principal who may list versions learns that one is missing', {
    source: 'Amazon S3 API Reference, GetObject, permissions: s3:ListBucketVersions',
    needs: ['own-boundary'],
    ...appWith(
      allow(['s3:GetObject', 's3:GetObjectVersion'], ['listed/*', 'versions/*', 'hidden/*']),
      allow('s3:ListBucket', 'listed'),
      allow('s3:ListBucketVersions', 'versions'),
      allow('s3:ListBucket', 'closed'),
    ),
    objects: ['listed/key', 'versions/key', 'hidden/key'],
    buckets: { closed: {} },
    probes: [
      fails(ask('GET listed/nothing'), { ...refusedWith('NoSuchKey', 404), facts: { Key: 'nothing' } }),
      fails(ask('GET versions/nothing?versionId=null'), {
        ...refusedWith('NoSuchVersion', 404),
        facts: { Key: 'nothing', VersionId: 'null' },
      }),
      mayNot('GET versions/nothing'),
      mayNot('GET listed/nothing?versionId=null'),
      mayNot('GET hidden/nothing'),
      // A caller that may list but not read is denied.
      mayNot('GET closed/nothing'),
      mayNot('GET hidden/nothing?versionId=null'),
      // A response to HEAD has no body, only a status.
      fails(ask('HEAD listed/nothing'), refusedWith('404', 404)),
      fails(ask('HEAD hidden/nothing'), refusedWith('403', 403)),
      may('HEAD hidden/key'),
      may('GET hidden/key?versionId=null'),
    ],
  });
});
