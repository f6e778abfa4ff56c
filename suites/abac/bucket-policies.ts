/** Bucket policies with conditions on session tags. */
import { allow, denied, forPrincipal, getObject, granted, podIdentityRole, suite } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { TAGS_OF_PODS } from '../lib/sources.ts';

suite('abac', ({ scenario }) => {
  scenario('AB-12', 'a bucket policy on the session tag is enough in the same account', {
    profile: 'core',
    source: 'IAM User Guide, "Policy evaluation for requests within a single account"',
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    buckets: {
      data: {
        policy: [
          forPrincipal(
            '<role:app>',
            allow('s3:GetObject', 'data/mine/*', {
              StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:app>' },
            }),
          ),
          forPrincipal(
            '<role:app>',
            allow('s3:GetObject', 'data/other/*', {
              StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'elsewhere' },
            }),
          ),
        ],
      },
    },
    objects: ['data/mine/key', 'data/other/key'],
    probes: [granted('app', getObject('data/mine/key')), denied('app', getObject('data/other/key'), NOT_ALLOWED)],
  });

  scenario('AB-13', "another account's bucket policy can condition on the session tag", {
    source: `${TAGS_OF_PODS}; IAM User Guide, "Cross-account policy evaluation logic"`,
    needs: ['two-accounts'],
    roles: { app: podIdentityRole(allow('s3:GetObject', 'shared/*')) },
    workloads: { app: { role: 'app' } },
    buckets: {
      shared: {
        account: 'other',
        policy: [
          forPrincipal('<role:app>', allow('s3:GetObject', 'shared/${aws:PrincipalTag/kubernetes-namespace}/*')),
        ],
      },
    },
    objects: ['shared/<namespace:app>/key', 'shared/elsewhere/key'],
    probes: [
      granted('app', getObject('shared/<namespace:app>/key')),
      // Which policy it was, callers of another account are told within one organization alone.
      denied('app', getObject('shared/elsewhere/key'), { by: 's3', code: 'AccessDenied', status: 403 }),
    ],
  });
});
