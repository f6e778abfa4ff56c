/** Which permission each call of S3 asks for, and which signatures and sessions it takes. */
import {
  advanceClock,
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
  signedGet,
  succeeds,
  suite,
} from '../harness/index.ts';

const PERMISSIONS = 'Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"';
const SIGNING = 'Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)"';
const ERRORS = 'Amazon S3 API Reference, "Error responses"';

const NOT_ALLOWED = { by: 's3', code: 'AccessDenied', status: 403, policy: 'identity', explicit: false } as const;
const MISMATCH = { by: 's3', code: 'SignatureDoesNotMatch', status: 403 } as const;

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

  scenario('SG-01', "S3 takes a session's own signature, and none that is wrong in one thing", {
    source: `${SIGNING}; ${ERRORS}`,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: APP,
    objects: ['data/key', 'data/key-another'],
    probes: [
      succeeds(signedGet('app', 'data/key')),
      fails(signedGet('app', 'data/key', 'flip-signature'), MISMATCH),
      fails(signedGet('app', 'data/key', 'another-secret'), MISMATCH),
      fails(signedGet('app', 'data/key', 'another-path'), MISMATCH),
      fails(signedGet('app', 'data/key', 'another-query'), MISMATCH),
      fails(signedGet('app', 'data/key', 'another-method'), MISMATCH),
      fails(signedGet('app', 'data/key', 'unsigned-header'), {
        by: 's3',
        code: 'AccessDenied',
        status: 403,
        message: 'not signed',
      }),
      fails(signedGet('app', 'data/key', 'an-hour-ago'), { by: 's3', code: 'RequestTimeTooSkewed', status: 403 }),
      fails(signedGet('app', 'data/key', 'another-region'), {
        by: 's3',
        code: 'AuthorizationHeaderMalformed',
        status: 400,
      }),
    ],
  });

  scenario('SG-02', 'a session is its key, its secret and its token together', {
    source: `${ERRORS}: InvalidAccessKeyId, InvalidToken`,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      succeeds(signedGet('app', 'data/key')),
      fails(signedGet('app', 'data/key', 'unknown-key'), { by: 's3', code: 'InvalidAccessKeyId', status: 403 }),
      fails(signedGet('app', 'data/key', 'another-session-token'), { by: 's3', code: 'InvalidToken', status: 400 }),
      // A key of a session is none without its token.
      fails(signedGet('app', 'data/key', 'no-session-token'), {
        by: 's3',
        code: ['InvalidAccessKeyId', 'InvalidToken'],
      }),
      fails(signedGet('app', 'data/key', 'unsigned'), { by: 's3', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('SG-03', 'a session that has ended opens nothing', {
    source: `${ERRORS}: ExpiredToken`,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      may(getObject('data/key')),
      advanceClock(6 * 3600 + 60),
      fails(asSession('app', getObject('data/key')), { by: 's3', code: 'ExpiredToken', status: 400 }),
    ],
  });
});
