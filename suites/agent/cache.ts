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

suite('agent', ({ scenario }) => {
  scenario('AP-18', 'an agent that keeps nothing asks EKS Auth each time', {
    source: AGENT + 'cmd/server.go: a retention or a size of 0 turns the cache off',
    ...ASSOCIATED,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 0'),
      gets({ repeat: 2 }, { distinctSessions: 2, upstreamCalls: 2 }),
      agentArguments('--max-credential-retention-before-renewal 3h --max-cache-size 0'),
      // Nor does it look at how long they are still good.
      eksAuth({ credentialsSeconds: 10 }),
      gets({ repeat: 2 }, { distinctSessions: 2, upstreamCalls: 2 }),
    ],
  });

  scenario('AP-15', 'credentials are cached: many requests, as of many short programs of a pod, make one call', {
    source: `${CACHE}, refreshing_cache_test.go, Caching; eks-pod-identity-agent, issues on throttling by many processes`,
    ...ASSOCIATED,
    keywords: ['throttling'],
    probes: [
      // Each request has a connection of its own, as that of a program that ends after it.
      gets({ repeat: 100 }, { requests: 100, answeredAlike: true, distinctSessions: 1, upstreamCalls: 1 }),
    ],
  });

  scenario('AP-15b', "no pod is answered with another pod's cached credentials", {
    profile: 'core',
    source: CACHE + ', refreshing_cache_test.go, Caching: two tokens, two calls',
    roles: { red: podIdentityRole(), blue: podIdentityRole() },
    workloads: {
      red: { serviceAccount: 'red', role: 'red' },
      blue: { serviceAccount: 'blue', role: 'blue', starts: 'later' },
      // Of the same service account as blue, and a pod of its own all the same.
      twin: { serviceAccount: 'blue', role: 'blue', starts: 'later' },
    },
    probes: [
      granted('red', whoAmI()),
      startPod('blue'),
      granted('blue', whoAmI()),
      startPod('twin'),
      granted('twin', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
      // What the others were given took no place of its own.
      granted('red', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
    ],
  });

  scenario('AP-16', 'requests at the same time share one call', {
    source: CACHE + ', refreshing_cache_test.go, ActiveRequestCaching',
    ...STARTED_LATER,
    probes: [
      // A call that failed is over: it keeps nobody waiting.
      eksAuth({ error: { code: 'InvalidRequestException', status: 400, message: 'no' } }),
      startPod('app'),
      refusedByEksAuth({}, 'InvalidRequestException', 400),
      clearDisturbances(),
      // Slow enough that all requests arrive while the first is under way, and look for its answer more than once.
      eksAuth({ delayMilliseconds: 450 }),
      gets({ repeat: 16, atOnce: true }, { requests: 16, answeredAlike: true, distinctSessions: 1, upstreamCalls: 1 }),
    ],
  });

  scenario('AP-16b', "a request that waited for another's failed call makes its own call", {
    source: CACHE + ', refreshing_cache.go: nine looks, 200 ms apart',
    ...ASSOCIATED,
    probes: [
      // The other is answered at its third try, after two seconds.
      eksAuth({ delayMilliseconds: 2000, times: 2 }),
      gets({ repeat: 2, atOnce: true }),
    ],
  });

  scenario('AP-17', 'each address has a cache of its own', {
    source: AGENT + 'cmd/server.go: a server for each bind host',
    roles: ASSOCIATED.roles,
    // Pods of an IPv4 cluster have no way to an IPv6 address but by their node's own network.
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [gets({}, ONE_CALL), gets({ via: 'ipv6' }, ONE_CALL), gets({ via: 'ipv6' }, FROM_CACHE)],
  });

  scenario('AP-49', 'the call that was made for a client that goes away is given up, and its answer is not kept', {
    source: `${CACHE}: the request's context; eks-pod-identity-agent, issue 50: context canceled`,
    ...ASSOCIATED,
    probes: [
      // Without the client, the third try would be answered.
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

  scenario('AP-22', 'cached credentials outlive trouble of EKS Auth', {
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

  scenario('AP-24', 'refusals are not cached: the next request asks again', {
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
