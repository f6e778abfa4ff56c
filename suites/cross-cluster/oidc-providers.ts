/** IRSA with two clusters: each has an OIDC provider of its own. */
import {
  asSession,
  assumeWithWebIdentity,
  control,
  fails,
  granted,
  refused,
  succeeds,
  suite,
  trustWebIdentity,
  whoAmI,
} from '../../harness/index.ts';
import { ASSIGN_ROLES } from '../lib/sources.ts';

const WEB_IDENTITY_API = 'AWS STS API Reference, AssumeRoleWithWebIdentity, errors';

suite('cross-cluster', ({ scenario }) => {
  scenario('CC-16', "a trust of one cluster's provider takes no token of another's, whatever it asks besides", {
    source: 'IAM User Guide, "AWS JSON policy elements: Principal", OIDC federated principals',
    needs: ['irsa'],
    roles: {
      here: { trust: [trustWebIdentity({ subject: null, audience: null })] },
      there: { trust: [trustWebIdentity({ cluster: 'c2', subject: null, audience: null })] },
    },
    workloads: { app: {} },
    tokens: { web: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com' } },
    probes: [
      succeeds(asSession({ role: 'here', token: 'web' }, whoAmI())),
      fails(asSession({ role: 'there', token: 'web' }, whoAmI()), { by: 'sts', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('CC-12', "a role that trusts one cluster's OIDC provider refuses another's tokens", {
    profile: 'core',
    source: `${ASSIGN_ROLES}; ${WEB_IDENTITY_API}`,
    needs: ['irsa', 'two-clusters'],
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c1', subject: 'app/app' })] },
      // Shows that the second cluster's provider is registered, and its token good.
      second: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
    },
    workloads: { here: { irsa: 'app' }, there: { cluster: 'c2', irsa: 'app' } },
    probes: [
      control('here', assumeWithWebIdentity('app')),
      control('there', assumeWithWebIdentity('second')),
      refused('there', assumeWithWebIdentity('app'), { by: 'sts', code: 'AccessDenied', status: 403 }),
    ],
  });

  scenario('CC-13', "an account without the cluster's OIDC provider takes none of its tokens", {
    source: WEB_IDENTITY_API,
    needs: ['irsa', 'two-clusters', 'two-accounts'],
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
      // As `app`, but in an account where nobody registered the provider that it trusts.
      unregistered: {
        account: 'other',
        trust: [trustWebIdentity({ cluster: 'c2', account: 'other', subject: 'app/app' })],
      },
    },
    workloads: { there: { cluster: 'c2', irsa: 'app' } },
    probes: [
      control('there', assumeWithWebIdentity('app')),
      refused('there', assumeWithWebIdentity('unregistered'), {
        by: 'sts',
        code: 'InvalidIdentityToken',
        status: 400,
      }),
    ],
  });

  scenario('CC-14', 'a role with a statement for each OIDC provider serves both clusters', {
    profile: 'core',
    source: ASSIGN_ROLES,
    needs: ['irsa', 'two-clusters'],
    roles: {
      app: {
        trust: [
          trustWebIdentity({ cluster: 'c1', subject: 'app/app' }),
          trustWebIdentity({ cluster: 'c2', subject: 'app/app' }),
        ],
      },
    },
    workloads: { here: { irsa: 'app' }, there: { cluster: 'c2', irsa: 'app' } },
    probes: [granted('here', assumeWithWebIdentity('app')), granted('there', assumeWithWebIdentity('app'))],
  });
});
