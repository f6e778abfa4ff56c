/** Roles that change, or are deleted and recreated, while pods run. */
import {
  allow,
  control,
  deleteRole,
  denied,
  deny,
  fetchCredentials,
  getObject,
  granted,
  podIdentityRole,
  putRolePolicy,
  recreateRole,
  refused,
  restartPod,
  startPod,
  suite,
  wait,
  whoAmI,
} from '../../harness/index.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { EKS_AUTH_ERRORS } from '../lib/sources.ts';
import { APP, ASSOCIATED, readData } from '../lib/worlds.ts';

const HOW_TO_ASSIGN = 'Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"';

suite('lifecycle', ({ scenario }) => {
  scenario('LC-15', 'a policy can deny sessions issued before a given time', {
    source: 'IAM User Guide, "Revoking IAM role temporary security credentials"',
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      granted('app', getObject('data/key')),
      // The local clock and AWS's may differ slightly.
      wait(3),
      putRolePolicy('app', readData, deny('*', '*', { DateLessThan: { 'aws:TokenIssueTime': '<time:now>' } })),
      denied('app', getObject('data/key'), { by: 's3', code: 'AccessDenied', policy: 'identity', explicit: true }),
      // Sessions are dated in whole seconds, by AWS's clock.
      wait(3),
      restartPod('app'),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-16', "a change of a role's policies applies to existing sessions", {
    source:
      'IAM User Guide, "Policies and permissions in AWS Identity and Access Management": evaluated at each request',
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key', 'data/other'],
    probes: [
      granted('app', getObject('data/key')),
      putRolePolicy('app', allow('s3:GetObject', 'data/other')),
      granted('app', getObject('data/other')),
      denied('app', getObject('data/key'), { by: 's3', code: 'AccessDenied', policy: 'identity', explicit: false }),
      putRolePolicy('app', readData),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-19', 'a deleted role gives new pods no credentials', {
    profile: 'core',
    source: EKS_AUTH_ERRORS,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    objects: ['data/key'],
    probes: [
      control('app', fetchCredentials()),
      control('app', getObject('data/key')),
      deleteRole('app'),
      startPod('fresh'),
      refused('fresh', fetchCredentials(), MAY_NOT_ASSUME),
      // Its existing sessions are also invalid. The error code is not documented.
      denied('app', getObject('data/key'), { by: 's3', code: ['AccessDenied', 'InvalidAccessKeyId', 'InvalidToken'] }),
    ],
  });

  scenario('LC-20', 'a recreated role with the same name works with its association again', {
    keywords: ['re-created role', 'Terraform'],
    source: `${HOW_TO_ASSIGN}: an association names the role by its ARN`,
    finding:
      'A user who may create a role with the name of a deleted one takes over the pods of its leftover associations. Delete associations before their roles.',
    ...ASSOCIATED,
    probes: [
      deleteRole('app'),
      refused('app', fetchCredentials(), MAY_NOT_ASSUME),
      recreateRole('app'),
      granted('app', whoAmI()),
    ],
  });
});
