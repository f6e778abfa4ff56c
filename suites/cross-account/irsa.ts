/** IRSA with an OIDC provider in another account. */
import { allow, asSession, fails, getObject, succeeds, suite, trustWebIdentity, whoAmI } from '../../harness/index.ts';

suite('cross-account', ({ scenario }) => {
  scenario('XA-15', "a pod acts in another account by that account's own provider of the cluster's issuer", {
    source: 'Amazon EKS User Guide, "Authenticate to another account with IRSA"',
    providers: [{ cluster: 'c1', account: 'other', clientIds: ['sts.amazonaws.com'] }],
    roles: {
      app: {
        account: 'other',
        trust: [trustWebIdentity({ account: 'other', subject: 'app/app' })],
        permissions: [allow('s3:GetObject', 'data/*')],
      },
      stranger: {
        account: 'other',
        trust: [trustWebIdentity({ account: 'other', subject: 'app/another' })],
        permissions: [allow('s3:GetObject', 'data/*')],
      },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    buckets: { data: { account: 'other' } },
    objects: ['data/key'],
    probes: [
      succeeds(asSession({ role: 'app', token: 'web' }, getObject('data/key'))),
      succeeds(asSession({ role: 'app', token: 'web' }, whoAmI()), { accountId: '<account:other>' }),
      fails(asSession({ role: 'stranger', token: 'web' }, getObject('data/key')), {
        by: 'sts',
        code: 'AccessDenied',
        status: 403,
      }),
    ],
  });
});
