/** Which requests the agent answers from its cache, and which it sends to EKS Auth. */
import {
  agentArguments,
  clearDisturbances,
  fetchCredentials,
  granted,
  podIdentityRole,
  refused,
  startPod,
  suite,
  trustPodIdentity,
  updateTrust,
  wait,
  whoAmI,
} from '../../harness/index.ts';
import { AWAY, eksAuth, eksAuthAway, STARTED_LATER } from './lib/eks-auth.ts';
import { MAY_NOT_ASSUME } from '../lib/outcomes.ts';
import { AGENT } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { FROM_CACHE, gets, ONE_CALL, refusedByEksAuth } from './lib/requests.ts';

const CACHE = AGENT + 'internal/credsretriever';
const FINAL = { code: 'InvalidRequestException', status: 400, message: 'no' } as const;

suite('agent', ({ scenario }) => {
  scenario('AP-18', 'an agent without a cache calls EKS Auth for each request', {
    source: AGENT + 'cmd/server.go: a retention or a size of 0 turns the cache off',
    ...ASSOCIATED,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 0'),
      gets({ repeat: 2 }, { distinctSessions: 2, upstreamCalls: 2 }),
      agentArguments('--max-credential-retention-before-renewal 3h --max-cache-size 0'),
      // It does not check how long the credentials are still valid.
      eksAuth({ credentialsSeconds: 10 }),
      gets({ repeat: 2 }, { distinctSessions: 2, upstreamCalls: 2 }),
    ],
  });

  scenario('AP-15', 'a hundred requests of a pod cause one call to EKS Auth', {
    source: `${CACHE}, refreshing_cache_test.go, Caching; eks-pod-identity-agent, issues on throttling by many processes`,
    ...ASSOCIATED,
    keywords: ['throttling'],
    probes: [
      // Each request has its own connection, like that of a short-lived process.
      gets({ repeat: 100 }, { requests: 100, answeredAlike: true, distinctSessions: 1, upstreamCalls: 1 }),
    ],
  });

  scenario('AP-15b', "a pod never gets another pod's cached credentials", {
    profile: 'core',
    source: CACHE + ', refreshing_cache_test.go, Caching: two tokens, two calls',
    roles: { red: podIdentityRole(), blue: podIdentityRole() },
    workloads: {
      red: { serviceAccount: 'red', role: 'red' },
      blue: { serviceAccount: 'blue', role: 'blue', starts: 'later' },
      // Has the service account of blue, but is a different pod.
      twin: { serviceAccount: 'blue', role: 'blue', starts: 'later' },
    },
    probes: [
      granted('red', whoAmI()),
      startPod('blue'),
      granted('blue', whoAmI()),
      startPod('twin'),
      granted('twin', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
      // The other pods' credentials did not replace these.
      granted('red', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
    ],
  });

  scenario('AP-16', 'concurrent requests of a pod share one call to EKS Auth', {
    source: CACHE + ', refreshing_cache_test.go, ActiveRequestCaching',
    ...STARTED_LATER,
    probes: [
      // A failed call has ended, so later requests do not wait for it.
      eksAuth({ error: FINAL }),
      startPod('app'),
      refusedByEksAuth({}, 'InvalidRequestException', 400),
      clearDisturbances(),
      // Slow enough that all requests arrive during the first call, and poll for its result more than once.
      eksAuth({ delayMilliseconds: 450 }),
      gets({ repeat: 16, atOnce: true }, { requests: 16, answeredAlike: true, distinctSessions: 1, upstreamCalls: 1 }),
    ],
  });

  scenario('AP-16b', "a request that waited for another's failed call makes its own call", {
    source: CACHE + ', refreshing_cache.go: nine polls, 200 ms apart',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app' }, other: { role: 'app' } },
    probes: [
      // The other request succeeds at its third try, after two seconds.
      eksAuth({ delayMilliseconds: 2000, times: 2 }),
      gets({ repeat: 2, atOnce: true }),
      clearDisturbances(),
      // The first request fails after half a second.
      eksAuth({ delayMilliseconds: 500, times: 1, error: FINAL }),
      refused('other', fetchCredentials({ repeat: 2, atOnce: true }), {
        by: 'eks-auth',
        code: FINAL.code,
        facts: { answeredAlike: false, upstreamCalls: 2 },
      }),
    ],
  });

  scenario('AP-17', 'each address of the agent has its own cache', {
    source: AGENT + 'cmd/server.go: a server for each bind host',
    roles: ASSOCIATED.roles,
    // Pods of an IPv4 cluster reach an IPv6 address only through the host network.
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [gets({}, ONE_CALL), gets({ via: 'ipv6' }, ONE_CALL), gets({ via: 'ipv6' }, FROM_CACHE)],
  });

  scenario('AP-49', 'the agent cancels the call of a client that disconnects, and caches no result', {
    source: `${CACHE}: the request's context; eks-pod-identity-agent, issue 50: context canceled`,
    ...ASSOCIATED,
    probes: [
      // If the agent did not cancel the call, its third try would succeed.
      eksAuth({ delayMilliseconds: 2000, times: 2 }),
      refused('app', fetchCredentials({ giveUpAfter: 200 }), { by: 'agent', code: 'TIMEOUT' }),
      wait(4),
      clearDisturbances(),
      eksAuthAway(),
      refusedByEksAuth({}, AWAY.code, 503),
      clearDisturbances(),
      gets(),
    ],
  });

  scenario('AP-22', 'the agent returns cached credentials while EKS Auth is unavailable', {
    source: CACHE,
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    probes: [
      gets(),
      eksAuthAway(),
      gets({}, FROM_CACHE),
      startPod('fresh'),
      refused('fresh', fetchCredentials(), { by: 'eks-auth', ...AWAY }),
      clearDisturbances(),
      granted('fresh', fetchCredentials()),
    ],
  });

  scenario('AP-24', 'the agent does not cache refusals, and calls EKS Auth again', {
    profile: 'core',
    source: CACHE + ', refreshing_cache.go',
    roles: { app: { trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })] } },
    workloads: { app: { role: 'app' } },
    probes: [
      refused('app', fetchCredentials({ repeat: 2 }), { ...MAY_NOT_ASSUME, facts: { upstreamCalls: 2 } }),
      updateTrust('app', [trustPodIdentity()]),
      gets({}, ONE_CALL),
    ],
  });
});
