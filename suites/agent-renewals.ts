/** What the agent makes of EKS Auth's answers when it renews what it holds. */
import { expect } from 'chai';
import {
  advanceClock,
  agentArguments,
  check,
  clearWeather,
  fetchCredentials,
  granted,
  minted,
  podIdentityRole,
  refused,
  suite,
  wait,
  weather,
  type CheckContext,
} from '../harness/index.ts';
import { metrics, RENEWED } from './lib/agent-metrics.ts';
import { AGENT_CACHE, EKS_AUTH_ERRORS } from './lib/sources.ts';

const OF_EKS_AUTH = { service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', namespace: 'app' } as const;
const AWAY = { code: 'ServiceUnavailableException', status: 503, message: 'Try again later.' } as const;

/** Whether what is held is given up for an error, and how often EKS Auth is asked until then. `Unknown`: an answer that tells none. */
const ERRORS_OF_RENEWALS = [
  ['AccessDeniedException', 'given up', 1],
  ['ExpiredTokenException', 'given up', 1],
  ['InvalidTokenException', 'given up', 1],
  ['ResourceNotFoundException', 'given up', 1],
  ['InvalidParameterException', 'kept', 1],
  ['InvalidRequestException', 'kept', 1],
  ['ThrottlingException', 'kept', 3],
  ['TeapotException', 'kept', 1],
  ['Unknown', 'kept', 1],
] as const;

/** Whether two probes, by their place among all, were given the same session. */
function sameSession({ outcomes }: CheckContext, first: number, second: number) {
  const [one, other] = [first, second].map((place) => outcomes[place]?.observed?.facts?.['session']);
  expect(one).to.be.a('string');
  return expect(one === other, 'whether it is the same session');
}

suite('lifecycle', ({ scenario }) => {
  scenario('LC-23', 'the agent gives up what it holds for errors that no retry mends, and keeps it for others', {
    source: `${AGENT_CACHE}, TestCachedCredentialRetriever_Refresh; ${EKS_AUTH_ERRORS}`,
    needs: ['cluster-clock', 'agent-token-cache'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    tokens: Object.fromEntries(
      ERRORS_OF_RENEWALS.map(([name]) => [
        name.toLowerCase(),
        { serviceAccount: 'app/app', audience: 'pods.eks.amazonaws.com', boundTo: 'app' },
      ]),
    ),
    probes: [
      agentArguments('--max-credential-retention-before-renewal 2m --max-cache-size 200 --max-service-qps 100'),
      ...ERRORS_OF_RENEWALS.map(([name]) => granted('app', fetchCredentials({ token: minted(name.toLowerCase()) }))),
      // Renewals take place one after another, in the order in which the credentials were stored.
      ...ERRORS_OF_RENEWALS.map(([code, , times]) =>
        weather({
          ...OF_EKS_AUTH,
          ...(code === 'Unknown'
            ? { answer: { status: 400, body: '<html>' } }
            : { error: { code, status: 400, message: 'no' } }),
          times,
        }),
      ),
      advanceClock(190),
      ...ERRORS_OF_RENEWALS.map(([code, what]) =>
        metrics(
          new RegExp(
            `pod_identity_cache_errors\\{code="${code}",type="${what === 'kept' ? 'Recoverable' : 'NonRecoverable'}"\\} 1\n`,
          ),
        ),
      ),
      weather({ ...OF_EKS_AUTH, error: AWAY }),
      ...ERRORS_OF_RENEWALS.map(([name, what]) => {
        const request = fetchCredentials({ token: minted(name.toLowerCase()) });
        return what === 'kept'
          ? granted('app', request, { facts: { upstreamCalls: 0 } })
          : refused('app', request, { by: 'eks-auth', code: AWAY.code, status: 503 });
      }),
      clearWeather(),
      granted('app', fetchCredentials()),
    ],
  });

  scenario('LC-24', 'the agent renews what is older than it is told, and nothing else', {
    source: `${AGENT_CACHE}: --max-credential-retention-before-renewal, and a look each minute`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, late: { role: 'app' } },
    probes: [
      agentArguments('--max-credential-retention-before-renewal 2m --max-cache-size 200 --max-service-qps 100'),
      granted('app', fetchCredentials()),
      advanceClock(75),
      wait(1),
      granted('app', fetchCredentials()),
      check('the credentials are the old ones', (context) => sameSession(context, 0, 1).to.equal(true)),
      granted('late', fetchCredentials()),
      // As those of a target role, which the association was given meanwhile: they end sooner than the old ones, and count.
      weather({ ...OF_EKS_AUTH, credentialsSeconds: 3540 }),
      advanceClock(75),
      metrics(RENEWED),
      granted('app', fetchCredentials()),
      check('the credentials are new ones', (context) => sameSession(context, 0, 5).to.equal(false)),
      granted('late', fetchCredentials()),
      check('the credentials of the late pod are the old ones', (context) => sameSession(context, 3, 7).to.equal(true)),
      // Those of the late pod, then the renewed ones again.
      ...[2, 3].flatMap((renewals) => [
        advanceClock(75),
        metrics(new RegExp(`pod_identity_cache_state\\{state="hit"\\} [${renewals}-9]\n`)),
      ]),
    ],
  });

  scenario('LC-26', 'credentials that end ahead of their renewal are handed out until they do', {
    source: `${AGENT_CACHE}: renewals are due after the retention, or when the credentials end`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' } },
    probes: [
      weather({ ...OF_EKS_AUTH, credentialsSeconds: 600 }),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
      advanceClock(400),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 0 } }),
      check('the credentials are the old ones', (context) => sameSession(context, 0, 1).to.equal(true)),
      advanceClock(190),
      granted('app', fetchCredentials()),
      check('the credentials are new ones', (context) => sameSession(context, 0, 3).to.equal(false)),
    ],
  });
});
