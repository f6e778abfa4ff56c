/** Tags of the role next to tags of the session. */
import { allow, denied, getObject, granted, podIdentityRole, suite } from '../../harness/index.ts';
import { NOT_ALLOWED } from '../lib/outcomes.ts';
import { TAGS_OF_PODS } from '../lib/sources.ts';

suite('abac', ({ scenario }) => {
  scenario('AB-14', "the session's tag beats the role's tag of the same key", {
    profile: 'core',
    source: `${TAGS_OF_PODS}; IAM User Guide, "Pass session tags in AWS STS"`,
    roles: {
      app: {
        ...podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/kubernetes-namespace}/*')),
        tags: { 'kubernetes-namespace': 'elsewhere' },
      },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/<namespace:app>/key', 'data/elsewhere/key'],
    probes: [
      granted('app', getObject('data/<namespace:app>/key')),
      denied('app', getObject('data/elsewhere/key'), NOT_ALLOWED),
    ],
  });

  scenario('AB-15', "the role's own tags count beside the session's", {
    source: 'IAM User Guide, "AWS global condition context keys", aws:PrincipalTag',
    roles: {
      app: { ...podIdentityRole(allow('s3:GetObject', 'data/${aws:PrincipalTag/team}/*')), tags: { team: 'a' } },
    },
    workloads: { app: { role: 'app' } },
    objects: ['data/a/key', 'data/b/key'],
    probes: [granted('app', getObject('data/a/key')), denied('app', getObject('data/b/key'), NOT_ALLOWED)],
  });
});
