/** Probes and metrics of the agent. */
import {
  agentGet,
  fails,
  fetchCredentials,
  granted,
  matching,
  minted,
  noToken,
  refused,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { AGENT } from '../lib/sources.ts';
import { ASSOCIATED, POD_IDENTITY } from '../lib/worlds.ts';

/** The agent's code, github.com/aws/eks-pod-identity-agent: its answers are documented nowhere else. */
const CACHE = 'eks-pod-identity-agent source, internal/credsretriever/refreshing_cache.go';
const CACHE_BY_POD = CACHE + ' of 0.2 (commit 8d9063a), tryServingFromCache';
/** A token of the same pod beside the one that the kubelet put into it, as a renewed one is. */
const SECOND = { second: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } } as const;
const FORGED = { by: 'eks-auth', code: 'InvalidTokenException', status: 400 } as const;

suite('agent', ({ scenario }) => {
  scenario('AP-37', 'what the agent found of tokens is counted', {
    source: `${CACHE_BY_POD}: pod_identity_local_validation`,
    needs: ['agent-token-validation'],
    ...ASSOCIATED,
    tokens: SECOND,
    probes: [
      granted('app', fetchCredentials()),
      granted('app', fetchCredentials({ token: minted('second') })),
      refused('app', fetchCredentials({ change: 'flip-signature' }), FORGED),
      ...['success', 'failure'].map((result) =>
        succeeds(agentGet(2705, '/metrics'), {
          body: matching(new RegExp(`pod_identity_local_validation\\{result="${result}"\\} [1-9]`)),
        }),
      ),
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
});
