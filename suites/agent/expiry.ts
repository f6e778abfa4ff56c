/** Credentials and tokens that expire while the agent holds them. */
import {
  advanceClock,
  between,
  clearWeather,
  fetchCredentials,
  granted,
  minted,
  refused,
  suite,
  wait,
} from '../../harness/index.ts';
import { eksAuth } from './lib/eks-auth.ts';
import { AGENT_CACHE, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED, POD_IDENTITY } from '../lib/worlds.ts';

suite('agent', ({ scenario }) => {
  scenario('AP-23', 'credentials that end within fifteen seconds are not handed out', {
    source: `${AGENT_CACHE}; TestCachedCredentialRetriever_Fetching: too short a life is refused`,
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 14 }),
      refused('app', fetchCredentials(), {
        by: 'agent',
        status: 500,
        message: 'fetched credentials are expired or will expire within the next',
      }),
      clearWeather(),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
    ],
  });

  scenario('AP-23b', 'credentials are handed out from the cache until fifteen seconds are left, and no longer', {
    source: `${AGENT_CACHE}: credentials with a small time to live are fetched anew`,
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 19 }),
      granted('app', fetchCredentials({ repeat: 2 }), { facts: { upstreamCalls: 1, secondsLeft: between(15, 20) } }),
      wait(5),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1, secondsLeft: between(15, 20) } }),
    ],
  });

  scenario('AP-39', 'a token that has expired opens nothing, though the agent holds its credentials', {
    source: `${AGENT_VALIDATION}: ahead of the cache, and without leeway`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    tokens: { short: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app', expirationSeconds: 600 } },
    probes: [
      granted('app', fetchCredentials({ token: minted('short') })),
      advanceClock(601),
      refused('app', fetchCredentials({ token: minted('short') }), {
        by: 'agent',
        status: 400,
        message: 'token is expired',
        facts: { upstreamCalls: 0 },
      }),
      granted('app', fetchCredentials()),
    ],
  });
});
