/** Probes and metrics of the agent. */
import { agentGet, fails, matching, minted, noToken, succeeds, suite } from '../../harness/index.ts';
import { AGENT, AGENT_CACHE } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { gets, invalidToken, refusedByAgent, SECOND } from './lib/requests.ts';

const CACHE_BY_POD = AGENT_CACHE + ' of 0.2 (commit 8d9063a), tryServingFromCache';
/** Expects a metric above 0 that matches the pattern. */
const counted = (metric: string) =>
  succeeds(agentGet(2705, '/metrics'), { body: matching(new RegExp(`${metric} [1-9]`)) });

suite('agent', ({ scenario }) => {
  scenario('AP-37', "the agent's metrics count the results of token checks", {
    source: `${CACHE_BY_POD}: pod_identity_local_validation`,
    needs: ['agent-token-validation'],
    ...ASSOCIATED,
    tokens: SECOND,
    probes: [
      gets(),
      gets({ token: minted('second') }),
      invalidToken({ change: 'flip-signature' }),
      ...['success', 'failure'].map((result) => counted(`pod_identity_local_validation\\{result="${result}"\\}`)),
    ],
  });

  scenario('AP-26', "the agent's health and readiness probes succeed", {
    source: AGENT + 'pkg/handlers/probe_handler.go',
    needs: ['pod-identity'],
    probes: ['/healthz', '/readyz'].map((path) => succeeds(agentGet(2705, path), { status: 200 })),
  });

  scenario('AP-26b', 'the probe port of the agent serves only health and readiness', {
    source: AGENT + 'cmd/server.go: the probe port is only on localhost; pkg/handlers/probe_handler.go',
    needs: ['pod-identity'],
    probes: [
      ...['/healthz', '/readyz'].map((path) => succeeds(agentGet(2703, path), { status: 200 })),
      ...['/', '/metrics', '/v1/credentials'].map((path) => fails(agentGet(2703, path), { by: 'agent', code: '404' })),
    ],
  });

  scenario('AP-28', "the agent's metrics count responses by status", {
    source: AGENT + 'internal/middleware, metrics',
    ...ASSOCIATED,
    probes: [
      gets(),
      refusedByAgent({ token: noToken }, 400),
      refusedByAgent({ host: 'localhost' }, 403),
      ...['200', '400', '403'].map((code) => counted(`pod_identity_http_response\\{code="${code}"\\}`)),
      counted('pod_identity_cache_state\\{state="miss"\\}'),
    ],
  });
});
