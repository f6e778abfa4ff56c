/** Many pods at once, each with its own identity, created by Kubernetes Jobs and Deployments. */
import {
  advanceClock,
  agentArguments,
  allow,
  awaitCalls,
  awaitLoad,
  between,
  clearDisturbances,
  endLoad,
  expectRecovery,
  loadCalls,
  loadVerdicts,
  podIdentityRole,
  restartAgent,
  restartLoad,
  startLoad,
  succeeds,
  suite,
  updateAssociation,
  wait,
  disturbAws,
} from '../../harness/index.ts';
import { AGENT, AGENT_CACHE, AGENT_ERRORS, HOW_IT_WORKS, TAGS_OF_PODS } from '../lib/sources.ts';

const LIMITER = AGENT + 'internal/middleware/rate_limiter';
const tag = (key: string): string => `\${aws:PrincipalTag/${key}}`;
const OWN = `data/${tag('eks-cluster-name')}/${tag('kubernetes-namespace')}/${tag('kubernetes-service-account')}`;
/** Lets a pod read its service account's object and write an object with its own name, only by session tags. */
const byTags = () =>
  podIdentityRole(
    allow('s3:GetObject', `${OWN}/object`),
    allow('s3:PutObject', `${OWN}/${tag('kubernetes-pod-name')}`),
  );
