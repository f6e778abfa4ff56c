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
  type RoleSpec,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { targetRole } from './lib/roles.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { CROSS_ACCOUNT, PRINCIPALS } from '../lib/sources.ts';
import { ASSUME_AND_TAG, BY_TOKEN, WEB, WEB_TOKEN } from '../lib/worlds.ts';

suite('cross-account', ({ scenario }) => {
  /** Whoever may in the own account, but this one role alone. */
  const byEveryone: RoleSpec = {
    account: 'other',
    trust: [
      {
        effect: 'Allow',
        actions: ['sts:AssumeRole'],
        principal: { AWS: '*' },
        conditions: { ArnEquals: { 'aws:PrincipalArn': '<role:app>' } },
      },
    ],
  };

  scenario('XA-16', 'a role that is made again under its name is not the one that other roles trusted', {
    source: `${PRINCIPALS}, "IAM role principals": the ARN is bound to the role's unique id`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow(ASSUME_AND_TAG, ['<role:near>', '<role:far>', '<role:open>'])),
      near: { trust: [trustRole('app')] },
      far: targetRole('app'),
      // Of whoever its account lets in.
      open: {
        account: 'other',
        trust: [{ effect: 'Allow', actions: ASSUME_AND_TAG, principal: { AWS: 'arn:aws:iam::<account:main>:root' } }],
      },
    },
    workloads: { app: {} },
    tokens: { before: WEB_TOKEN.web, after: WEB_TOKEN.web },
    probes: [
      ...['near', 'far', 'open'].map((role) => may({ role: 'app', token: 'before' }, assumeRole(role))),
      deleteRole('app'),
      recreateRole('app'),
      may({ role: 'app', token: 'after' }, assumeRole('open')),
      // A session of the deleted role is none of the new one. With which code it is refused is not documented.
      mayNot({ role: 'app', token: 'before' }, assumeRole('open'), {
        ...NOT_ASSUMED,
        code: ['AccessDenied', 'InvalidClientTokenId', 'ExpiredToken'],
      }),
      ...['near', 'far'].map((role) => mayNot({ role: 'app', token: 'after' }, assumeRole(role), NOT_ASSUMED)),
      updateTrust('far', [trustRole('app')]),
      may({ role: 'app', token: 'after' }, assumeRole('far')),
    ],
  });

  scenario('XA-18', 'a role that trusts everyone opens to those whom their own account lets, under its condition', {
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
