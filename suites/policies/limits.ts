/** Policies that limit what a role may do: an explicit Deny and a permissions boundary. */
import { allow, denied, deny, forPrincipal, getObject, granted, podIdentityRole, suite } from '../../harness/index.ts';
import { EVALUATION } from '../lib/sources.ts';
import { appWith, readData } from '../lib/worlds.ts';
import { DENIED_BY_BUCKET, NOT_ALLOWED } from '../lib/outcomes.ts';

suite('policies', ({ scenario }) => {
  scenario('SEC-11', "an explicit Deny in a bucket policy overrides the role's permissions", {
    profile: 'core',
    source: EVALUATION,
    ...appWith(readData),
    buckets: { data: { policy: [forPrincipal('*', deny('s3:GetObject', 'data/secret/*'))] } },
    objects: ['data/open/key', 'data/secret/key'],
    probes: [granted('app', getObject('data/open/key')), denied('app', getObject('data/secret/key'), DENIED_BY_BUCKET)],
  });

  scenario('SEC-12', "a permissions boundary limits the role's permissions", {
    profile: 'core',
    source: `IAM User Guide, "Permissions boundaries for IAM entities"; ${EVALUATION}`,
    roles: { app: { ...podIdentityRole(readData), boundary: [allow('s3:*', 'data/open/*')] } },
    workloads: { app: { role: 'app' } },
    objects: ['data/open/key', 'data/secret/key'],
    probes: [
      granted('app', getObject('data/open/key')),
      denied('app', getObject('data/secret/key'), { ...NOT_ALLOWED, policy: 'boundary' }),
    ],
  });
});
