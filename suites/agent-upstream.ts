import {
  agentArguments,
  agentGet,
  clearWeather,
  control,
  deleteAssociation,
  fails,
  fetchCredentials,
  granted,
  matching,
  noToken,
  podIdentityRole,
  refused,
  startPod,
  succeeds,
  suite,
  trustPodIdentity,
  updateTrust,
  wait,
  weather,
  whoAmI,
} from '../harness/index.ts';
import { AGENT, AGENT_ERRORS } from './lib/sources.ts';
import { ASSOCIATED } from './lib/worlds.ts';

const CACHE = AGENT + 'internal/credsretriever';
const PLAIN_TEXT = { contentType: matching(/^text\/plain/) };

/** The same, but the pod starts when a step says so: after the weather has changed. */
const STARTED_LATER = {
  roles: { app: podIdentityRole() },
  workloads: { app: { role: 'app', starts: 'later' } },
} as const;

/** EKS Auth answers with an error, or late, but only to pods of this scenario. */
const eksAuth = (trouble: Omit<Parameters<typeof weather>[0], 'service' | 'operation'>) =>
  weather({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', namespace: 'app', ...trouble });

suite('agent', ({ scenario }) => {
  scenario('AP-15', 'credentials are cached: two requests, one call', {
    source: CACHE + ', refreshing_cache_test.go, Caching',
    ...ASSOCIATED,
    probes: [granted('app', fetchCredentials({ repeat: 2 }), { facts: { distinctSessions: 1, upstreamCalls: 1 } })],
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
      refused('app', fetchCredentials(), { by: 'eks-auth', code: 'InvalidRequestException', status: 400 }),
      clearWeather(),
      // Slow enough that all requests arrive while the first is under way, and look for its answer more than once.
      eksAuth({ delayMilliseconds: 450 }),
      granted('app', fetchCredentials({ repeat: 16, atOnce: true }), {
        facts: { requests: 16, answeredAlike: true, distinctSessions: 1, upstreamCalls: 1 },
      }),
    ],
  });

  scenario('AP-16b', "a request that waits for another's call in vain is answered by a call of its own", {
    source: CACHE + ', refreshing_cache.go: nine looks, 200 ms apart',
    ...ASSOCIATED,
    probes: [
      // The other is answered at its third try, after two seconds.
      eksAuth({ delayMilliseconds: 2000, times: 2 }),
      granted('app', fetchCredentials({ repeat: 2, atOnce: true })),
    ],
  });

  scenario('AP-17', 'each address has a cache of its own', {
    source: AGENT + 'cmd/server.go: a server for each bind host',
    roles: ASSOCIATED.roles,
    // Pods of an IPv4 cluster have no way to an IPv6 address but by their node's own network.
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
      granted('app', fetchCredentials({ via: 'ipv6' }), { facts: { upstreamCalls: 1 } }),
      granted('app', fetchCredentials({ via: 'ipv6' }), { facts: { upstreamCalls: 0 } }),
    ],
  });

  scenario('AP-52', 'the agent serves the addresses that it is told, and no others', {
    source:
      'Amazon EKS User Guide, "Disable IPv6 in the EKS Pod Identity Agent"; ' + AGENT + 'cmd/server.go: --bind-hosts',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', hostNetwork: true } },
    probes: [
      agentArguments('-b 169.254.170.23'),
      granted('app', fetchCredentials({ via: 'ipv4' })),
      refused('app', fetchCredentials({ via: 'ipv6' }), { by: 'agent', message: 'cannot be reached' }),
      agentArguments('--bind-hosts [fd00:ec2::23] --bind-hosts 169.254.170.23'),
      granted('app', fetchCredentials({ via: 'ipv4' })),
      granted('app', fetchCredentials({ via: 'ipv6' })),
    ],
  });

  scenario('AP-19', 'what EKS Auth denies reaches the pod with its code, status and request id', {
    source: AGENT_ERRORS + '; Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"',
    roles: { app: podIdentityRole(), untagged: { trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })] } },
    workloads: { app: { role: 'app' }, untagged: { serviceAccount: 'untagged', role: 'untagged' } },
    probes: [
      control('app', fetchCredentials()),
      refused('untagged', fetchCredentials(), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
        status: 400,
        message: 'EKS does not have permissions to assume the associated role',
        facts: PLAIN_TEXT,
      }),
    ],
  });

  scenario('AP-20', 'a service account without association is not found, at once', {
    profile: 'core',
    source: AGENT_ERRORS + ', ResourceNotFoundException',
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app' }, witness: { role: 'app' } },
    probes: [
      // Ahead of its end the association works. The other pod's token is not cached yet, so that the agent must ask.
      control('witness', fetchCredentials()),
      deleteAssociation('app'),
      refused('app', fetchCredentials(), {
        by: 'eks-auth',
        code: 'ResourceNotFoundException',
        status: 404,
        facts: { upstreamCalls: 1 },
      }),
    ],
  });

  for (const [id, code, status, fault] of [
    ['AP-20b', 'ThrottlingException', 429, 'client'],
    // AWS's model says that it is the server's; agents were seen with clients that say otherwise.
    ['AP-20c', 'ServiceUnavailableException', 503, matching(/^(server|client)$/)],
    ['AP-20d', 'InternalServerException', 500, matching(/^(server|client)$/)],
  ] as const) {
    scenario(id, `${code} is passed on after three tries`, {
      source: AGENT_ERRORS + '; AWS SDKs and Tools Reference Guide, "Retry behavior"',
      ...STARTED_LATER,
      probes: [
        eksAuth({ error: { code, status, message: 'Try again later.' }, times: 3 }),
        startPod('app'),
        refused('app', fetchCredentials(), { by: 'eks-auth', code, status, facts: { upstreamCalls: 3, fault } }),
        granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
      ],
    });
  }

  scenario('AP-20e', 'trouble of EKS Auth that passes within three tries is not seen', {
    source: 'AWS SDKs and Tools Reference Guide, "Retry behavior"',
    ...STARTED_LATER,
    probes: [
      eksAuth({ error: { code: 'ServiceUnavailableException', status: 503, message: 'Try again later.' }, times: 2 }),
      startPod('app'),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 3 } }),
    ],
  });

  scenario('AP-21', 'when EKS Auth does not answer, the agent gives up after three tries of a second', {
    // What it says then comes from the SDK that is built into it, and differs.
    source: AGENT + 'internal/cloud/eksauth: timeout of a try',
    finding: 'The agent takes longer to give up than most SDKs wait for it (1 to 2 s): they say that it timed out.',
    ...STARTED_LATER,
    probes: [
      eksAuth({ delayMilliseconds: 2000, times: 3 }),
      startPod('app'),
      refused('app', fetchCredentials(), {
        by: 'agent',
        status: 500,
        facts: PLAIN_TEXT,
      }),
      // To connect may take half a second, and an answer longer.
      eksAuth({ delayMilliseconds: 600, times: 3 }),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('AP-49', 'the call that was made for a client that goes away is given up, and its answer is not kept', {
    source: `${CACHE}: the request's context; eks-pod-identity-agent, issue 50: context canceled`,
    ...ASSOCIATED,
    probes: [
      // Without the client, the third try would be answered.
      eksAuth({ delayMilliseconds: 2000, times: 2 }),
      refused('app', fetchCredentials({ giveUpAfter: 200 }), { by: 'agent', code: 'TIMEOUT' }),
      wait(4),
      clearWeather(),
      eksAuth({ error: { code: 'ServiceUnavailableException', status: 503, message: 'Try again later.' } }),
      refused('app', fetchCredentials(), { by: 'eks-auth', code: 'ServiceUnavailableException', status: 503 }),
      clearWeather(),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('AP-22', 'cached credentials outlive trouble of EKS Auth', {
    source: CACHE,
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app' }, fresh: { role: 'app', starts: 'later' } },
    probes: [
      granted('app', fetchCredentials()),
      eksAuth({ error: { code: 'ServiceUnavailableException', status: 503, message: 'Try again later.' } }),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      startPod('fresh'),
      refused('fresh', fetchCredentials(), { by: 'eks-auth', code: 'ServiceUnavailableException', status: 503 }),
      clearWeather(),
      granted('fresh', fetchCredentials()),
    ],
  });

  scenario('AP-24', 'refusals are not cached: the next request asks again', {
    profile: 'core',
    source: CACHE + ', refreshing_cache.go',
    roles: { app: { trust: [trustPodIdentity({ actions: ['sts:AssumeRole'] })] } },
    workloads: { app: { role: 'app' } },
    probes: [
      refused('app', fetchCredentials({ repeat: 2 }), {
        by: 'eks-auth',
        code: 'AccessDeniedException',
        status: 400,
        facts: { upstreamCalls: 2 },
      }),
      updateTrust('app', [trustPodIdentity()]),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
    ],
  });

  scenario('AP-26', "the agent's probes say that its servers answer", {
    source: AGENT + 'pkg/handlers/probe_handler.go',
    needs: ['pod-identity'],
    probes: ['/healthz', '/readyz'].map((path) => succeeds(agentGet(2705, path), { status: 200 })),
  });

  scenario('AP-26b', "the kubelet's probes of the agent say that its servers answer", {
    source: AGENT + 'cmd/server.go: the probe port is on localhost alone; pkg/handlers/probe_handler.go',
    needs: ['pod-identity'],
    probes: [
      ...['/healthz', '/readyz'].map((path) => succeeds(agentGet(2703, path), { status: 200 })),
      ...['/', '/metrics', '/v1/credentials'].map((path) => fails(agentGet(2703, path), { by: 'agent', code: '404' })),
    ],
  });

  scenario('AP-28', 'answers are counted by status', {
    source: AGENT + 'internal/middleware, metrics',
    ...ASSOCIATED,
    probes: [
      granted('app', fetchCredentials()),
      refused('app', fetchCredentials({ token: noToken }), { by: 'agent', status: 400 }),
      refused('app', fetchCredentials({ host: 'localhost' }), { by: 'agent', status: 403 }),
      succeeds(agentGet(2705, '/metrics'), { body: matching(/pod_identity_http_response\{code="200"\} [1-9]/) }),
      succeeds(agentGet(2705, '/metrics'), { body: matching(/pod_identity_http_response\{code="400"\} [1-9]/) }),
      succeeds(agentGet(2705, '/metrics'), { body: matching(/pod_identity_http_response\{code="403"\} [1-9]/) }),
      succeeds(agentGet(2705, '/metrics'), { body: matching(/pod_identity_cache_state\{state="miss"\} [1-9]/) }),
    ],
  });

  scenario('AP-32', 'many short programs of a pod cost EKS Auth one call', {
    source: CACHE + '; eks-pod-identity-agent, issues on throttling by many processes',
    ...ASSOCIATED,
    probes: [
      // Each request has a connection of its own, as that of a program that ends after it.
      granted('app', fetchCredentials({ repeat: 100 }), {
        facts: { requests: 100, answeredAlike: true, distinctSessions: 1, upstreamCalls: 1 },
      }),
    ],
  });
});
