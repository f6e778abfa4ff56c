/** Conditions on the prefix of a listing. */
import { allow, denied, granted, listObjects, podIdentityRole, suite } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';

suite('abac', ({ scenario }) => {
  scenario('AB-16', 'a condition on s3:prefix limits listing to the own prefix', {
    profile: 'core',
    source: 'Amazon S3 User Guide, "Bucket policy examples using condition keys", s3:prefix',
    roles: {
      app: podIdentityRole(
        allow('s3:ListBucket', 'data', {
          StringEquals: { 's3:prefix': '${aws:PrincipalTag/kubernetes-namespace}/' },
        }),
      ),
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', listObjects('data', { prefix: '<namespace:app>/' }), { facts: { keys: 1 } }),
      denied('app', listObjects('data', { prefix: 'elsewhere/' }), NOT_ALLOWED),
      denied('app', listObjects('data'), NOT_ALLOWED),
    ],
  });
});
