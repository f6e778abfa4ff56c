/** IRSA with an OIDC provider in another account. */
import { getObject, suite, trustWebIdentity, whoAmI } from '../../harness/index.ts';
import { may, mayNot } from '../lib/sessions.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { BY_TOKEN, readData, WEB } from '../lib/worlds.ts';

suite('cross-account', ({ scenario }) => {
  const trusting = (subject: string) => ({
    account: 'other' as const,
    trust: [trustWebIdentity({ account: 'other', subject })],
    permissions: [readData],
  });

  scenario('XA-15', "a pod assumes a role in another account by that account's provider for the cluster's issuer", {
    source: 'Amazon EKS User Guide, "Authenticate to another account with IRSA"',
    providers: [{ cluster: 'c1', account: 'other', clientIds: ['sts.amazonaws.com'] }],
    roles: { app: trusting('app/app'), stranger: trusting('app/another') },
    ...BY_TOKEN,
    buckets: { data: { account: 'other' } },
    objects: ['data/key'],
    probes: [
      may(WEB, getObject('data/key')),
      may(WEB, whoAmI(), { accountId: '<account:other>' }),
      mayNot({ ...WEB, role: 'stranger' }, getObject('data/key'), NOT_ASSUMED),
    ],
  });
});
