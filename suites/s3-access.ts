/** Which permission each call of S3 asks for. */
import {
  allow,
  asSession,
  deleteObject,
  deleteObjects,
  fails,
  getObject,
  getObjectTagging,
  headBucket,
  headObject,
  listObjects,
  podIdentityRole,
  putObject,
  succeeds,
  suite,
} from '../harness/index.ts';

const PERMISSIONS = 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';

const NOT_ALLOWED = { by: 's3', code: 'AccessDenied', status: 403, policy: 'identity', explicit: false } as const;

const APP = { app: { role: 'app' } } as const;
const may = (call: Parameters<typeof asSession>[1]) => succeeds(asSession('app', call));
const mayNot = (call: Parameters<typeof asSession>[1]) => fails(asSession('app', call), NOT_ALLOWED);
const team = { tags: { team: 'red' } };

suite('s3', ({ scenario }) => {
  scenario('OB-01', 'HeadBucket and listing need s3:ListBucket, and reading objects does not give it', {
    source: PERMISSIONS,
    roles: { app: podIdentityRole(allow('s3:ListBucket', 'listed'), allow('s3:GetObject', ['listed/*', 'read/*'])) },
    workloads: APP,
    objects: ['listed/key', 'read/key'],
    probes: [
      may(headBucket('listed')),
      may(listObjects('listed')),
      may(getObject('read/key')),
      mayNot(headBucket('read')),
      mayNot(listObjects('read')),
    ],
  });

  scenario('OB-02', 'reading tags and reading objects are two permissions', {
    source: PERMISSIONS,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/object'),
        allow('s3:GetObjectTagging', 'data/tags'),
        allow('s3:GetObjectTagging', 'data/red/*', { StringEquals: { 's3:ExistingObjectTag/team': 'red' } }),
      ),
    },
    workloads: APP,
    objects: ['object', 'tags', 'red/mine', 'red/other'].map((key) => ({
      at: `data/${key}`,
      tags: { team: key === 'red/other' ? 'blue' : 'red' },
    })),
    probes: [
      may(getObject('data/object')),
      may(headObject('data/object')),
      mayNot(getObjectTagging('data/object')),
      succeeds(asSession('app', getObjectTagging('data/tags')), { tags: 1 }),
      mayNot(getObject('data/tags')),
      mayNot(headObject('data/tags')),
      may(getObjectTagging('data/red/mine')),
      mayNot(getObjectTagging('data/red/other')),
    ],
  });

  scenario('OB-03', 'deleting and writing are two permissions', {
    source: PERMISSIONS,
    roles: { app: podIdentityRole(allow('s3:PutObject', 'data/write*'), allow('s3:DeleteObject', 'data/delete*')) },
    workloads: APP,
    objects: ['data/write', 'data/delete'],
    probes: [
      may(putObject('data/write')),
      mayNot(deleteObject('data/write')),
      mayNot(putObject('data/delete')),
      may(deleteObject('data/delete')),
      // Nobody is told whether there was one.
      may(deleteObject('data/delete-nothing')),
    ],
  });

  scenario('OB-04', 'of several objects that one call deletes, each is asked about by itself', {
    source: 'Amazon S3 API Reference, DeleteObjects: success or error of each object',
    roles: { app: podIdentityRole(allow('s3:DeleteObject', 'data/mine/*'), allow('s3:GetObject', 'data/*')) },
    workloads: APP,
    objects: ['data/mine/one', 'data/mine/two', 'data/other'],
    probes: [
      succeeds(asSession('app', deleteObjects('data', ['mine/one', 'other', 'mine/two'])), {
        deleted: 2,
        refusals: 'AccessDenied',
      }),
      may(getObject('data/other')),
    ],
  });

  scenario('OB-05', 'writing an object with tags needs the permission to tag besides', {
    source: 'Amazon S3 User Guide, "Categorizing your objects using tags": s3:PutObjectTagging',
    roles: {
      app: podIdentityRole(
        allow('s3:PutObject', ['data/plain/*', 'data/tagged/*', 'data/red/*']),
        allow('s3:PutObjectTagging', 'data/tagged/*'),
        allow('s3:PutObjectTagging', 'data/red/*', { StringEquals: { 's3:RequestObjectTag/team': 'red' } }),
      ),
    },
    workloads: APP,
    buckets: { data: {} },
    probes: [
      may(putObject('data/plain/key')),
      mayNot(putObject('data/plain/tagged', team)),
      may(putObject('data/tagged/key', team)),
      may(putObject('data/red/key', team)),
      mayNot(putObject('data/red/other', { tags: { team: 'blue' } })),
    ],
  });
});
