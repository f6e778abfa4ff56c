/** Many pods at once, each with an identity of its own, made by Jobs and Deployments of Kubernetes. */
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
/** What a pod may do by the tags of its session alone: read its service account's object, and write one of its own name. */
const byTags = () =>
  podIdentityRole(
    allow('s3:GetObject', `${OWN}/object`),
    allow('s3:PutObject', `${OWN}/${tag('kubernetes-pod-name')}`),
  );
/** The shortest that Kubernetes gives, in seconds. */
const SHORT_TOKEN = { 'token-expiration': '600' };
/** The agent renews what is older than this at its next look, which is each minute, and no number of pods is too many for that. */
const RENEWS_EACH_MINUTE = '--max-credential-retention-before-renewal 30s --max-cache-size 2000 --max-service-qps 1000';
/** Service accounts of a namespace. */
const PER_NAMESPACE = 5;
const eksAuth = (trouble: Omit<Parameters<typeof disturbAws>[0], 'service' | 'operation'>) =>
  disturbAws({ service: 'eks-auth', operation: 'AssumeRoleForPodIdentity', ...trouble });
/** What is right whatever the load: no other identity, no verdict lost, no error. */
const RIGHT = { wrongIdentities: 0, lost: 0, errors: 0, notRecovered: 0 } as const;
/** The same while something is disturbed: errors end, within a minute after it. */
const RECOVERED = { wrongIdentities: 0, lost: 0, notRecovered: 0, recoverySeconds: between(0, 60) } as const;
const recovers = (load: string) => [expectRecovery(load), succeeds(loadVerdicts(load), RECOVERED)];
/** Asks again, as applications do, where an agent on a busy machine did not answer in time. */
const patient = { rounds: 2, furtherRounds: 30, everySeconds: 2 } as const;
/** Pods of a Deployment: whatever of them was late is asked for again before they end. */
const lasting = { ...patient, untilEnded: true, everySeconds: 5 } as const;
/** Longest times, in milliseconds: far more than AWS documents anywhere, so that a machine of two processors can be busy. */
const LIMITS = { credentialsP99: 120_000, objectP99: 180_000 };

