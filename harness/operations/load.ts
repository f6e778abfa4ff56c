/** Load on the agent and EKS Auth, made by Indexed Jobs of Kubernetes. */
import { HarnessError } from '../../foundation/errors.ts';
import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import { watchUsage } from '../load/agent-usage.ts';
import { heldAgainstRecord } from '../load/aws-record.ts';
import { figuresOf } from '../load/figures.ts';
import { createJob, jobManifest } from '../load/jobs.ts';
import { followPods } from '../load/pods.ts';
import type { EndedPod, RunningLoad } from '../load/running.ts';
import { shares } from '../load/size.ts';
import { LONGEST_SECONDS, number, shown, whole } from '../scenario/checks.ts';
import { clusterOf, workload, type ScenarioWorld } from '../world/world.ts';
import { defineHarnessOperation, defineStep } from './registry.ts';

/** Pods that a Job may have (Kubernetes API reference, Job: completions of an Indexed Job). */
const MOST_PODS = 100_000;

/** By the cluster's clock, which a scenario may move: Kubernetes ends Jobs of a run that was killed then. */
const DEADLINE_SECONDS = 7200;

interface LoadOptions {
  /** Workloads over whose service accounts the pods are spread, a Job for each. */
  readonly workloads: readonly string[];
  readonly pods: number;
  /** Pods that run at once at most. */
  readonly parallelism: number;
  /** Roles of which each pod's session must be one. Default: that of its workload. */
  readonly roles?: readonly string[];
  /** Of objects: `<bucket>/<cluster>/<namespace>/<service account>/object` is each service account's own. Default `data`. */
  readonly bucket?: string;
  /** Requests to the agent that a pod sends at once in each round. Default 2. */
  readonly requests?: number;
  /** Default 1. */
  readonly rounds?: number;
  /** Seconds from round to round. Default 1. */
  readonly everySeconds?: number;
  /** Pods begin together, when the clock's seconds can be divided by this. */
  readonly alignSeconds?: number;
  /** Rounds that are added while the last had an error. Default 0. */
  readonly furtherRounds?: number;
  /** In place of rounds: so many requests on one connection, again and again for so many seconds. */
  readonly flood?: { readonly requests: number; readonly seconds: number };
}

/** Makes the Jobs of a load. Its pods run while the steps that follow are performed; `loadVerdicts` waits for their verdicts. */
export const startLoad = defineStep('StartLoad', (load: string, options: LoadOptions) => ({ load, ...options }), {
  keepsCredentials: true,
  isExclusive: () => true,
  refersTo: ({ workloads, roles = [] }) => ({ workloads, roles }),
  needs: () => ['s3', 'pod-identity'],
  *check({ load, workloads, pods, parallelism, requests, rounds, everySeconds, alignSeconds, furtherRounds, flood }) {
    if (!/^[a-z][a-z0-9-]{0,20}$/.test(String(load)))
      yield `the name of startLoad is ${shown(load)}: give up to 21 lower-case letters, digits and dashes`;
    if (!Array.isArray(workloads) || workloads.length < 2)
      yield `"workloads" of startLoad is ${shown(workloads ?? null)}: name two or more, since each pod tries the object of another`;
    else yield whole('"pods" of startLoad', pods ?? null, workloads.length, MOST_PODS);
    yield whole('"parallelism" of startLoad', parallelism ?? null, 1, MOST_PODS);
    yield whole('"requests" of startLoad', requests, 0, 100);
    yield whole('"rounds" of startLoad', rounds, 1, 1000);
    yield whole('"furtherRounds" of startLoad', furtherRounds, 0, 1000);
    yield number('"everySeconds" of startLoad', everySeconds, 0, LONGEST_SECONDS);
    yield number('"alignSeconds" of startLoad', alignSeconds, 1, 3600);
    yield whole('"requests" of "flood" of startLoad', flood?.requests, 1, 10_000);
    yield number('"seconds" of "flood" of startLoad', flood?.seconds, 0, 3600);
  },
  perform: ({ world }, options) => begin(world, options),
});

