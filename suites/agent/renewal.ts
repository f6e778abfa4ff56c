/** When the agent renews, keeps and evicts credentials. */
import { expect } from 'chai';
import {
  advanceClock,
  agentArguments,
  check,
  clearDisturbances,
  deletePod,
  fetchCredentials,
  getObject,
  granted,
  minted,
  podIdentityRole,
  suite,
  trustPodIdentity,
  updateTrust,
  wait,
  type CheckContext,
} from '../../harness/index.ts';
import { AWAY, eksAuth, eksAuthAway } from './lib/eks-auth.ts';
import { metrics, RENEWED } from './lib/metrics.ts';
import { AGENT_CACHE, EKS_AUTH_ERRORS } from '../lib/sources.ts';
import { ASSOCIATED, readData } from '../lib/worlds.ts';
import { FROM_CACHE, gets, ONE_CALL, POD_TOKEN, refusedByEksAuth } from './lib/requests.ts';

/**
 * Error of a renewal, whether the agent evicts the credentials, and how often it calls EKS Auth. `Unknown`: a response without a
 * code.
 */
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
/** Compares the sessions of two probes, by index. */
function sameSession({ outcomes }: CheckContext, first: number, second: number) {
  const [one, other] = [first, second].map((place) => outcomes[place]?.observed?.facts?.['session']);
  expect(one, 'session of the first probe').to.be.a('string');
  return expect(one === other, 'same session');
}
/** Renewal after two minutes. The agent then starts only with a smaller cache. */
const RENEWS_SOON = '--max-credential-retention-before-renewal 2m --max-cache-size 200';
/** Seconds: these two minutes, and more than the one minute between checks. */
const UNTIL_RENEWAL = 190;

