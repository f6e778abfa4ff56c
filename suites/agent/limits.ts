/** Limits of the agent: requests per second, cached credentials, renewals. */
import { expect } from 'chai';
import {
  advanceClock,
  agentArguments,
  between,
  check,
  fails,
  fetchCredentials,
  minted,
  noToken,
  refused,
  rolloutAgent,
  succeeds,
  suite,
  wait,
} from '../../harness/index.ts';
import { metrics, RENEWED } from './lib/metrics.ts';
import { AGENT, AGENT_CACHE } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { CONTROL, FROM_CACHE, gets, ONE_CALL, POD_TOKEN } from './lib/requests.ts';

const THREE = ['first', 'second', 'third'] as const;
const THREE_TOKENS = Object.fromEntries(THREE.map((name) => [name, { ...POD_TOKEN, expirationSeconds: 7200 }]));

suite('agent', ({ scenario }) => {
  scenario('AP-25', 'the agent answers a thousand requests per second and rejects more', {
    keywords: ['throttling', 'rate limit'],
    source: AGENT + 'internal/middleware/rate_limiter: 1000 requests per second, bursts of 500',
    exclusive: 'machine',
    ...ASSOCIATED,
    probes: [
      CONTROL,
      refused('app', fetchCredentials({ token: noToken, pipelined: 2500, perSecond: 1300 }), {
        by: 'agent',
        code: '429',
        facts: { 'answers.400': between(500, 2499), 'answers.429': between(1, 2000) },
      }),
      check('a burst of 500 passes, then at most 1000 requests per second', ({ outcomes }) => {
        const { milliseconds, ...facts } = outcomes[1]?.observed?.facts ?? {};
        expect(Number(facts['answers.400']) - Number(milliseconds)).to.be.at.most(500);
      }),
      wait(1),
      gets(),
    ],
  });

  scenario('AP-38', 'the agent caches a limited number of credentials and evicts the oldest first', {
    keywords: ['cache size', 'eviction'],
    source: AGENT + 'internal/cache/expiring: --max-cache-size',
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: THREE_TOKENS,
    probes: [
      agentArguments('--max-cache-size 2'),
      ...THREE.map((name) => gets({ token: minted(name) })),
      gets({ token: minted('third') }, FROM_CACHE),
      gets({ token: minted('second') }, FROM_CACHE),
      gets({ token: minted('first') }, ONE_CALL),
      // A cache hit does not refresh an entry, so the second is the older of the two.
      gets({ token: minted('third') }, FROM_CACHE),
      gets({ token: minted('second') }, ONE_CALL),
    ],
  });

  scenario('AP-38b', 'the agent evicts renewed credentials last', {
    source: AGENT + 'internal/cache/expiring: a rewritten entry counts as new',
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: THREE_TOKENS,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 1h --max-cache-size 2'),
      gets({ token: minted('first') }),
      advanceClock(55 * 60),
      gets({ token: minted('second') }),
      // The agent renews the first now, and the second in fifty minutes.
      advanceClock(10 * 60),
      metrics(RENEWED),
      gets({ token: minted('third') }),
      gets({ token: minted('first') }, FROM_CACHE),
      gets({ token: minted('second') }, ONE_CALL),
    ],
  });

  scenario('AP-51', "renewals beyond the agent's rate limit wait, and their credentials stay cached", {
    source: `${AGENT_CACHE}: --max-service-qps; once a renewal has used up the rate, the next one waits`,
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: THREE_TOKENS,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 10m --max-cache-size 200 --max-service-qps 1'),
      ...THREE.map((name) => gets({ token: minted(name) })),
      advanceClock(670),
      metrics(RENEWED),
      // At one renewal a second, all three would be over by now. But beyond the rate, the agent waits for a later check.
      wait(4),
      metrics(RENEWED),
      // A delayed renewal is due after one or two minutes, not after the retention.
      advanceClock(130),
      metrics(/pod_identity_cache_state\{state="hit"\} [23]\n/),
      ...THREE.map((name) => gets({ token: minted(name) }, FROM_CACHE)),
    ],
  });

  scenario('AP-50', 'the agent does not start if its rate is too low to renew a full cache', {
    source:
      AGENT + 'cmd/server.go: half of --max-cache-size must be renewable within the retention at --max-service-qps',
    exclusive: 'cluster',
    // On kind, each rollout of the agent takes several seconds.
    allowSeconds: 300,
    ...ASSOCIATED,
    // A rate of 0 means the default, three calls per second.
    probes: [[1, 1201] as const, [0, 3601] as const].flatMap(([rate, most]) => {
      const flags = `--max-credential-retention-before-renewal 10m --max-service-qps ${rate} --max-cache-size`;
      const rollout = (size: number) => rolloutAgent(`${flags} ${size}`);
      return [
        fails(rollout(most + 1), { by: 'agent', code: 'CrashLoopBackOff', facts: { exitCode: 1 } }),
        succeeds(rollout(most)),
        gets(),
      ];
    }),
  });
});
