/** Policies that compare tags of objects with tags of the session. */
import { allow, control, denied, getObject, granted, podIdentityRole, putObject, suite } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { OPERATORS, TAGS_OF_PODS } from '../lib/sources.ts';
import { APP, sameTag } from '../lib/worlds.ts';
import { reader, readsFirst } from './lib/reads.ts';

const MINE = { at: 'data/mine', tags: { 'kubernetes-namespace': '<namespace:app>' } };

suite('abac', ({ scenario }) => {
  scenario('AB-05', 'an object is readable where its tag matches the session', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: reader('*', sameTag('kubernetes-namespace')) },
    workloads: APP,
    ...readsFirst('app', 'data/mine', 'data/other'),
    objects: [MINE, { at: 'data/other', tags: { 'kubernetes-namespace': 'elsewhere' } }],
  });

  scenario('AB-06', 'an object without tags is not readable under a condition on its tag', {
    source: `${OPERATORS}: a key that is not in the request does not match StringEquals`,
    roles: { app: reader('*', sameTag('kubernetes-namespace')) },
    workloads: APP,
    objects: [MINE, 'data/untagged'],
    probes: [control('app', getObject('data/mine')), denied('app', getObject('data/untagged'), NOT_ALLOWED)],
  });

  scenario('AB-07', 'a missing object has no tag to match, even for a session that may list the bucket', {
    // S3 says 404 to those who may read and list; this session may read nothing that has no tag, so S3 should answer as
    // it does to any read that is not allowed. AWS does not document the case itself.
    source: 'Amazon S3 API Reference, GetObject, permissions; IAM User Guide, condition operators',
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', 'data'),
        allow('s3:GetObject', 'data/*', sameTag('kubernetes-namespace')),
      ),
    },
    workloads: APP,
    objects: [MINE],
    probes: [control('app', getObject('data/mine')), denied('app', getObject('data/nothing-here'), NOT_ALLOWED)],
  });

  scenario('AB-19', 'objects can be written only with their own namespace as tag', {
    source: 'Service Authorization Reference, Amazon S3, s3:RequestObjectTag; PutObject permissions',
    roles: {
      app: podIdentityRole(
        allow('s3:PutObjectTagging', 'data/*'),
        allow('s3:PutObject', 'data/*', {
          StringEquals: { 's3:RequestObjectTag/kubernetes-namespace': '${aws:PrincipalTag/kubernetes-namespace}' },
        }),
      ),
    },
    workloads: APP,
    buckets: { data: {} },
    probes: [
      granted('app', putObject('data/mine', { tags: { 'kubernetes-namespace': '<namespace:app>' } })),
      denied('app', putObject('data/wrong', { tags: { 'kubernetes-namespace': 'elsewhere' } }), NOT_ALLOWED),
      denied('app', putObject('data/untagged'), NOT_ALLOWED),
    ],
  });
});
