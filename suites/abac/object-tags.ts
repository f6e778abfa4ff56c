/** Policies that compare object tags with session tags. */
import { allow, control, denied, getObject, granted, podIdentityRole, putObject, suite } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { OPERATORS, TAGS_OF_PODS } from '../lib/sources.ts';
import { APP, sameTag } from '../lib/worlds.ts';
import { reader, readsFirst } from './lib/reads.ts';

const MINE = { at: 'data/mine', tags: { 'kubernetes-namespace': '<namespace:app>' } };

suite('abac', ({ scenario }) => {
  scenario('AB-05', 'a pod can read an object whose tag equals its session tag', {
    profile: 'core',
    source: TAGS_OF_PODS,
    roles: { app: reader('*', sameTag('kubernetes-namespace')) },
    workloads: APP,
    ...readsFirst('app', 'data/mine', 'data/other'),
    objects: [MINE, { at: 'data/other', tags: { 'kubernetes-namespace': 'elsewhere' } }],
  });

  scenario('AB-06', 'a pod cannot read an untagged object if the policy requires a tag', {
    source: `${OPERATORS}: a key that is not in the request does not match StringEquals`,
    roles: { app: reader('*', sameTag('kubernetes-namespace')) },
    workloads: APP,
    objects: [MINE, 'data/untagged'],
    probes: [control('app', getObject('data/mine')), denied('app', getObject('data/untagged'), NOT_ALLOWED)],
  });

  scenario('AB-07', 'a read of a missing object is denied if the policy requires a tag, even with s3:ListBucket', {
    // S3 returns 404 to callers that may read and list. This session may read no untagged object, so S3 should deny the
    // read. AWS does not document this case.
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

  scenario('AB-19', 'a condition on s3:RequestObjectTag limits a pod to objects tagged with its own namespace', {
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
