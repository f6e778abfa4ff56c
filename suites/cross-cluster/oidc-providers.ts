/** IRSA with two clusters, each with its own OIDC provider. */
import {
  asSession,
  assumeByToken,
  assumeWithWebIdentity,
  control,
  controlSucceeds,
  fails,
  refused,
  succeeds,
  suite,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { NOT_ASSUMED } from '../lib/outcomes.ts';
import { ASSIGN_ROLES, PRINCIPALS } from '../lib/sources.ts';
import { BY_TOKEN } from '../lib/worlds.ts';

const WEB_IDENTITY_API = 'AWS STS API Reference, AssumeRoleWithWebIdentity, errors';
const there = { serviceAccount: 'app/app', audience: 'sts.amazonaws.com', cluster: 'c2' } as const;
const byApp = (cluster: 'c1' | 'c2') => trustWebIdentity({ cluster, subject: 'app/app' });

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-16', "a role that trusts any token of one cluster's provider rejects tokens of another cluster", {
    source: `${PRINCIPALS}, OIDC federated principals`,
    needs: ['irsa'],
    roles: {
      here: { trust: [trustWebIdentity({ subject: null, audience: null })] },
      there: { trust: [trustWebIdentity({ cluster: 'c2', subject: null, audience: null })] },
    },
    ...BY_TOKEN,
    probes: [
      succeeds(asSession({ role: 'here', token: 'web' }, whoAmI())),
      fails(asSession({ role: 'there', token: 'web' }, whoAmI()), NOT_ASSUMED),
    ],
  });

  scenario('CC-12', "a role that trusts one cluster's OIDC provider rejects another cluster's tokens", {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY_API}`,
    needs: ['irsa', 'two-clusters'],
    // Role `second` shows that the second cluster's provider is registered and its token valid.
    roles: { app: { trust: [byApp('c1')] }, second: { trust: [byApp('c2')] } },
    workloads: { here: {}, there: { cluster: 'c2', irsa: 'app' } },
    tokens: BY_TOKEN.tokens,
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      control('there', assumeWithWebIdentity('second')),
      refused('there', assumeWithWebIdentity('app'), NOT_ASSUMED),
    ],
  });

  scenario('CC-14', 'a role with a statement for each OIDC provider serves both clusters', {
    profile: 'core',
    source: ASSIGN_ROLES,
    needs: ['irsa', 'two-clusters'],
    roles: { app: { trust: [byApp('c1'), byApp('c2')] } },
    workloads: { here: {}, there: { cluster: 'c2' } },
    tokens: { ...BY_TOKEN.tokens, there },
    probes: [succeeds(assumeByToken('app', 'web')), succeeds(assumeByToken('app', 'there'))],
  });
});
