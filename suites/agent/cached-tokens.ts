/** Cache keys of agents 0.1 and 0.2, and which tokens get cached credentials. */
import { expect } from 'chai';
import {
  advanceClock,
  agentArguments,
  check,
  deletePod,
  fetchCredentials,
  granted,
  minted,
  refused,
  restartAgent,
  startPod,
  suite,
  text,
  tokenRotation,
} from '../../harness/index.ts';
import { metrics, RENEWED } from './lib/metrics.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from '../lib/signing-keys.ts';
import { ASSOCIATED, POD_IDENTITY } from '../lib/worlds.ts';
import {
  CONTROL,
  FROM_CACHE,
  gets,
  invalidToken,
  ONE_CALL,
  PLAIN_TEXT,
  POD_TOKEN,
  refusedByAgent,
  SECOND,
  STS_TOKEN,
  unsignedToken,
} from './lib/requests.ts';
import { AWAY, eksAuthAway } from './lib/eks-auth.ts';
import { AGENT_CACHE } from '../lib/sources.ts';

const CACHE_BY_POD = AGENT_CACHE + ' of 0.2 (commit 8d9063a), tryServingFromCache';
const VALIDATION = 'internal/validation/token_validator.go of 0.2';
const missing = (what: string, token: ReturnType<typeof text>) => {
  const message = `failed to get pod uid from service account token: Service account token missing ${what}`;
  return refusedByAgent({ token }, 400, message, PLAIN_TEXT);
};
const unsigned = (claims: string) => text(unsignedToken('{"alg":"RS256"}', claims));

const READERS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:service-account-issuer-discovery';
/** Sets who may read the cluster's keys: all service accounts, or nobody. */
const keysFor = (what: string, subjects: readonly object[]) =>
  check(what, async ({ kubernetes }) => {
    const binding = JSON.parse((await kubernetes({ path: READERS })).body) as object;
    expect(await kubernetes({ method: 'PUT', path: READERS, body: { ...binding, subjects } })).to.include({
      status: 200,
    });
  });
const EVERYBODY = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:serviceaccounts' };

