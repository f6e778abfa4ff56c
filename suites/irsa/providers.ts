/** OIDC providers in IAM: their audiences, and accounts without a provider for the cluster's issuer. */
import {
  assumeByToken,
  clearDisturbances,
  controlSucceeds,
  fails,
  irsaRole,
  succeeds,
  suite,
  trustWebIdentity,
  disturbAws,
  type RoleSpec,
} from '../../harness/index.ts';
import { BAD_WEB_TOKEN, WRONG_AUDIENCE } from '../lib/outcomes.ts';
import { OIDC_PROVIDERS, WEB_IDENTITY } from '../lib/sources.ts';
import { BY_TOKEN, WEB_TOKEN } from '../lib/worlds.ts';

const CUSTOM_AUDIENCE = 'conformance.example.com';
/** Returns a role of the other account that trusts a provider there. */
const inOther = (options: Parameters<typeof trustWebIdentity>[0]): RoleSpec => ({
  trust: [trustWebIdentity({ account: 'other', ...options })],
  account: 'other',
});

suite('irsa', ({ scenario }) => {
  scenario('IR-04', "STS rejects tokens in an account without a provider for the cluster's issuer", {
    source: OIDC_PROVIDERS,
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
      elsewhere: inOther({ cluster: 'c2', subject: 'app/app' }),
    },
    workloads: { app: { cluster: 'c2' } },
    tokens: { web: { ...WEB_TOKEN.web, cluster: 'c2' } },
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      fails(assumeByToken('elsewhere', 'web'), {
        ...BAD_WEB_TOKEN,
        message: 'No OpenIDConnect provider found in your account for https://<issuer:c2>',
      }),
    ],
  });

  scenario('IR-05', 'a provider accepts only the audiences in its client ids', {
    profile: 'core',
    source: `${OIDC_PROVIDERS}: audience`,
    keywords: ['wrong audience'],
    providers: [{ cluster: 'c1', account: 'other', clientIds: [CUSTOM_AUDIENCE] }],
    roles: { app: irsaRole('app/app'), elsewhere: inOther({ subject: 'app/app', audience: null }) },
    workloads: { app: {} },
    tokens: { ...WEB_TOKEN, custom: { serviceAccount: 'app/app', audience: CUSTOM_AUDIENCE } },
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      controlSucceeds(assumeByToken('elsewhere', 'custom')),
      fails(assumeByToken('elsewhere', 'web'), WRONG_AUDIENCE),
    ],
  });

  scenario('IR-21', "STS accepts no token while the issuer's keys are unavailable", {
    source: `${WEB_IDENTITY}, errors: IDPCommunicationError and InvalidIdentityToken`,
    roles: { app: irsaRole('app/app') },
    ...BY_TOKEN,
    probes: [
      controlSucceeds(assumeByToken('app', 'web')),
      disturbAws({
        service: 'sts',
        operation: 'FetchIssuerKeys',
        cluster: 'c1',
        error: { code: 'IDPCommunicationError', status: 400, message: 'The identity provider could not be reached' },
      }),
      fails(assumeByToken('app', 'web'), {
        by: 'sts',
        code: ['IDPCommunicationError', 'InvalidIdentityToken'],
        status: 400,
      }),
      clearDisturbances(),
      succeeds(assumeByToken('app', 'web')),
    ],
  });
});
