/** Credentials and tokens that expire while the agent holds them. */
import { advanceClock, between, clearDisturbances, minted, suite, wait } from '../../harness/index.ts';
import { eksAuth } from './lib/eks-auth.ts';
import { AGENT_CACHE, AGENT_VALIDATION } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { FROM_CACHE, gets, ONE_CALL, POD_TOKEN, refusedByAgent } from './lib/requests.ts';

/** Of nineteen seconds: the clocks of AWS and of the pod may differ by some. */
const LEFT = between(13, 22);

suite('agent', ({ scenario }) => {
  scenario('AP-23', 'credentials that end within fifteen seconds are not handed out', {
    source: `${AGENT_CACHE}; TestCachedCredentialRetriever_Fetching: too short a life is refused`,
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 14 }),
      refusedByAgent({}, 500, 'fetched credentials are expired or will expire within the next'),
      clearDisturbances(),
      gets({}, ONE_CALL),
    ],
  });

  scenario('AP-23b', 'credentials are handed out from the cache until fifteen seconds are left, and no longer', {
    source: `${AGENT_CACHE}: credentials with a small time to live are fetched anew`,
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 19 }),
      gets({ repeat: 2 }, { upstreamCalls: 1, secondsLeft: LEFT }),
      wait(5),
      gets({}, { upstreamCalls: 1, secondsLeft: LEFT }),
    ],
  });

  scenario('AP-39', 'a token that has expired opens nothing, though the agent holds its credentials', {
    keywords: ['token expiry'],
    source: `${AGENT_VALIDATION}: ahead of the cache, and without leeway`,
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
