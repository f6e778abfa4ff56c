/** Effects of a changed or deleted association on later sessions. */
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
import { ALLOWED_BY_NONE, NO_ASSOCIATION, NOT_IN_SESSION_POLICY } from '../lib/outcomes.ts';
import { TARGET_ROLES, UPDATE_ASSOCIATION } from '../lib/sources.ts';
import { APP, ASSUME_AND_TAG, readData } from '../lib/worlds.ts';

const ID = '<association-id:app>';

suite('eks-auth', ({ scenario }) => {
  scenario('EA-06', 'a deleted association gives no new sessions, and existing sessions remain valid', {
    source: 'Amazon EKS API Reference, DeletePodIdentityAssociation',
    roles: { app: podIdentityRole(readData) },
    workloads: APP,
    objects: ['data/key'],
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      succeeds(removeAssociation(ID)),
      fails(askEksAuth('app'), NO_ASSOCIATION),
      may('app', getObject('data/key')),
    ],
  });

  scenario('EA-07', 'an update of an association disables and enables the tags of later sessions', {
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
      succeeds(changeAssociation(ID, { disableSessionTags: true })),
      succeeds(asSession('app', getObject('data/open'), { fresh: true })),
      fails(asSession('app', getObject('data/own'), { fresh: true }), ALLOWED_BY_NONE),
      succeeds(changeAssociation(ID, { disableSessionTags: false })),
      succeeds(asSession('app', getObject('data/own'), { fresh: true })),
    ],
  });

  scenario('EA-08', "an update of an association's policy applies to later sessions", {
    source: `${UPDATE_ASSOCIATION}, policy`,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: { role: 'app', disableSessionTags: true, policy: [allow('s3:*', 'data/a')] } } },
    objects: ['data/a', 'data/b'],
    probes: [
      may('app', getObject('data/a')),
      succeeds(changeAssociation(ID, { policy: [allow('s3:*', 'data/b')] })),
      succeeds(asSession('app', getObject('data/b'), { fresh: true })),
      fails(asSession('app', getObject('data/a'), { fresh: true }), NOT_IN_SESSION_POLICY),
    ],
  });

  scenario('EA-09', 'an update can set and change the target role of an association', {
    source: `${UPDATE_ASSOCIATION}, targetRoleArn; ${TARGET_ROLES}`,
    roles: {
      app: podIdentityRole(allow(ASSUME_AND_TAG, ['<role:first>', '<role:second>'])),
      first: { trust: [trustRole('app')] },
      second: { trust: [trustRole('app')] },
    },
    workloads: APP,
    probes: [
      succeeds(askEksAuth('app'), { roleArn: '<role:app>' }),
      succeeds(changeAssociation(ID, { targetRole: 'first' })),
      succeeds(askEksAuth('app'), { roleArn: '<role:first>' }),
      succeeds(changeAssociation(ID, { targetRole: 'second' })),
      succeeds(askEksAuth('app'), { roleArn: '<role:second>' }),
    ],
  });
});