async function begin(world: ScenarioWorld, options: LoadOptions & { readonly load: string }): Promise<void> {
  const { load, pods, parallelism, workloads: names } = options;
  const items = names.map((name) => workload(world, name));
  const clusters = [...new Set(items.map(({ cluster }) => cluster))];
  const follow = await followPods(world, load, clusters);
  const agents = clusters.map((alias) => clusterOf(world, alias).kubernetes);
  const usage = await watchUsage(agents, world.signal);
  world.loads.set(load, {
    ...{ pods, startedAt: Date.now(), started: follow.started, ended: follow.ended, usage: usage.read },
    stop: () => {
      follow.stop();
      usage.stop();
    },
  });
  world.resources.addChange(`what load ${load} follows`, async () => world.loads.get(load)?.stop());
  const places = items.map(
    ({ cluster, namespace, serviceAccount }) =>
      `${clusterOf(world, cluster).cluster.name}/${namespace}/${serviceAccount}`,
  );
  const completions = shares(pods, items.length);
  const parallelismOfEach = shares(Math.max(parallelism, items.length), items.length);
  await Promise.all(
    items.map((item, index) =>
      createJob(
        world,
        item,
        jobManifest(world, item, {
          load,
          completions: completions[index] ?? 1,
          parallelism: parallelismOfEach[index] ?? 1,
          deadlineSeconds: DEADLINE_SECONDS,
          plan: {
            roles: (options.roles ?? [item.association?.role ?? '']).map((role) => world.names.roleArn(role)),
            bucket: world.names.bucket(options.bucket ?? 'data'),
            own: places[index] ?? '',
            other: places[(index + 1) % places.length] ?? '',
            atOnce: options.requests ?? 2,
            rounds: options.rounds ?? 1,
            everySeconds: options.everySeconds ?? 1,
            furtherRounds: options.furtherRounds ?? 0,
            ...(options.alignSeconds !== undefined && { alignSeconds: options.alignSeconds }),
            ...(options.flood !== undefined && { flood: options.flood }),
          },
        }),
      ),
    ),
  );
}

/** Waits until this share of a load's pods, in percent, run or have run. */
export const awaitLoad = defineStep('AwaitLoad', (load: string, percent: number) => ({ load, percent }), {
  keepsCredentials: true,
  *check({ percent }) {
    yield number('the share of awaitLoad, in percent,', percent ?? null, 1, 100);
  },
  perform: ({ world }, { load, percent }) => {
    const running = runningLoad(world, load);
    return running.started(Math.ceil((running.pods * percent) / 100));
  },
});

/** From now on a load recovers from what disturbed it: the last error that its pods meet tells how long that takes. */
export const expectRecovery = defineStep('ExpectRecovery', (load: string) => ({ load }), {
  withoutKubernetes: true,
  keepsCredentials: true,
  perform: async ({ world }, { load }) => {
    runningLoad(world, load).recoversFrom = Date.now();
  },
});

interface VerdictOptions {
  /** Pods must be quick enough to tell how many sessions each was given: `sessionsPerPod`. */
  readonly sessions?: boolean;
  /** Of a flood: slowest rate at which requests must be answered, a second; below it nothing can be said of a limit on them. */
  readonly perSecond?: number;
  /** Longest times, in milliseconds, by the fact that they are of, such as `credentialsP99`. */
  readonly limits?: Readonly<Record<string, number>>;
}

/**
 * What the pods of a load met, once all have ended: how many left no verdict, were given another identity, met which errors, and how
 * long it took. A time beyond its limit is an error: a subject that is slow and a busy machine look the same.
 */
export const loadVerdicts = defineHarnessOperation(
  'LoadVerdicts',
  (load: string, options: VerdictOptions = {}) => ({ load, ...options }),
  {
    standsAlone: true,
    *check({ limits = {}, perSecond }) {
      yield number('"perSecond" of loadVerdicts', perSecond, 1, 1_000_000);
      for (const [fact, limit] of Object.entries(limits))
        yield number(`"${fact}" of the limits of loadVerdicts`, limit ?? null, 1, LONGEST_SECONDS * 1000);
    },
    describe: ({ load }) => [`of load ${load}`],
    reason: ({ message }) => message,
    perform: async (world, operation) => {
      const running = runningLoad(world, operation.load);
      const pods = await running.ended(running.pods);
      running.stop();
      return resultOf(world, running, pods, operation);
    },
  },
);

