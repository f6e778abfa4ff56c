/** What a changed or deleted association means for the sessions that follow. */
import {
  allow,
  askEksAuth,
  asSession,
  changeAssociation,
  fails,
  getObject,
  podIdentityRole,
  removeAssociation,
  succeeds,
  suite,
  trustRole,
} from '../../harness/index.ts';
import { may } from '../lib/sessions.ts';
import { ALLOWED_BY_NONE, NO_ASSOCIATION } from '../lib/outcomes.ts';
import { TARGET_ROLES, UPDATE_ASSOCIATION } from '../lib/sources.ts';
import { APP, readData } from '../lib/worlds.ts';

suite('eks-auth', ({ scenario }) => {
  scenario('EA-06', 'a deleted association gives no new pod a session, and ends none that was given', {
    source: 'Amazon EKS API Reference, DeletePodIdentityAssociation',
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      removeNow(),
      fails(askEksAuth('app'), NO_ASSOCIATION),
      may('app', getObject('data/key')),
    ],
  });

  scenario('EA-07', 'an update turns session tags off and on for the sessions that follow', {
    source: `${UPDATE_ASSOCIATION}, disableSessionTags`,
    roles: {
      app: podIdentityRole(
        allow('s3:GetObject', 'data/open'),
        allow('s3:GetObject', 'data/own', {
          StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': '<namespace:app>' },
        }),
      ),
    },
    workloads: APP,
    objects: ['data/open', 'data/own'],
    probes: [
      may('app', getObject('data/own')),
      succeeds(changeAssociation('<association-id:app>', { disableSessionTags: true })),
      succeeds(asSession('app', getObject('data/open'), { fresh: true })),
      fails(asSession('app', getObject('data/own'), { fresh: true }), ALLOWED_BY_NONE),
      succeeds(changeAssociation('<association-id:app>', { disableSessionTags: false })),
      succeeds(asSession('app', getObject('data/own'), { fresh: true })),
    ],
  });

  scenario('EA-08', "an update of an association's policy counts for the sessions that follow", {
    source: `${UPDATE_ASSOCIATION}, policy`,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:*', 'data/a')] } } },
    objects: ['data/a', 'data/b'],
    probes: [
      may('app', getObject('data/a')),
      succeeds(changeAssociation('<association-id:app>', { policy: [allow('s3:*', 'data/b')] })),
      succeeds(asSession('app', getObject('data/b'), { fresh: true })),
      fails(asSession('app', getObject('data/a'), { fresh: true }), { ...ALLOWED_BY_NONE, policy: 'session' }),
    ],
  });

  scenario('EA-09', 'an update gives an association a target role, and another one', {
    source: `${UPDATE_ASSOCIATION}, targetRoleArn; ${TARGET_ROLES}`,
    roles: {
      app: podIdentityRole(allow(['sts:AssumeRole', 'sts:TagSession'], ['<role:first>', '<role:second>'])),
      first: { trust: [trustRole('app')] },
      second: { trust: [trustRole('app')] },
    },
    workloads: APP,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      succeeds(changeAssociation('<association-id:app>', { targetRole: 'first' })),
      succeeds(askEksAuth('app'), { roleArn: '<role:first>' }),
      succeeds(changeAssociation('<association-id:app>', { targetRole: 'second' })),
      succeeds(askEksAuth('app'), { roleArn: '<role:second>' }),
    ],
  });
});

/** The association of workload `app` is deleted, and its answer awaited. */
function removeNow() {
  return succeeds(removeAssociation('<association-id:app>'));
}