suite('agent', ({ scenario }) => {
  scenario('AP-33', 'a renewed token gets cached credentials while EKS Auth is unavailable', {
    source: CACHE_BY_POD,
    needs: ['agent-token-validation', 'cluster-clock'],
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '600' } } },
    probes: [
      gets(),
      eksAuthAway(),
      // 80% of the token's lifetime.
      advanceClock(490),
      granted('app', tokenRotation('pod-identity', 10)),
      gets(undefined, FROM_CACHE),
    ],
  });

  scenario('AP-33b', 'another valid token of the pod gets cached credentials', {
    source: `${CACHE_BY_POD}; ${VALIDATION}`,
    needs: ['agent-token-validation'],
    ...ASSOCIATED,
    tokens: SECOND,
    probes: [
      gets(),
      eksAuthAway(),
      gets({ token: minted('second') }, FROM_CACHE),
      // EKS Auth checks the token before it fails for any other reason.
      invalidToken({ change: 'flip-signature' }),
      gets(undefined, FROM_CACHE),
    ],
  });

  scenario('AP-33d', 'a restarted agent verifies tokens with freshly fetched keys', {
    source: `${CACHE_BY_POD}; ${VALIDATION}; Kubernetes documentation, "Service account issuer discovery"`,
    needs: ['agent-token-validation'],
    ...ASSOCIATED,
    tokens: { ...SECOND, sts: STS_TOKEN },
    probes: [
      restartAgent(),
      gets(),
      invalidToken({ token: minted('sts') }),
      invalidToken({ change: 'self-signed' }),
      eksAuthAway(),
      gets({ token: minted('second') }, FROM_CACHE),
    ],
  });

  scenario('AP-54', 'the agent keeps the keys that it knows while it cannot fetch others', {
    source: `${CACHE_BY_POD}; ${VALIDATION}, refreshKeys: a failure replaces no keys`,
    needs: ['agent-token-validation', 'own-cluster'],
    exclusive: true,
    ...ASSOCIATED,
    tokens: { ...SECOND, third: POD_TOKEN, fourth: POD_TOKEN },
    probes: [
      gets(),
      eksAuthAway(),
      gets({ token: minted('second') }, FROM_CACHE),
      keysFor('nobody may read the keys', []),
      // The agent tries to fetch the keys for this token.
      invalidToken({ change: 'unknown-key-id' }),
      gets({ token: minted('third') }, FROM_CACHE),
      keysFor('service accounts may read the keys', [EVERYBODY]),
      invalidToken({ change: 'unknown-key-id' }),
      gets({ token: minted('fourth') }, FROM_CACHE),
    ],
  });

  scenario('AP-33e', "the agent fetches the cluster's next signing key to verify a token", {
    source: `${CACHE_BY_POD}; ${VALIDATION}; ${SIGNING_KEYS}`,
    needs: ['agent-token-validation', 'cluster-clock'],
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '600' } } },
    probes: [
      toLastHourOfKey(),
      gets(),
      eksAuthAway(),
      toNextKey(),
      granted('app', tokenRotation('pod-identity', 10)),
      gets(undefined, FROM_CACHE),
    ],
  });

  scenario('AP-33c', 'another token of the pod gets no cached credentials while EKS Auth is unavailable', {
    source: `${AGENT_CACHE} of 0.1: the key is the token`,
    finding:
      'Agent 0.1 caches credentials by token. While EKS Auth is unavailable, a pod with a renewed token gets no credentials, although the agent has those for the previous token. Agent 0.2 returns them.',
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: SECOND,
    probes: [
      gets(),
      eksAuthAway(),
      refused('app', fetchCredentials({ token: minted('second') }), { by: 'eks-auth', ...AWAY }),
      gets(undefined, FROM_CACHE),
    ],
  });

  scenario('AP-34', 'an invalid token gets no cached credentials, and evicts none', {
    source: `${AGENT_CACHE}: the key is the token (0.1); ${CACHE_BY_POD}: EKS Auth decides (0.2); ${VALIDATION}`,
    ...ASSOCIATED,
    tokens: { sts: STS_TOKEN },
    probes: [
      CONTROL,
      invalidToken({ change: 'flip-signature' }),
      invalidToken({ change: 'self-signed' }),
      invalidToken({ token: minted('sts') }),
      refused('app', fetchCredentials({ change: 'expired' }), { by: 'agent', status: 400, facts: FROM_CACHE }),
      gets(undefined, FROM_CACHE),
    ],
  });

  scenario('AP-35', 'the agent rejects a token that is not bound to a pod', {
    source: `${CACHE_BY_POD}; getPodUIDfromServiceAccountToken`,
    needs: ['agent-pod-cache'],
    ...ASSOCIATED,
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [
      CONTROL,
      missing('pod claims', minted('unbound')),
      ...['{}', '{"kubernetes.io":null}', '{"kubernetes.io":[]}', '{"kubernetes.io":"x"}'].map((claims) =>
        missing('kubernetes.io claims', unsigned(claims)),
      ),
      ...['{}', '{"pod":null}', '{"pod":[]}', '{"pod":"x","uid":"x"}'].map((claims) =>
        missing('pod claims', unsigned(`{"kubernetes.io":${claims}}`)),
      ),
      ...['{}', '{"uid":1}', '{"name":"x"}'].map((pod) =>
        missing('pod uid', unsigned(`{"kubernetes.io":{"pod":${pod}}}`)),
      ),
    ],
  });

  scenario('AP-35b', 'the agent passes a token without a pod on to EKS Auth, which rejects it', {
    source: `${AGENT_CACHE}; golang-jwt v5, RegisteredClaims: null counts as no claims`,
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [CONTROL, ...[minted('unbound'), unsigned('{}'), unsigned('null')].map((token) => invalidToken({ token }))],
  });

  scenario('AP-36', "a recreated pod with the same name does not get the old pod's credentials", {
    source: `${AGENT_CACHE}: the key is the token (0.1), or the uid of its pod (0.2)`,
    ...ASSOCIATED,
    probes: [gets({}, ONE_CALL), deletePod('app'), startPod('app'), gets({}, ONE_CALL)],
  });

  scenario('AP-36b', 'the agent renews credentials with the latest valid token of the pod', {
    source: `${CACHE_BY_POD}: a valid token replaces the cached one; ${VALIDATION}`,
    needs: ['agent-token-validation', 'cluster-clock'],
    ...ASSOCIATED,
    tokens: { first: { ...POD_TOKEN, expirationSeconds: 600 }, ...SECOND },
    probes: [
      agentArguments('--max-credential-retention-before-renewal 11m --max-cache-size 200'),
      gets({ token: minted('first') }),
      gets({ token: minted('second') }, FROM_CACHE),
      // The first token has expired, so the agent has renewed with the second.
      advanceClock(730),
      metrics(RENEWED),
      gets({ token: minted('second') }, FROM_CACHE),
    ],
  });
});