suite('load', ({ scenario, load: { pods, serviceAccounts, parallelism } }) => {
  const names = Array.from({ length: serviceAccounts }, (_, index) => `sa${index}`);
  const namespaceOf = (index: number): string => `n${Math.floor(index / PER_NAMESPACE)}`;
  /** Each service account with a role of its own, and of `others` besides. */
  const world = (
    others: readonly string[] = [],
    clusterOf: (index: number) => 'c1' | 'c2' = () => 'c1',
    further: (index: number) => object = () => ({}),
    accounts: readonly string[] = names,
  ) => ({
    profile: 'load' as const,
    exclusive: 'machine' as const,
    // A wave takes a minute on a small machine, and each pod some seconds.
    allowSeconds: 240 + pods * 4,
    roles: Object.fromEntries([...accounts, ...others].map((name) => [name, byTags()])),
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
  /** Service accounts besides. */
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

  scenario('LO-02', 'pods that follow one another in waves each get the identity of their own', {
    source: `${HOW_IT_WORKS}; ${TAGS_OF_PODS}`,
    ...world(),
    probes: [
      // One pod of each service account at a time, followed by the next.
      startLoad('rolling', { ...all, parallelism: serviceAccounts, ...patient }),
      succeeds(loadVerdicts('rolling', { limits: LIMITS }), RIGHT),
    ],
  });

  scenario('LO-03', 'pods that start after their associations were updated have the new role, also next to old pods', {
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

  scenario('LO-04', 'an agent that is replaced under load answers each pod with its own identity again', {
    source: `${AGENT_CACHE}: the cache is in memory alone`,
    ...world(),
    probes: [
      startLoad('all', { ...all, rounds: 8, everySeconds: 2, furtherRounds: 30 }),
      awaitLoad('all', 25),
      restartAgent(),
      ...recovers('all'),
    ],
  });

  scenario('LO-05', 'pods get over throttling by EKS Auth, each with its own identity', {
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

  scenario('LO-06', 'a slow EKS Auth makes pods wait, and gives none the identity of another', {
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

  scenario('LO-07', 'running pods go on while EKS Auth is away for a minute, and all others have it back with it', {
    source: `${AGENT_ERRORS}; ${AGENT_CACHE}: what is held is kept while EKS Auth has trouble`,
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

  scenario('LO-08', 'pods whose tokens are all renewed at once keep their own identity', {
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
      // Tokens are renewed when four fifths of their time are over.
      advanceClock(490),
      expectRecovery('all'),
      // Another token has another session.
      succeeds(loadVerdicts('all', { sessions: true }), { ...RECOVERED, sessionsPerPod: between(1.01, 3) }),
    ],
  });

  scenario('LO-09', 'pods whose credentials all end in one window are given new ones of their own', {
    source: `${AGENT_CACHE}: credentials with a small time to live are fetched anew`,
    ...world(),
    probes: [
      // Handed out until fifteen seconds are left, so that all are fetched anew each fifteen seconds or so.
      ...namespaces.map((namespace) => eksAuth({ namespace, credentialsSeconds: 30 })),
      startLoad('all', { ...all, pods: Math.min(pods, parallelism), alignSeconds: 5, rounds: 8, everySeconds: 5 }),
      succeeds(loadVerdicts('all', { sessions: true, limits: LIMITS }), { ...RIGHT, sessionsPerPod: between(2, 24) }),
    ],
  });

  scenario('LO-10', 'a pod that floods the agent meets its limit, others go on, and quiet pods recover', {
    source: `${LIMITER}: 1000 requests a second, 500 at once`,
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

  scenario('LO-11', 'pods of two clusters with the same names keep to the identities of their own cluster', {
    source: `${HOW_IT_WORKS}; ${TAGS_OF_PODS}`,
    ...world([], (index) => (index % 2 === 0 ? 'c1' : 'c2')),
    probes: [
      startLoad('both', { ...all, ...patient, requests: 3 }),
      succeeds(loadVerdicts('both', { sessions: true, limits: LIMITS }), { ...RIGHT, sessionsPerPod: 1 }),
    ],
  });

  scenario('LO-12', 'the memory of an agent does not grow with the requests that it answers', {
    source: `${AGENT_CACHE}: what is kept is kept by pod`,
    needs: ['kubelet-stats'],
    ...world(),
    probes: [
      startLoad('first', { ...noisy, flood: { requests: 1000, seconds: 10 } }),
      succeeds(loadVerdicts('first')),
      // Kubelets look at their pods every ten seconds or so.
      wait(15),
      startLoad('next', { ...noisy, flood: { requests: 1000, seconds: 20 } }),
      wait(40),
      succeeds(loadVerdicts('next', { perSecond: 800 }), { agentMemoryGrowthMiB: between(-10_000, 48) }),
    ],
  });

  scenario('LO-13', 'the agent asks no more for pods that are gone once their tokens are over, and does for others', {
    source: `${AGENT_CACHE}: what is held is renewed with the token of its last request, and given up for ExpiredTokenException`,
    needs: ['virtual-clock'],
    ...world(
      [],
      () => 'c1',
      (index) => (index < serviceAccounts ? { serviceAccountAnnotations: SHORT_TOKEN } : {}),
      [...names, ...stay],
    ),
    // Three renewals of the agent besides, a minute apart.
    allowSeconds: 480 + pods * 4,
    probes: [
      agentArguments(RENEWS_EACH_MINUTE),
      startLoad('gone', { ...all, ...patient }),
      succeeds(loadVerdicts('gone', { limits: LIMITS }), RIGHT),
      endLoad('gone'),
      startLoad('there', { ...lasting, workloads: stay, pods: 2, parallelism: 2 }),
      // By AWS' clock alone on a cluster with one of its own, so that those that are there have longer tokens.
      advanceClock(700),
      // A renewal that was under way then, and another that knows of it.
      awaitCalls('there', { again: true }),
      awaitCalls('there', { again: true }),
      succeeds(loadCalls('gone', { beside: 'there' }), { calls: 0 }),
      endLoad('there'),
      succeeds(loadVerdicts('there'), RIGHT),
    ],
  });

  scenario('LO-14', 'pods of Deployments that are restarted each get their own identity, and so do those before them', {
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
