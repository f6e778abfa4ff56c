/** OIDC providers in IAM: their audiences, and accounts that have none for the cluster's issuer. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import {
  assumeWithWebIdentity,
  check,
  clearWeather,
  control,
  granted,
  irsaRole,
  minted,
  refused,
  suite,
  trustWebIdentity,
  weather,
} from '../../harness/index.ts';
import { acceptsToken, app, refusesToken } from './lib/issuer-tokens.ts';
import { CLIENT, OTHER_CLIENT, withIssuer } from './lib/oidc-issuer.ts';
import { errorOf } from '../lib/errors.ts';
import { BAD_WEB_TOKEN } from '../lib/outcomes.ts';
import { OIDC_PROVIDERS, WEB_IDENTITY } from '../lib/sources.ts';

/** The token's audience is none of the provider's client ids. */
const WRONG_AUDIENCE = { ...BAD_WEB_TOKEN, message: 'Incorrect token audience' } as const;
const CUSTOM_AUDIENCE = 'conformance.example.com';

suite('irsa', ({ scenario }) => {
  scenario('IR-04', "an account without a provider of the cluster's issuer opens no role", {
    source: OIDC_PROVIDERS,
    roles: {
      app: { trust: [trustWebIdentity({ cluster: 'c2', subject: 'app/app' })] },
      elsewhere: {
        trust: [trustWebIdentity({ cluster: 'c2', account: 'other', subject: 'app/app' })],
        account: 'other',
      },
    },
    workloads: { app: { cluster: 'c2', irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      refused('app', assumeWithWebIdentity('elsewhere'), {
        ...BAD_WEB_TOKEN,
        message: 'No OpenIDConnect provider found in your account for https://<issuer:c2>',
      }),
    ],
  });

  scenario('IR-05', 'a provider accepts the audiences of its client ids alone', {
    profile: 'core',
    source: `${OIDC_PROVIDERS}: audience`,
    providers: [{ cluster: 'c1', account: 'other', clientIds: [CUSTOM_AUDIENCE] }],
    roles: {
      app: irsaRole('app/app'),
      elsewhere: {
        trust: [trustWebIdentity({ account: 'other', subject: 'app/app', audience: null })],
        account: 'other',
      },
    },
    workloads: { app: { irsa: 'app' } },
    tokens: { custom: { serviceAccount: 'app/app', audience: CUSTOM_AUDIENCE } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      control('app', assumeWithWebIdentity('elsewhere', { token: minted('custom') })),
      refused('app', assumeWithWebIdentity('elsewhere'), WRONG_AUDIENCE),
    ],
  });

  scenario('IR-21', "while the issuer's keys cannot be fetched, no token is accepted", {
    source: `${WEB_IDENTITY}, errors: IDPCommunicationError and InvalidIdentityToken`,
    roles: { app: irsaRole('app/app') },
    workloads: { app: { irsa: 'app' } },
    probes: [
      control('app', assumeWithWebIdentity('app')),
      weather({
        service: 'sts',
        operation: 'FetchIssuerKeys',
        cluster: 'c1',
        error: { code: 'IDPCommunicationError', status: 400, message: 'The identity provider could not be reached' },
      }),
      refused('app', assumeWithWebIdentity('app'), {
        by: 'sts',
        code: ['IDPCommunicationError', 'InvalidIdentityToken'],
        status: 400,
      }),
      clearWeather(),
      granted('app', assumeWithWebIdentity('app')),
    ],
  });

  scenario('IR-34', 'an audience is good from when it is added to the provider until it is removed', {
    ...app,
    source:
      'IAM API Reference, AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider: idempotent; CreateOpenIDConnectProvider, EntityAlreadyExists; GetOpenIDConnectProvider',
    probes: [
      check('and to do either twice is no error', (context) =>
        withIssuer(context, {}, async (issuer) => {
          const iam = new IAMClient(await context.aws('iam'));
          const client = { OpenIDConnectProviderArn: issuer.providerArn, ClientID: 'conformance-late-client' };
          const token = await issuer.sign({ aud: client.ClientID });
          await refusesToken(issuer, token, 'InvalidIdentityToken', 'not yet added');
          const again = new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: [client.ClientID] });
          expect(await errorOf(iam.send(again))).to.match(/^EntityAlreadyExists/);
          await refusesToken(issuer, token, 'InvalidIdentityToken', 'a provider that is there already');
          for (const what of ['added', 'added again']) {
            await iam.send(new AddClientIDToOpenIDConnectProviderCommand(client)).catch(noRefusal);
            expect(await issuer.assume(token), what).to.include({ audience: client.ClientID });
          }
          for (const what of ['removed', 'removed again']) {
            await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(client)).catch(noRefusal);
            await refusesToken(issuer, token, 'InvalidIdentityToken', what);
          }
          await acceptsToken(issuer, {}, { audience: CLIENT });
          const told = await iam.send(new GetOpenIDConnectProviderCommand(client));
          expect(told.Url).to.equal(issuer.host);
          expect(told.ClientIDList).to.have.members([CLIENT, OTHER_CLIENT]);
          const listed = async () => {
            const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
            return OpenIDConnectProviderList.map(({ Arn }) => Arn);
          };
          expect(await listed()).to.include(issuer.providerArn);
          await iam.send(new DeleteOpenIDConnectProviderCommand(client));
          expect(await listed()).not.to.include(issuer.providerArn);
          const { message } = await refusesToken(issuer, await issuer.sign(), 'InvalidIdentityToken', 'no provider');
          expect(message).to.contain('No OpenIDConnect provider found');
        }),
      ),
    ],
  });
});

function noRefusal(error: Error): never {
  expect(error.name).not.to.match(/^(EntityAlreadyExists|NoSuchEntity|InvalidInput)/);
  throw error;
}