/** The shortest lifetime that Kubernetes permits, in seconds. */
const SHORT_TOKEN = { 'token-expiration': '600' };
/** The agent checks each minute and renews older credentials, at a rate that suffices for any number of pods. */
const RENEWS_EACH_MINUTE = '--max-credential-retention-before-renewal 30s --max-cache-size 2000 --max-service-qps 1000';
/** Service accounts per namespace. */
const PER_NAMESPACE = 5;
const eksAuth = (trouble: Omit<Parameters<typeof disturbAws>[0], 'service' | 'operation'>) =>
  disturbAws({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', ...trouble });
/** Expected at any load: no wrong identity, no lost verdict, no error. */
const RIGHT = { wrongIdentities: 0, lost: 0, errors: 0, notRecovered: 0 } as const;
/** Expected with a disturbance: errors end within a minute after it. */
const RECOVERED = { wrongIdentities: 0, lost: 0, notRecovered: 0, recoverySeconds: between(0, 60) } as const;
const recovers = (load: string) => [expectRecovery(load), succeeds(loadVerdicts(load), RECOVERED)];
/** Retries, as applications do, if an agent on a busy machine does not answer in time. */
const patient = { rounds: 2, furtherRounds: 30, everySeconds: 2 } as const;
/** Pods of a Deployment, which retry late requests before they end. */
const lasting = { ...patient, untilEnded: true, everySeconds: 5 } as const;
/** Time limits in milliseconds, far above any that AWS documents, for busy machines with two processors. */
const LIMITS = { credentialsP99: 120_000, objectP99: 180_000 };

suite('load', ({ scenario, load: { pods, serviceAccounts, parallelism } }) => {
  const names = Array.from({ length: serviceAccounts }, (_, index) => `sa${index}`);
  const namespaceOf = (index: number): string => `n${Math.floor(index / PER_NAMESPACE)}`;
  /** Declares each service account with its own role, and the roles `otherRoles`. */
  const world = (
    otherRoles: readonly string[] = [],
    clusterOf: (index: number) => 'c1' | 'c2' = () => 'c1',
    further: (index: number) => object = () => ({}),
    accounts: readonly string[] = names,
  ) => ({
    profile: 'load' as const,
    exclusive: 'machine' as const,
    // A wave takes a minute on a small machine, and each pod some seconds.
    allowSeconds: 240 + pods * 4,
    roles: Object.fromEntries([...accounts, ...otherRoles].map((name) => [name, byTags()])),
    workloads: Object.fromEntries(
      accounts.map((name, index) => [
        name,
        {
          cluster: clusterOf(index),
          namespace: namespaceOf(index),
          serviceAccount: name,
          role: name,
          ...further(index),
        },
      ]),
    ),
    objects: accounts.map(
      (name, index) => `data/<cluster:${clusterOf(index)}>/<namespace:${namespaceOf(index)}>/${name}/object`,
    ),
  });
  const namespaces = [...new Set(names.map((_, index) => namespaceOf(index)))];
  const all = { workloads: names, pods, parallelism };
  /** Further service accounts. */
  const stay = ['stay0', 'stay1'];
  const noisy = { workloads: names.slice(0, 2), pods: 2, parallelism: 2 };

  scenario('LO-01', 'pods that start at once each get their own identity and exactly one session', {
    source: `${HOW_IT_WORKS}; ${TAGS_OF_PODS}; ${AGENT_CACHE}`,
    ...world(),
    probes: [
      // Slow enough that several requests of a pod, and many pods, wait for EKS Auth at the same time.
      eksAuth({ delayMilliseconds: 150 }),
      startLoad('all', { ...all, ...patient, alignSeconds: 5, requests: 3 }),
      succeeds(loadVerdicts('all', { sessions: true, limits: LIMITS }), { ...RIGHT, sessionsPerPod: 1 }),
    ],
  });

  scenario('LO-02', 'pods that start in waves each get their own identity', {
    source: `${HOW_IT_WORKS}; ${TAGS_OF_PODS}`,
    ...world(),
    probes: [
      // One pod per service account at a time.
      startLoad('rolling', { ...all, parallelism: serviceAccounts, ...patient }),
      succeeds(loadVerdicts('rolling', { limits: LIMITS }), RIGHT),
    ],
  });

  scenario('LO-03', 'pods that start after an association update use the new role, even next to old pods', {
    source:
      'Amazon EKS API Reference, UpdatePodIdentityAssociation; Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
    ...world(['new']),
    probes: [
      startLoad('before', { ...all, pods: serviceAccounts, rounds: 10, everySeconds: 1, roles: [...names, 'new'] }),
      awaitLoad('before', 50),
      ...names.map((name) => updateAssociation(name, 'new')),
      startLoad('after', { ...all, ...patient, roles: ['new'] }),
      succeeds(loadVerdicts('after', { limits: LIMITS }), RIGHT),
      succeeds(loadVerdicts('before'), RIGHT),
    ],
  });

  scenario('LO-04', 'pods get their own identity again after the agent is replaced under load', {
    source: `${AGENT_CACHE}: the cache is only in memory`,
    ...world(),
    probes: [
      startLoad('all', { ...all, rounds: 8, everySeconds: 2, furtherRounds: 30 }),
      awaitLoad('all', 25),
      restartAgent(),
      ...recovers('all'),
    ],
  });

  scenario('LO-05', 'pods recover from throttling by EKS Auth, each with its own identity', {
    source: AGENT_ERRORS,
    ...world(),
    probes: [
      eksAuth({ error: { code: 'ThrottlingException', status: 429, message: 'Rate exceeded' }, times: 3 * pods }),
      startLoad('all', { ...all, rounds: 3, everySeconds: 2, furtherRounds: 60 }),
      awaitLoad('all', 25),
      wait(10),
      clearDisturbances(),
      ...recovers('all'),
    ],
  });

  scenario('LO-06', 'a slow EKS Auth delays pods, but no pod gets the identity of another', {
    source: `${HOW_IT_WORKS}; ${AGENT}internal/cloud/eksauth: a second for each of three attempts`,
    ...world(),
    probes: [
      eksAuth({ delayMilliseconds: 700 }),
      startLoad('all', { ...all, alignSeconds: 5, rounds: 3, everySeconds: 2, requests: 3, furtherRounds: 30 }),
      awaitLoad('all', 100),
      clearDisturbances(),
      ...recovers('all'),
    ],
  });

  scenario('LO-07', 'running pods survive a minute without EKS Auth, and new pods recover afterwards', {
    source: `${AGENT_ERRORS}; ${AGENT_CACHE}: cached credentials are kept while EKS Auth fails`,
    ...world(),
    probes: [
      startLoad('before', { ...all, pods: serviceAccounts, rounds: 30, everySeconds: 2 }),
      awaitLoad('before', 100),
      wait(5),
      eksAuth({ error: { code: 'ServiceUnavailableException', status: 503, message: 'Try again later.' } }),
      startLoad('meanwhile', { ...all, rounds: 2, everySeconds: 5, furtherRounds: 60 }),
      wait(60),
      clearDisturbances(),
      ...recovers('meanwhile'),
      succeeds(loadVerdicts('before'), RIGHT),
    ],
  });

  scenario('LO-08', 'pods keep their own identity when all tokens are renewed at once', {
    source: 'Kubernetes, "Managing Service Accounts", Bound service account tokens; ' + HOW_IT_WORKS,
    needs: ['cluster-clock'],
    ...world(
      [],
      () => 'c1',
      () => ({ serviceAccountAnnotations: SHORT_TOKEN }),
    ),
    probes: [
      startLoad('all', { ...all, pods: Math.min(pods, parallelism), rounds: 20, everySeconds: 2, furtherRounds: 10 }),
      awaitLoad('all', 100),
      // Tokens are renewed after 80% of their lifetime.
      advanceClock(490),
      expectRecovery('all'),
      // Another token has another session.
      succeeds(loadVerdicts('all', { sessions: true }), { ...RECOVERED, sessionsPerPod: between(1.01, 3) }),
    ],
  });

  scenario('LO-09', 'pods whose credentials expire at the same time get new ones of their own', {
    source: `${AGENT_CACHE}: credentials with a short time to live are fetched again`,
    ...world(),
    probes: [
      // The agent returns credentials until fifteen seconds remain, so it fetches all again about every fifteen seconds.
      ...namespaces.map((namespace) => eksAuth({ namespace, credentialsSeconds: 30 })),
      startLoad('all', { ...all, pods: Math.min(pods, parallelism), alignSeconds: 5, rounds: 8, everySeconds: 5 }),
      succeeds(loadVerdicts('all', { sessions: true, limits: LIMITS }), { ...RIGHT, sessionsPerPod: between(2, 24) }),
    ],
  });

  scenario('LO-10', 'a pod that floods the agent reaches its limit, and quiet pods recover', {
    source: `${LIMITER}: 1000 requests per second, bursts of 500`,
    ...world(),
    probes: [
      startLoad('quiet', { ...all, rounds: 10, everySeconds: 2, furtherRounds: 30 }),
      awaitLoad('quiet', 25),
      startLoad('noisy', { ...noisy, flood: { requests: 4000, seconds: 10 } }),
      succeeds(loadVerdicts('noisy', { perSecond: 1300 }), {
        grantedPerSecond: between(500, 1500),
        'answers.429': between(1, 10_000_000),
      }),
      ...recovers('quiet'),
    ],
  });

  scenario('LO-11', 'pods of two clusters with the same names get the identities of their own cluster', {
    source: `${HOW_IT_WORKS}; ${TAGS_OF_PODS}`,
    ...world([], (index) => (index % 2 === 0 ? 'c1' : 'c2')),
    probes: [
      startLoad('both', { ...all, ...patient, requests: 3 }),
      succeeds(loadVerdicts('both', { sessions: true, limits: LIMITS }), { ...RIGHT, sessionsPerPod: 1 }),
    ],
  });

  scenario('LO-12', 'the memory of the agent does not grow with the number of requests', {
    source: `${AGENT_CACHE}: entries are cached by pod`,
    needs: ['kubelet-stats'],
    ...world(),
    probes: [
      startLoad('first', { ...noisy, flood: { requests: 1000, seconds: 10 } }),
      succeeds(loadVerdicts('first')),
      // Kubelets measure their pods about every ten seconds.
      wait(15),
      startLoad('next', { ...noisy, flood: { requests: 1000, seconds: 20 } }),
      wait(40),
      succeeds(loadVerdicts('next', { perSecond: 800 }), { agentMemoryGrowthMiB: between(-10_000, 48) }),
    ],
  });

  scenario('LO-13', 'the agent stops renewing for deleted pods once their tokens expire, but not for others', {
    source: `${AGENT_CACHE}: entries are renewed with the token of their last request, and evicted for ExpiredTokenException`,
    needs: ['virtual-clock'],
    ...world(
      [],
      () => 'c1',
      (index) => (index < serviceAccounts ? { serviceAccountAnnotations: SHORT_TOKEN } : {}),
      [...names, ...stay],
    ),
    // Includes three renewals of the agent, a minute apart.
    allowSeconds: 480 + pods * 4,
    probes: [
      agentArguments(RENEWS_EACH_MINUTE),
      startLoad('gone', { ...all, ...patient }),
      succeeds(loadVerdicts('gone', { limits: LIMITS }), RIGHT),
      endLoad('gone'),
      startLoad('there', { ...lasting, workloads: stay, pods: 2, parallelism: 2 }),
      // On a cluster with its own clock, only AWS's clock advances, so the running pods have longer tokens.
      advanceClock(700),
      // First a renewal that was already in progress, then one with the advanced clock.
      awaitCalls('there', { again: true }),
      awaitCalls('there', { again: true }),
      succeeds(loadCalls('gone', { beside: 'there' }), { calls: 0 }),
      endLoad('there'),
      succeeds(loadVerdicts('there'), RIGHT),
    ],
  });

  scenario('LO-14', 'old and new pods of restarted Deployments each get their own identity', {
    source: `Kubernetes, "Deployments", Rolling Update Deployment; ${HOW_IT_WORKS}; ${TAGS_OF_PODS}`,
    ...world(),
    probes: [
      startLoad('rolling', { ...all, ...lasting }),
      awaitCalls('rolling'),
      restartLoad('rolling'),
      awaitCalls('rolling'),
      endLoad('rolling'),
      succeeds(loadVerdicts('rolling', { sessions: true, limits: LIMITS }), { ...RIGHT, sessionsPerPod: 1 }),
    ],
  });
});
