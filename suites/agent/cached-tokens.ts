/** What agents of 0.1 and 0.2 cache credentials by, and which tokens get cached credentials. */
import {
  advanceClock,
  agentArguments,
  control,
  deletePod,
  fetchCredentials,
  granted,
  matching,
  minted,
  refused,
  restartAgent,
  startPod,
  suite,
  text,
  tokenRotation,
  weather,
} from '../../harness/index.ts';
import { metrics, RENEWED } from './lib/metrics.ts';
import { SIGNING_KEYS, toLastHourOfKey, toNextKey } from '../lib/signing-keys.ts';
import { ASSOCIATED, POD_IDENTITY } from '../lib/worlds.ts';

/** The agent's code, github.com/aws/eks-pod-identity-agent: its answers are documented nowhere else. */
const CACHE = 'eks-pod-identity-agent source, internal/credsretriever/refreshing_cache.go';
const CACHE_BY_POD = CACHE + ' of 0.2 (commit 8d9063a), tryServingFromCache';
const VALIDATION = 'internal/validation/token_validator.go of 0.2';
/** A token of the same pod beside the one that the kubelet put into it, as a renewed one is. */
const SECOND = { second: { serviceAccount: 'app/app', audience: POD_IDENTITY, boundTo: 'app' } } as const;
const AWAY = { code: 'ServiceUnavailableException', status: 503 } as const;
const eksAuthAway = () =>
  weather({
    service: 'eks-auth',
    operation: 'AssumeRoleForPodIdentity',
    namespace: 'app',
    error: { ...AWAY, message: 'Try again later.' },
  });
/** A token with these claims that nobody signed. */
const unsigned = (claims: string) =>
  text([...['{"alg":"RS256"}', claims].map((part) => Buffer.from(part).toString('base64url')), 'c2ln'].join('.'));
const FORGED = { by: 'eks-auth', code: 'InvalidTokenException', status: 400 } as const;
const OF_THE_CACHE = { facts: { upstreamCalls: 0 } };

