/** Who may assume a role: external ids, boundaries, session policies and Denies of both sides. */
import {
  allow,
  assumeRole,
  chain,
  chained,
  deny,
  irsaRole,
  suite,
  trustRole,
  type Conditions,
  type RoleSpec,
  type TrustStatement,
} from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { base, target } from '../lib/role-chains.ts';
import { PASS_TAGS } from '../lib/sources.ts';
import { APP, ASSUME_AND_TAG, BY_TOKEN, WEB } from '../lib/worlds.ts';

const externalId = (id: string): Conditions => ({ StringEquals: { 'sts:ExternalId': id } });

suite('role-chaining', ({ scenario }) => {
  const limits = (name: string) => [`<role:${name}>`, `<role:far-${name}>`];
  const limiting = [
    allow(ASSUME_AND_TAG, [...limits('within'), ...limits('denied')]),
    allow('sts:AssumeRole', limits('untaggable')),
    deny('sts:AssumeRole', limits('denied')),
  ];
  const limited: RoleSpec = { trust: [trustRole('bounded'), trustRole('narrowed')] };
  const refusing = (actions: readonly string[], AWS: string): TrustStatement => ({
    effect: 'Deny',
    actions,
    principal: { AWS },
  });
  const barring: Readonly<Record<string, readonly TrustStatement[]>> = {
    open: [refusing(ASSUME_AND_TAG, '<account:other>')],
    barred: [refusing(['sts:AssumeRole'], '<role:app>')],
    accountBarred: [refusing(ASSUME_AND_TAG, '<account:main>')],
    untagged: [refusing(['sts:TagSession'], '<role:app>')],
    bare: [],
  };

  scenario('RC-06', 'a trust policy that requires an external id accepts no other and no missing one', {
    source: 'IAM User Guide, "Access to AWS accounts owned by third parties": sts:ExternalId',
    roles: { app: base('target'), target: target(externalId('red-1')) },
    workloads: APP,
    probes: [
      may('app', assumeRole('target', { externalId: 'red-1' })),
      mayNot('app', assumeRole('target', { externalId: 'red-2' }), NOT_ASSUMED),
      mayNot('app', assumeRole('target'), NOT_ASSUMED),
    ],
  });

  scenario('RC-14', "the caller's boundary and session policy limit the roles that it may assume, in any account", {
    source: `IAM User Guide, "Permissions boundaries for IAM entities" and "Policies and permissions in AWS Identity and Access Management", session policies; "Cross-account policy evaluation logic"; ${PASS_TAGS}`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow(ASSUME_AND_TAG, '<role:narrowed>')),
      bounded: { ...irsaRole('app/app', allow(ASSUME_AND_TAG, '*')), boundary: limiting },
      narrowed: { trust: [trustRole('app')], permissions: [allow(ASSUME_AND_TAG, '*')] },
      ...Object.fromEntries(
        ['within', 'outside', 'denied', 'untaggable'].flatMap((name) => [
          [name, limited],
          [`far-${name}`, { ...limited, account: 'other' }],
        ]),
      ),
    },
    ...BY_TOKEN,
    probes: [{ ...WEB, role: 'bounded' }, chained(WEB, chain('narrowed', { policy: limiting }))].flatMap((who) =>
      ['', 'far-'].flatMap((where) => [
        may(who, assumeRole(`${where}within`, { tags: { team: 'red' } })),
        may(who, assumeRole(`${where}untaggable`)),
        mayNot(who, assumeRole(`${where}untaggable`, { tags: { team: 'red' } }), NOT_ASSUMED),
        ...['outside', 'denied'].map((name) => mayNot(who, assumeRole(where + name), NOT_ASSUMED)),
      ]),
    ),
  });

  scenario('RC-15', 'a Deny on either side prevents AssumeRole, or the tagging of its session', {
    source: `IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic"; ${PASS_TAGS}`,
    needs: ['irsa'],
    roles: {
      app: irsaRole('app/app', allow(ASSUME_AND_TAG, '*'), deny('sts:TagSession', limits('bare'))),
      ...Object.fromEntries(
        Object.entries(barring).flatMap(([name, denials]): [string, RoleSpec][] => [
          [name, { trust: [trustRole('app'), ...denials] }],
          [`far-${name}`, { trust: [trustRole('app'), ...denials], account: 'other' }],
        ]),
      ),
    },
    ...BY_TOKEN,
    probes: ['', 'far-'].flatMap((where) => {
      const tagging = { tags: { team: 'red' } };
      return [
        may(WEB, assumeRole(`${where}open`, tagging)),
        ...['barred', 'accountBarred'].map((name) => mayNot(WEB, assumeRole(where + name), NOT_ASSUMED)),
        ...['untagged', 'bare'].flatMap((name) => [
          may(WEB, assumeRole(where + name)),
          mayNot(WEB, assumeRole(where + name, tagging), NOT_ASSUMED),
        ]),
      ];
    }),
  });
});