suite('agent', ({ scenario }) => {
  scenario('LC-23', 'the agent evicts credentials after permanent errors, and keeps them after others', {
    source: `${AGENT_CACHE}, TestCachedCredentialRetriever_Refresh; ${EKS_AUTH_ERRORS}`,
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: Object.fromEntries(ERRORS_OF_RENEWALS.map(([name]) => [name.toLowerCase(), POD_TOKEN])),
    probes: [
      agentArguments('--max-credential-retention-before-renewal 2m --max-cache-size 200 --max-service-qps 100'),
      ...ERRORS_OF_RENEWALS.map(([name]) => gets({ token: minted(name.toLowerCase()) })),
      // The agent renews credentials one after another, in the order of storage.
      ...ERRORS_OF_RENEWALS.map(([code, , times]) =>
        code === 'Unknown'
          ? eksAuth({ answer: { status: 400, body: '<html>' }, times })
          : eksAuth({ error: { code, status: 400, message: 'no' }, times }),
      ),
      advanceClock(190),
      ...ERRORS_OF_RENEWALS.map(([code, what]) => {
        const type = what === 'kept' ? 'Recoverable' : 'NonRecoverable';
        return metrics(new RegExp(`pod_identity_cache_errors\\{code="${code}",type="${type}"\\} 1\n`));
      }),
      eksAuthAway(),
      ...ERRORS_OF_RENEWALS.map(([name, what]) => {
        const request = { token: minted(name.toLowerCase()) };
        return what === 'kept' ? gets(request, FROM_CACHE) : refusedByEksAuth(request, AWAY.code, 503);
      }),
      clearDisturbances(),
      gets(),
    ],
  });

  scenario('LC-24', 'the agent renews credentials older than its setting, and no others', {
    source: `${AGENT_CACHE}: --max-credential-retention-before-renewal, and a check each minute`,
    needs: ['cluster-clock'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, late: { role: 'app' } },
    probes: [
      agentArguments('--max-credential-retention-before-renewal 2m --max-cache-size 200 --max-service-qps 100'),
      gets(),
      advanceClock(75),
      wait(1),
      gets(),
      check('the agent returns the old credentials', (context) => sameSession(context, 0, 1).to.equal(true)),
      granted('late', fetchCredentials()),
      // Like credentials of a new target role: they expire before the old ones, but still replace them.
      eksAuth({ credentialsSeconds: 3540 }),
      advanceClock(75),
      metrics(RENEWED),
      gets(),
      check('the agent returns new credentials', (context) => sameSession(context, 0, 5).to.equal(false)),
      granted('late', fetchCredentials()),
      check('the agent returns the late pod its old ones', (context) => sameSession(context, 3, 7).to.equal(true)),
      // First the late pod's credentials, then the renewed ones again.
      ...[2, 3].flatMap((renewals) => [
        advanceClock(75),
        metrics(new RegExp(`pod_identity_cache_state\\{state="hit"\\} [${renewals}-9]\n`)),
      ]),
    ],
  });

  scenario('LC-26', 'credentials that expire before their renewal are returned until they expire', {
    source: `${AGENT_CACHE}: renewals are due after the retention, or when the credentials end`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [
      eksAuth({ credentialsSeconds: 600 }),
      gets({}, ONE_CALL),
      advanceClock(400),
      gets({}, FROM_CACHE),
      check('the agent returns the old credentials', (context) => sameSession(context, 0, 1).to.equal(true)),
      advanceClock(190),
      gets(),
      check('the agent returns new credentials', (context) => sameSession(context, 0, 3).to.equal(false)),
    ],
  });

  scenario('LC-09', 'a long-running program gets new credentials before the old ones expire', {
    profile: 'soak',
    keywords: ['rotation'],
    source: 'AWS SDKs and Tools Reference Guide, "Container credential provider"; ' + AGENT_CACHE,
    roles: { app: podIdentityRole(readData) },
    workloads: { app: { role: 'app' } },
    objects: ['data/key'],
    probes: [
      eksAuth({ credentialsSeconds: 18 }),
      granted('app', getObject('data/key')),
      wait(10),
      // The SDK calls the agent, which returns new credentials although both have cached the old ones.
      granted('app', getObject('data/key')),
      wait(10),
      granted('app', getObject('data/key')),
    ],
  });

  scenario('LC-12', 'the agent evicts the entry of an expired token, and expired credentials', {
    source: `${AGENT_CACHE}: errors that no retry fixes; ${EKS_AUTH_ERRORS}, ExpiredTokenException`,
    needs: ['cluster-clock', 'agent-token-cache'],
    ...ASSOCIATED,
    tokens: { short: { ...POD_TOKEN, expirationSeconds: 600 }, long: POD_TOKEN },
    probes: [
      agentArguments(RENEWS_SOON),
      eksAuth({ credentialsSeconds: 300 }),
      gets({ token: minted('long') }),
      clearDisturbances(),
      gets({ token: minted('short') }),
      eksAuth({ error: { code: 'InvalidRequestException', status: 400, message: 'no' } }),
      advanceClock(605),
      // The first credentials have expired, so the agent evicts them too.
      metrics(
        /code="ExpiredTokenException",type="NonRecoverable"\} 1\n[^]*"InvalidRequestException",type="Recoverable"\} 1\n[^]*state="evicted"\} 2\n/,
      ),
    ],
  });

  scenario('LC-13', 'the agent keeps its cache while EKS Auth fails, and renews it afterwards', {
    source: `${AGENT_CACHE}, TestCachedCredentialRetriever_Refresh: keep old on failure`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [
      agentArguments('--max-credential-retention-before-renewal 1h --max-service-qps 100'),
      gets(),
      eksAuth({ error: { code: 'InternalServerException', status: 500, message: 'Try again later.' } }),
      advanceClock(62 * 60),
      metrics(/pod_identity_cache_errors\{code="InternalServerException",type="Recoverable"\} 1\n/),
      gets({}, FROM_CACHE),
      check('the agent returns the old credentials', (context) => sameSession(context, 0, 2).to.equal(true)),
      clearDisturbances(),
      // The agent retries a failed renewal after one or two minutes, not after an hour. This retry gets an empty response.
      eksAuth({ answer: { status: 200, body: '' } }),
      advanceClock(130),
      metrics(/pod_identity_cache_errors\{code="Unknown",type="Recoverable"\} 1\n/),
      gets({}, FROM_CACHE),
      check('the agent still returns the old credentials', (context) => sameSession(context, 0, 5).to.equal(true)),
      clearDisturbances(),
      advanceClock(130),
      metrics(RENEWED),
      gets({}, FROM_CACHE),
      check('the agent returns new credentials', (context) => sameSession(context, 0, 8).to.equal(false)),
    ],
  });

  scenario('LC-14', 'the agent evicts credentials once EKS Auth denies access', {
    source: `${AGENT_CACHE}, TestCachedCredentialRetriever_Refresh: evict on AccessDenied`,
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [
      agentArguments(RENEWS_SOON),
      gets(),
      updateTrust('app', [trustPodIdentity({ actions: ['sts:AssumeRole'] })]),
      gets({}, FROM_CACHE),
      advanceClock(UNTIL_RENEWAL),
      metrics(/pod_identity_cache_state\{state="evicted"\} 1\n/),
      refusedByEksAuth({}, 'AccessDeniedException', 400),
    ],
  });

  scenario('AP-53', 'an agent that asks instance metadata first evicts credentials once all sources fail for good', {
    source: `${AGENT_CACHE.replace('refreshing_cache', 'chained_retriever')}: ErrAllDelegatesIrrecoverable`,
    needs: ['cluster-clock', 'agent-pod-cache'],
    ...ASSOCIATED,
    probes: [
      agentArguments(`--enable-imds-credentials ${RENEWS_SOON}`),
      gets(),
      metrics(/pod_identity_chained_retriever_result\{source="eks-auth",state="unexpired"\} 1\n/),
      eksAuth({ error: { code: 'InvalidRequestException', status: 400, message: 'no' } }),
      advanceClock(UNTIL_RENEWAL),
      metrics(/pod_identity_cache_errors\{code="Unknown",type="Recoverable"\} 1\n/),
      gets({}, FROM_CACHE),
      clearDisturbances(),
      updateTrust('app', [trustPodIdentity({ actions: ['sts:AssumeRole'] })]),
      advanceClock(UNTIL_RENEWAL),
      metrics(/pod_identity_cache_errors\{code="AllDelegatesIrrecoverable",type="NonRecoverable"\} 1\n/),
      refusedByEksAuth({}, 'AccessDeniedException', 400),
    ],
  });

  scenario('LC-18', 'the agent keeps renewing credentials of a deleted pod', {
    source: `${AGENT_CACHE}: it renews every cached entry; eks-pod-identity-agent, issue 171`,
    finding:
      'The agent keeps renewing credentials of a deleted pod until its token expires, and each renewal counts against the EKS Auth rate limit. Many short-lived pods cause calls for a day.',
    needs: ['cluster-clock'],
    ...ASSOCIATED,
    probes: [agentArguments(RENEWS_SOON), gets(), deletePod('app'), advanceClock(UNTIL_RENEWAL), metrics(RENEWED)],
  });
});