suite('agent', ({ scenario }) => {
  scenario('AP-33', 'a token that is renewed while EKS Auth is away is answered from the cache', {
    source: CACHE_BY_POD,
    needs: ['agent-token-validation', 'cluster-clock'],
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '600' } } },
    probes: [
      granted('app', fetchCredentials()),
      eksAuthAway(),
      // 80 % of the token's time.
      advanceClock(490),
      granted('app', tokenRotation('pod-identity', 10)),
      granted('app', fetchCredentials(), OF_THE_CACHE),
    ],
  });

  scenario('AP-33b', 'another token of a pod is answered from the cache once the agent has checked it', {
    source: `${CACHE_BY_POD}; ${VALIDATION}`,
    needs: ['agent-token-validation'],
    ...ASSOCIATED,
    tokens: SECOND,
    probes: [
      granted('app', fetchCredentials()),
      eksAuthAway(),
      granted('app', fetchCredentials({ token: minted('second') }), OF_THE_CACHE),
      // It finds fault with the token ahead of all else.
      refused('app', fetchCredentials({ change: 'flip-signature' }), FORGED),
      granted('app', fetchCredentials(), OF_THE_CACHE),
    ],
  });

  scenario('AP-33d', 'an agent that was started again checks tokens by keys that it fetches anew', {
    source: `${CACHE_BY_POD}; ${VALIDATION}; Kubernetes documentation, "Service account issuer discovery"`,
    needs: ['agent-token-validation'],
    ...ASSOCIATED,
    tokens: { ...SECOND, sts: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com', boundTo: 'app' } },
    probes: [
      restartAgent(),
      granted('app', fetchCredentials()),
      refused('app', fetchCredentials({ token: minted('sts') }), FORGED),
      refused('app', fetchCredentials({ change: 'self-signed' }), FORGED),
      eksAuthAway(),
      granted('app', fetchCredentials({ token: minted('second') }), OF_THE_CACHE),
    ],
  });

  scenario('AP-33e', "a token by the cluster's next key is checked by that, which the agent fetches", {
    source: `${CACHE_BY_POD}; ${VALIDATION}; ${SIGNING_KEYS}`,
    needs: ['agent-token-validation', 'cluster-clock'],
    roles: ASSOCIATED.roles,
    workloads: { app: { role: 'app', serviceAccountAnnotations: { 'token-expiration': '600' } } },
    probes: [
      toLastHourOfKey(),
      granted('app', fetchCredentials()),
      eksAuthAway(),
      toNextKey(),
      granted('app', tokenRotation('pod-identity', 10)),
      granted('app', fetchCredentials(), OF_THE_CACHE),
    ],
  });

  scenario('AP-33c', 'another token of a pod is none of the cache, and is refused while EKS Auth is away', {
    source: `${CACHE} of 0.1: the key is the token`,
    finding:
      'Agent 0.1 keeps credentials by token: while EKS Auth is away, a pod whose token is renewed gets none, though the agent has those of its last token. Agent 0.2 hands them out.',
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: SECOND,
    probes: [
      granted('app', fetchCredentials()),
      eksAuthAway(),
      refused('app', fetchCredentials({ token: minted('second') }), { by: 'eks-auth', ...AWAY }),
      granted('app', fetchCredentials(), OF_THE_CACHE),
    ],
  });

  scenario('AP-34', "a token that is not good gets nothing of its pod's cache, and takes nothing from it", {
    source: `${CACHE}: the key is the token (0.1); ${CACHE_BY_POD}: EKS Auth decides (0.2); ${VALIDATION}`,
    ...ASSOCIATED,
    tokens: { sts: { serviceAccount: 'app/app', audience: 'sts.amazonaws.com', boundTo: 'app' } },
    probes: [
      control('app', fetchCredentials()),
      ...[{ change: 'flip-signature' } as const, { change: 'self-signed' } as const, { token: minted('sts') }].map(
        (request) => refused('app', fetchCredentials(request), FORGED),
      ),
      refused('app', fetchCredentials({ change: 'expired' }), { by: 'agent', status: 400, ...OF_THE_CACHE }),
      granted('app', fetchCredentials(), OF_THE_CACHE),
    ],
  });

  scenario('AP-35', 'a token that is bound to no pod is refused by the agent itself', {
    source: `${CACHE_BY_POD}; getPodUIDfromServiceAccountToken`,
    needs: ['agent-pod-cache'],
    ...ASSOCIATED,
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [
      control('app', fetchCredentials()),
      ...(
        [
          [minted('unbound'), 'pod claims'],
          ...['{}', '{"kubernetes.io":null}', '{"kubernetes.io":[]}', '{"kubernetes.io":"x"}'].map(
            (claims) => [unsigned(claims), 'kubernetes.io claims'] as const,
          ),
          ...['{}', '{"pod":null}', '{"pod":[]}', '{"pod":"x","uid":"x"}'].map(
            (claims) => [unsigned(`{"kubernetes.io":${claims}}`), 'pod claims'] as const,
          ),
          ...['{}', '{"uid":1}', '{"name":"x"}'].map(
            (pod) => [unsigned(`{"kubernetes.io":{"pod":${pod}}}`), 'pod uid'] as const,
          ),
        ] as const
      ).map(([token, what]) =>
        refused('app', fetchCredentials({ token }), {
          by: 'agent',
          status: 400,
          message: `failed to get pod uid from service account token: Service account token missing ${what}`,
          facts: { contentType: matching(/^text\/plain/) },
        }),
      ),
    ],
  });

  scenario('AP-35b', 'a token that is bound to no pod is for EKS Auth to refuse', {
    source: `${CACHE}; golang-jwt v5, RegisteredClaims: claims of null are none`,
    needs: ['agent-token-cache'],
    ...ASSOCIATED,
    tokens: { unbound: { serviceAccount: 'app/app', audience: POD_IDENTITY } },
    probes: [
      control('app', fetchCredentials()),
      ...[minted('unbound'), unsigned('{}'), unsigned('null')].map((token) =>
        refused('app', fetchCredentials({ token }), FORGED),
      ),
    ],
  });

  scenario('AP-36', "a pod that is made again under its name gets none of the old one's credentials", {
    source: `${CACHE}: the key is the token (0.1), or the uid of its pod (0.2)`,
    ...ASSOCIATED,
    probes: [
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
      deletePod('app'),
      startPod('app'),
      granted('app', fetchCredentials(), { facts: { upstreamCalls: 1 } }),
    ],
  });

  scenario('AP-36b', 'credentials are renewed with the token that they were asked for last', {
    source: `${CACHE_BY_POD}: a token that is good replaces the one that is kept; ${VALIDATION}`,
    needs: ['agent-token-validation', 'cluster-clock'],
    ...ASSOCIATED,
    tokens: { first: { ...SECOND.second, expirationSeconds: 600 }, ...SECOND },
    probes: [
      agentArguments('--max-credential-retention-before-renewal 11m --max-cache-size 200'),
      granted('app', fetchCredentials({ token: minted('first') })),
      granted('app', fetchCredentials({ token: minted('second') }), OF_THE_CACHE),
      // EKS Auth takes the first no more, and the agent has renewed.
      advanceClock(730),
      metrics(RENEWED),
      granted('app', fetchCredentials({ token: minted('second') }), OF_THE_CACHE),
    ],
  });
});
