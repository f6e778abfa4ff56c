/** Conditions on session tags in bucket policies, and on the prefix of a listing. */
import {
  allow,
  denied,
  forPrincipal,
  granted,
  listObjects,
  podIdentityRole,
  suite,
  type Conditions,
} from '../../harness/index.ts';
import { DENIED_ELSEWHERE, NOT_ALLOWED } from '../lib/outcomes.ts';
import { CROSS_ACCOUNT, SAME_ACCOUNT, TAGS_OF_PODS } from '../lib/sources.ts';
import { APP } from '../lib/worlds.ts';
import { readsFirst } from './lib/reads.ts';

const read = (resource: string, conditions?: Conditions) =>
  forPrincipal('<role:app>', allow('s3:GetObject', resource, conditions));
const inNamespace = (name: string) => ({ StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': name } });

suite('abac', ({ scenario }) => {
  scenario('AB-12', 'a bucket policy with a condition on a session tag grants access within the account', {
    profile: 'core',
    source: SAME_ACCOUNT,
    roles: { app: podIdentityRole() },
    workloads: APP,
    buckets: {
      data: {
        policy: [read('data/mine/*', inNamespace('<namespace:app>')), read('data/other/*', inNamespace('elsewhere'))],
      },
    },
    ...readsFirst('app', 'data/mine/key', 'data/other/key'),
  });

  scenario('AB-13', "another account's bucket policy can use the session's tags", {
    source: `${TAGS_OF_PODS}; ${CROSS_ACCOUNT}`,
    needs: ['two-accounts'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'shared/*')) },
    workloads: APP,
    buckets: { shared: { account: 'other', policy: [read('shared/${aws:PrincipalTag/kubernetes-namespace}/*')] } },
    ...readsFirst('app', 'shared/<namespace:app>/key', 'shared/elsewhere/key', DENIED_ELSEWHERE),
  });

  scenario('AB-16', "a condition on s3:prefix limits a listing to the prefix of the pod's namespace", {
    profile: 'core',
    source: 'Amazon S3 User Guide, "Bucket policy examples using condition keys", s3:prefix',
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', 'data', { StringEquals: { 's3:prefix': '${aws:PrincipalTag/kubernetes-namespace}/' } }),
      ),
    },
    workloads: APP,
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', listObjects('data', { prefix: '<namespace:app>/' }), { facts: { keys: 1 } }),
      denied('app', listObjects('data', { prefix: 'elsewhere/' }), NOT_ALLOWED),
      denied('app', listObjects('data'), NOT_ALLOWED),
    ],
  });
});
