/** Trust policies that name roles, or everyone, across accounts. */
import {
  allow,
  assumeRole,
  deleteRole,
  irsaRole,
  recreateRole,
  suite,
  trustRole,
  updateTrust,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { isRole, MAIN_ACCOUNT, targetRole, trustingAws } from './lib/roles.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { CROSS_ACCOUNT, PRINCIPALS } from '../lib/sources.ts';
import { ASSUME_AND_TAG, BY_TOKEN, WEB, WEB_TOKEN } from '../lib/worlds.ts';

suite('cross-account', ({ scenario }) => {
  const before = { role: 'app', token: 'before' };
  const after = { role: 'app', token: 'after' };
  /** Trusts everyone, with a condition that only one role meets. */
  const byEveryone = trustingAws('*', ['sts:AssumeRole'], isRole('app'));

  scenario('XA-16', 'a recreated role with the same name is not the role that other roles trusted', {
    source: `${PRINCIPALS}, "IAM role principals": the ARN is bound to the role's unique id`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow(ASSUME_AND_TAG, ['<role:near>', '<role:far>', '<role:open>'])),
      near: { trust: [trustRole('app')] },
      far: targetRole('app'),
      // Trusts the whole account.
      open: trustingAws(MAIN_ACCOUNT, ASSUME_AND_TAG),
    },
    workloads: { app: {} },
    tokens: { before: WEB_TOKEN.web, after: WEB_TOKEN.web },
    probes: [
      ...['near', 'far', 'open'].map((role) => may(before, assumeRole(role))),
      deleteRole('app'),
      recreateRole('app'),
      may(after, assumeRole('open')),
      // A session of the deleted role does not belong to the new one. The error code is not documented.
      mayNot(before, assumeRole('open'), {
        ...NOT_ASSUMED,
        code: ['AccessDenied', 'InvalidClientTokenId', 'ExpiredToken'],
      }),
      ...['near', 'far'].map((role) => mayNot(after, assumeRole(role), NOT_ASSUMED)),
      updateTrust('far', [trustRole('app')]),
      may(after, assumeRole('far')),
    ],
  });

  scenario('XA-18', "a role that trusts everyone still requires its condition and the caller's permission", {
    source: `${CROSS_ACCOUNT}; ${PRINCIPALS}, "All principals"`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow('sts:AssumeRole', '<role:open>')),
      stranger: irsaRole('app/app', allow('sts:AssumeRole', '<role:open>')),
      open: byEveryone,
      another: byEveryone,
    },
    ...BY_TOKEN,
    probes: [
      may(WEB, assumeRole('open')),
      mayNot(WEB, assumeRole('another'), NOT_ASSUMED),
      mayNot({ ...WEB, role: 'stranger' }, assumeRole('open'), NOT_ASSUMED),
    ],
  });
});