function runningLoad({ loads, scenario }: ScenarioWorld, name: string): RunningLoad {
  const load = loads.get(name);
  if (load === undefined)
    throw new HarnessError(
      'BAD_SCENARIO',
      `${scenario.id}: load "${name}" was not started: put startLoad before this.`,
    );
  return load;
}

type Facts = NonNullable<ProbeResult['facts']>;

async function resultOf(
  world: ScenarioWorld,
  running: RunningLoad,
  pods: readonly EndedPod[],
  { sessions, perSecond = 0, limits = {} }: VerdictOptions,
): Promise<ProbeResult> {
  const { startedAt, recoversFrom } = running;
  const figures = figuresOf(pods, running.pods, recoversFrom);
  const record = heldAgainstRecord(world, pods, startedAt);
  const ofOthers = record?.ofOthers ?? [];
  const given = sessionsPerPod(pods);
  const facts: Facts = {
    ...figures,
    wrongIdentities: Number(figures['wrongIdentities']) + ofOthers.length,
    ...(record && { sessionsInRecord: record.sessions, callsPerPod: rounded(record.calls / running.pods) }),
    ...(given !== undefined && { sessionsPerPod: given }),
    ...(await usageFacts(running)),
  };
  const wrongs = [...ofOthers, ...pods.flatMap(({ verdict }) => verdict?.wrongs ?? [])];
  const told = (outcome: ProbeResult['outcome'], message: string): ProbeResult => ({ outcome, message, facts });
  if (facts['wrongIdentities'] !== 0)
    return told(
      'refused',
      `${facts['wrongIdentities']} answers were of another identity: ${wrongs.slice(0, 3).join('; ')}.`,
    );
  const lost = pods.filter(({ verdict }) => verdict === undefined);
  const [first] = lost;
  if (first !== undefined) {
    const outcome = lost.every(({ end }) => end.includes('DeadlineExceeded')) ? 'error' : 'refused';
    return told(
      outcome,
      `${lost.length} of ${running.pods} pods left no verdict, such as ${first.name} (${first.end}).`,
    );
  }
  // Who asks again, as an SDK does, gets over it.
  if (Number(facts['late']) > 0 && facts['notRecovered'] !== 0)
    return told(
      'error',
      `${facts['late']} requests were not answered in time: the subject or this machine is too slow.`,
    );
  if (sessions === true && given === undefined)
    return told(
      'error',
      `No pod was answered within ${PATIENCE} ms, so that nothing can be said of how often EKS Auth is asked.`,
    );
  const rate = Number(facts['grantedPerSecond'] ?? 0) + Number(facts['refusedPerSecond'] ?? 0);
  if (rate < perSecond)
    return told(
      'error',
      `${rate} requests a second were answered, and ${perSecond} must be: this machine is too busy.`,
    );
  const [slow] = Object.entries(limits).filter(([fact, limit]) => Number(facts[fact]) > limit);
  if (slow !== undefined)
    return told('error', `${slow[0]} is ${Number(facts[slow[0]])} ms, and at most ${slow[1]} ms is expected here.`);
  return { outcome: 'granted', facts };
}

/** Milliseconds: EKS Auth has a second, and other requests of the pod wait for 1.8 s before they ask for themselves (eks-pod-identity-agent). */
const PATIENCE = 1000;

/**
 * Sessions that a pod was given on average, over the pods whose first answer came before the agent may have asked again for slowness;
 * undefined where there is none. A session that the agent gave up waiting for reaches no pod.
 */
function sessionsPerPod(pods: readonly EndedPod[]): number | undefined {
  const quick = pods.flatMap(({ verdict }) =>
    verdict && (verdict.answers[0] ?? PATIENCE) < PATIENCE ? [verdict] : [],
  );
  if (quick.length === 0) return undefined;
  return rounded(quick.reduce((sum, { sessions }) => sum + sessions.length, 0) / quick.length);
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

async function usageFacts({ usage }: RunningLoad): Promise<Facts> {
  const used = await usage();
  if (used === undefined) return {};
  const { before, now, peak } = used;
  const mebibytes = (bytes: number): number => Math.round(bytes / 1024 ** 2);
  return {
    agentCpuSeconds: Math.round(Math.max(0, now.cpuSeconds - before.cpuSeconds) * 10) / 10,
    agentMemoryMiB: mebibytes(peak),
    agentMemoryGrowthMiB: mebibytes(now.memory - before.memory),
  };
}
