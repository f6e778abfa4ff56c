/** The agent when time passes: credentials that are nearly over, tokens that expire, renewals, and its limits. */
import { expect } from 'chai';
import {
  advanceClock,
  agentArguments,
  allow,
  between,
  check,
  clearWeather,
  control,
  deletePod,
  fails,
  fetchCredentials,
  getObject,
  granted,
  minted,
  noToken,
  podIdentityRole,
  refused,
  rolloutAgent,
  succeeds,
  suite,
  trustPodIdentity,
  updateTrust,
  wait,
  weather,
  type CheckContext,
} from '../harness/index.ts';
import { metrics, RENEWED } from './lib/agent-metrics.ts';
import { AGENT, AGENT_CACHE, AGENT_VALIDATION, EKS_AUTH_ERRORS } from './lib/sources.ts';
import { ASSOCIATED, POD_IDENTITY } from './lib/worlds.ts';

const THREE = ['first', 'second', 'third'] as const;
const THREE_TOKENS = Object.fromEntries(
  THREE.map(
    (name) =>
      [name, { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app', expirationSeconds: 7200 }] as const,
  ),
);

const eksAuth = (trouble: Omit<Parameters<typeof weather>[0], 'service' | 'operation'>) =>
  weather({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', namespace: 'app', ...trouble });

/** An agent that renews what it holds after two minutes, and so can keep up with fewer pods. */
const RENEWS_SOON = '--max-credential-retention-before-renewal 2m --max-cache-size 200';
/** Seconds: these two minutes, and more than one, how often it looks. */
const UNTIL_RENEWAL = 190;

/** Whether two probes, by their place among all, were given the same session. */
const sameSession = (first: number, second: number) => (context: CheckContext) => {
  const [one, other] = [first, second].map((place) => context.outcomes[place]?.observed?.facts?.['session']);
  expect(one).to.be.a('string');
  return expect(one === other, 'whether it is the same session');
};

suite('agent', ({ scenario }) => {
  scenario('AP-18', 'an agent that keeps nothing asks EKS Auth each time', {
    source: AGENT + 'cmd/server.go: a retention or a size of 0 turns the cache off',
    ...ASSOCIATED,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 0'),
      granted('app', fetchCredentials({ repeat: 2 }), { facts: { distinctSessions: 2, upstreamCalls: 2 } }),
      agentArguments('--max-credential-retention-before-renewal 3h --max-cache-size 0'),
      // Nor does it look at how long they are still good.
      eksAuth({ credentialsSeconds: 10 }),
      granted('app', fetchCredentials({ repeat: 2 }), { facts: { distinctSessions: 2, upstreamCalls: 2 } }),
    ],
  });

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

  scenario('AP-25', 'the agent answers a thousand requests a second and refuses more', {
    source: AGENT + 'internal/middleware/rate_limiter: 1000 requests a second, 500 at once',
    exclusive: true,
    ...ASSOCIATED,
    probes: [
      control('app', fetchCredentials()),
      refused('app', fetchCredentials({ token: noToken, pipelined: 2500, perSecond: 1300 }), {
        by: 'agent',
        code: '429',
        facts: { 'answers.400': between(500, 2499), 'answers.429': between(1, 2000) },
      }),
      check('500 are answered at once, and of the others no more than 1000 a second', ({ outcomes }) => {
        const { milliseconds, ...facts } = outcomes[1]?.observed?.facts ?? {};
        expect(Number(facts['answers.400']) - Number(milliseconds)).to.be.at.most(500);
      }),
      wait(1),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('AP-38', 'the agent keeps so many credentials and forgets those that it was given longest ago', {
    source: AGENT + 'internal/cache/expiring: --max-cache-size',
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: THREE_TOKENS,
    probes: [
      agentArguments('--max-cache-size 2'),
      ...THREE.map((name) => granted('app', fetchCredentials({ token: minted(name) }))),
      granted('app', fetchCredentials({ token: minted('third') }), { facts: { upstreamCalls: 0 } }),
      granted('app', fetchCredentials({ token: minted('second') }), { facts: { upstreamCalls: 0 } }),
      granted('app', fetchCredentials({ token: minted('first') }), { facts: { upstreamCalls: 1 } }),
      // To be asked for is not to be given anew: of the two, the second was stored first.
      granted('app', fetchCredentials({ token: minted('third') }), { facts: { upstreamCalls: 0 } }),
      granted('app', fetchCredentials({ token: minted('second') }), { facts: { upstreamCalls: 1 } }),
    ],
  });

  scenario('AP-38b', 'what the agent has renewed is among what it forgets last', {
    source: AGENT + 'internal/cache/expiring: what is written again counts as new',
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: THREE_TOKENS,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 1h --max-cache-size 2'),
      granted('app', fetchCredentials({ token: minted('first') })),
      advanceClock(55 * 60),
      granted('app', fetchCredentials({ token: minted('second') })),
      // The first is renewed, the second is so in fifty minutes.
      advanceClock(10 * 60),
      metrics(RENEWED),
      granted('app', fetchCredentials({ token: minted('third') })),
      granted('app', fetchCredentials({ token: minted('first') }), { facts: { upstreamCalls: 0 } }),
      granted('app', fetchCredentials({ token: minted('second') }), { facts: { upstreamCalls: 1 } }),
    ],
  });

  scenario('AP-51', 'renewals beyond the rate that the agent is told wait, and what they would renew is kept', {
    source: `${AGENT_CACHE}: --max-service-qps; behind a renewal that took all that the rate allows, the next has to wait`,
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: THREE_TOKENS,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 10m --max-cache-size 200 --max-service-qps 1'),
      ...THREE.map((name) => granted('app', fetchCredentials({ token: minted(name) }))),
      advanceClock(670),
      metrics(RENEWED),
      // Long enough for renewals one after another, a second apart; the next look is a minute away.
      wait(6),
      metrics(RENEWED),
      // What had to wait is due after one or two minutes, not after the retention. There is one more again.
      advanceClock(130),
      metrics(/pod_identity_cache_state\{state="hit"\} [23]\n/),
      ...THREE.map((name) =>
        granted('app', fetchCredentials({ token: minted(name) }), { facts: { upstreamCalls: 0 } }),
      ),
    ],
  });

  scenario('AP-50', 'an agent that could not renew all that it may keep does not start', {
    source:
      AGENT + 'cmd/server.go: half of --max-cache-size is to be renewed within the retention, at --max-service-qps',
    exclusive: true,
    // On kind each of five rollouts of the agent takes several seconds.
    allowSeconds: 300,
    ...ASSOCIATED,
    // A rate of 0 is the default: three calls a second.
    probes: [[1, 1201] as const, [0, 3601] as const].flatMap(([rate, most]) => {
      const rollout = (size: number) =>
        rolloutAgent(
          `--max-credential-retention-before-renewal 10m --max-service-qps ${rate} --max-cache-size ${size}`,
        );
      return [
        fails(rollout(most + 1), { by: 'agent', code: 'CrashLoopBackOff', facts: { exitCode: 1 } }),
        succeeds(rollout(most)),
        granted('app', fetchCredentials()),
      ];
    }),
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

suite('lifecycle', ({ scenario }) => {
  scenario('LC-09', 'a program that runs on has new credentials whenever its own are nearly over', {
    source: 'AWS SDKs and Tools Reference Guide, "Container credential provider"; ' + AGENT_CACHE,
    roles: { app: podIdentityRole(allow('s3:GetObject', 'data/*')) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      eksAuth({ credentialsSeconds: 18 }),
      granted('app', getObject('data/key')),
      wait(10),
      // The SDK asks the agent, and that has new ones, whatever either of them holds.
      granted('app', getObject('data/key')),
      wait(10),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-12', 'the agent gives up what it holds for a token that has expired, and credentials that have', {
    source: `${AGENT_CACHE}: errors that no retry mends; ${EKS_AUTH_ERRORS}, ExpiredTokenException`,
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: {
      short: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app', expirationSeconds: 600 },
      long: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' },
    },
    probes: [
      agentArguments(RENEWS_SOON),
      eksAuth({ credentialsSeconds: 300 }),
      granted('app', fetchCredentials({ token: minted('long') })),
      clearWeather(),
      granted('app', fetchCredentials({ token: minted('short') })),
      eksAuth({ error: { code: 'InvalidRequestException', status: 400, message: 'no' } }),
      advanceClock(605),
      // The first are of no use any more, and go too.
      metrics(
        /code="ExpiredTokenException",type="NonRecoverable"\} 1\n[^]*"InvalidRequestException",type="Recoverable"\} 1\n[^]*state="evicted"\} 2\n/,
      ),
    ],
  });

  scenario('LC-13', 'the agent keeps what it holds while EKS Auth has trouble, and renews it after that', {
    source: `${AGENT_CACHE}, TestCachedCredentialRetriever_Refresh: keep old on failure`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 1h --max-service-qps 100'),
      granted('app', fetchCredentials()),
      eksAuth({ error: { code: 'InternalServerException', status: 500, message: 'Try again later.' } }),
      advanceClock(62 * 60),
      metrics(/pod_identity_cache_errors\{code="InternalServerException",type="Recoverable"\} 1\n/),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      check('the credentials are the old ones', (context) => sameSession(0, 2)(context).to.equal(true)),
      clearWeather(),
      // A failed renewal is tried again after one or two minutes, not after an hour. Now it gets no answer that tells anything.
      eksAuth({ answer: { status: 200, body: '' } }),
      advanceClock(130),
      metrics(/pod_identity_cache_errors\{code="Unknown",type="Recoverable"\} 1\n/),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      check('the credentials are still the old ones', (context) => sameSession(0, 5)(context).to.equal(true)),
      clearWeather(),
      advanceClock(130),
      metrics(RENEWED),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      check('the credentials are new ones', (context) => sameSession(0, 8)(context).to.equal(false)),
    ],
  });

  scenario('LC-14', 'the agent gives up what it holds once EKS Auth denies it', {
    source: `${AGENT_CACHE}, TestCachedCredentialRetriever_Refresh: evict on AccessDenied`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [
      agentArguments(RENEWS_SOON),
      granted('app', fetchCredentials()),
      updateTrust('app', [trustPodIdentity({ actions: ['sts:AssumeRole'] })]),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      advanceClock(UNTIL_RENEWAL),
      metrics(/pod_identity_cache_state\{state="evicted"\} 1\n/),
      refused('app', fetchCredentials(), { by: 'eks-auth', code: 'AccessDeniedException', status: 400 }),
    ],
  });

  scenario('LC-18', 'the agent renews credentials of pods that are gone', {
    source: `${AGENT_CACHE}: renewals go by what is held; eks-pod-identity-agent, issue 171`,
    finding:
      'The agent renews what it holds for a pod that is gone until its token expires, and each renewal counts against the rate of EKS Auth: many short pods make calls for a day.',
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [
      agentArguments(RENEWS_SOON),
      granted('app', fetchCredentials()),
      deletePod('app'),
      advanceClock(UNTIL_RENEWAL),
      metrics(RENEWED),
    ],
  });
});
