/** What a session learns about objects that do not exist. */
import { absent, allow, control, denied, getObject, headObject, suite } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { appWith } from '../lib/worlds.ts';

suite('s3', ({ scenario }) => {
  scenario('AB-23', 'only a session that may list a bucket learns that an object is missing', {
    source: 'Amazon S3 API Reference, GetObject, permissions',
    ...appWith(allow('s3:GetObject', ['listed/*', 'hidden/*']), allow('s3:ListBucket', 'listed')),
    objects: ['listed/key', 'hidden/key'],
    probes: [
      absent('app', getObject('listed/nothing-here'), { by: 's3', code: 'NoSuchKey', status: 404 }),
      control('app', getObject('hidden/key')),
      denied('app', getObject('hidden/nothing-here'), { by: 's3', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('AB-24', 'HEAD is denied like GET, and reveals nothing more', {
    source: 'Amazon S3 API Reference, HeadObject',
    ...appWith(allow('s3:GetObject', 'data/mine/*'), allow('s3:ListBucket', 'data')),
    objects: ['data/mine/key', 'data/other/key'],
    probes: [
      control('app', headObject('data/mine/key')),
      absent('app', headObject('data/mine/nothing-here'), { by: 's3', status: 404 }),
      denied('app', headObject('data/other/key'), NOT_ALLOWED),
      denied('app', headObject('data/other/nothing-here'), NOT_ALLOWED),
    ],
  });
});
