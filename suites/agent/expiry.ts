/** Credentials and tokens that expire while the agent holds them. */
import { advanceClock, between, clearDisturbances, minted, suite, wait } from '../../harness/index.ts';
import { eksAuth } from './lib/eks-auth.ts';
import { AGENT_CACHE, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { FROM_CACHE, gets, ONE_CALL, POD_TOKEN, refusedByAgent } from './lib/requests.ts';

/** Seconds left of nineteen, with a tolerance for clock skew between AWS and the pod. */
const LEFT = between(13, 22);

suite('agent', ({ scenario }) => {
  scenario('AP-23', 'the agent does not return credentials that expire within fifteen seconds', {
    source: `${AGENT_CACHE}; TestCachedCredentialRetriever_Fetching: a short lifetime is rejected`,
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 14 }),
      refusedByAgent({}, 500, 'fetched credentials are expired or will expire within the next'),
      clearDisturbances(),
      gets({}, ONE_CALL),
    ],
  });

  scenario('AP-23b', 'the agent returns cached credentials only until fifteen seconds remain', {
    source: `${AGENT_CACHE}: credentials with a short time to live are fetched again`,
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 19 }),
      gets({ repeat: 2 }, { upstreamCalls: 1, secondsLeft: LEFT }),
      wait(5),
      gets({}, { upstreamCalls: 1, secondsLeft: LEFT }),
    ],
  });

  scenario('AP-39', 'the agent rejects an expired token although it has cached credentials for it', {
    keywords: ['token expiry'],
    source: `${AGENT_VALIDATION}: before the cache, and without leeway`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    tokens: { short: { ...POD_TOKEN, expirationSeconds: 600 } },
    probes: [
      gets({ token: minted('short') }),
      advanceClock(605),
      refusedByAgent({ token: minted('short') }, 400, 'token is expired', FROM_CACHE),
      gets(),
    ],
  });
});
