import { flag, list, literal, matching, number, object, opt, record, text, texts, whole } from '../scenario/form.ts';
import { badScenario } from '../../foundation/node/errors.ts';
import { poll } from '../../foundation/node/poll.ts';
import { watchUsage } from '../load/agent-usage.ts';
import { callsByPod } from '../load/aws-record.ts';
import { createController, deleteController, deploymentManifest, jobManifest, rollOut } from '../load/controllers.ts';
import { followPods } from '../load/pods.ts';
import type { RunningLoad } from '../scenario/running-load.ts';
import { shares } from '../scenario/load-size.ts';
import { PATIENCE, verdictOf, type VerdictOptions } from '../load/verdict.ts';
import { LONGEST_SECONDS, shown } from '../scenario/checks.ts';
import { clusterOf, workload, type ScenarioContext } from '../scenario/scenario-context.ts';
import { defineHarnessOperation, defineStep } from '../scenario/operation-registry.ts';

/** Maximum of pods of a Job (Kubernetes API reference, Job: completions of an Indexed Job). */
const MOST_PODS = 100_000;
/** Kubernetes ends Jobs of a killed run after this time on the cluster's clock, which a scenario may move. */
const DEADLINE_SECONDS = 7200;

interface LoadOptions {
  /** Workloads whose service accounts get a Job each. */
  readonly workloads: readonly string[];
  /** Creates Deployments instead of Jobs. Their pods run until `endLoad`, and for at least `rounds`. */
  readonly untilEnded?: true;
  readonly pods: number;
  readonly parallelism: number;
  /** Permitted roles of the pods' sessions. Default: the workload's. */
  readonly roles?: readonly string[];
  /** Objects are `<bucket>/<cluster>/<namespace>/<service account>/object`. Default `data`. */
  readonly bucket?: string;
  /** Concurrent requests of a pod to the agent in each round. Default 2. */
  readonly requests?: number;
  readonly rounds?: number;
  /** Seconds between rounds. Default 1. */
  readonly everySeconds?: number;
  /** Pods start together, at multiples of these seconds. */
  readonly alignSeconds?: number;
  /** Additional rounds while the last one had an error. Default 0. */
  readonly furtherRounds?: number;
  /** Instead of rounds, repeatedly sends `requests` requests on one connection, for `seconds`. */
  readonly flood?: { readonly requests: number; readonly seconds: number };
}

/** Creates the Jobs of a load. Its pods run during the following steps; `loadVerdicts` waits for their verdicts. */
export const startLoad = defineStep('StartLoad', (load: string, options: LoadOptions) => ({ load, ...options }), {
  form: {
    load: matching(/^[a-z][a-z0-9-]{0,20}$/, 'a letter and up to 20 lower-case letters, digits and dashes'),
    workloads: list(text),
    untilEnded: opt(literal(true)),
    pods: whole(1, MOST_PODS),
    parallelism: whole(1, MOST_PODS),
    roles: opt(texts),
    bucket: opt(text),
    requests: opt(whole(0, 100)),
    rounds: opt(whole(1, 1000)),
    everySeconds: opt(number(0, LONGEST_SECONDS)),
    alignSeconds: opt(number(1, 3600)),
    furtherRounds: opt(whole(0, 1000)),
    flood: opt(object({ requests: whole(1, 10_000), seconds: number(0, 3600) })),
  },
  keepsCredentials: true,
  isExclusive: () => 'machine',
  refersTo: ({ workloads, roles = [] }) => ({ workloads, roles }),
  needs: () => ['s3', 'pod-identity'],
  *check({ workloads, pods }) {
    if (workloads.length < 2)
      yield `"workloads" of startLoad is ${shown(workloads)}, but must name at least two, because each pod tries the object of another`;
    if (pods < workloads.length)
      yield `"pods" of startLoad is ${pods}, but must be at least the number of workloads, ${workloads.length}`;
  },
  perform: ({ context }, options) => begin(context, options),
});

async function begin(context: ScenarioContext, options: LoadOptions & { readonly load: string }): Promise<void> {
  const { load, pods, parallelism, workloads: names } = options;
  const items = names.map((name) => workload(context, name));
  const clusters = [...new Set(items.map(({ cluster }) => cluster))];
  const follow = await followPods(context, load, clusters);
  const agents = clusters.map((alias) => clusterOf(context, alias).kubernetes);
  const usage = await watchUsage(agents, context.signal);
  const startedAt = Date.now();
  const stop = (): void => {
    follow.stop();
    usage.stop();
  };
  context.resources.addChange(`the watches of load ${load}`, async () => stop());
  const places = items.map(
    ({ cluster, namespace, serviceAccount }) =>
      `${clusterOf(context, cluster).cluster.name}/${namespace}/${serviceAccount}`,
  );
  const completionsOfEach = shares(pods, items.length);
  const parallelismOfEach = shares(Math.max(parallelism, items.length), items.length);
  const controllers = await Promise.all(
    items.map((item, index) => {
      const completions = completionsOfEach[index] ?? 1;
      const plan = {
        roles: (options.roles ?? [item.association?.role ?? '']).map((role) => context.names.roleArn(role)),
        bucket: context.names.bucket(options.bucket ?? 'data'),
        ownPrefix: places[index] ?? '',
        otherPrefix: places[(index + 1) % places.length] ?? '',
        atOnce: options.requests ?? 2,
        rounds: options.rounds ?? 1,
        everySeconds: options.everySeconds ?? 1,
        furtherRounds: options.furtherRounds ?? 0,
        ...(options.alignSeconds !== undefined && { alignSeconds: options.alignSeconds }),
        ...(options.flood !== undefined && { flood: options.flood }),
      };
      const job = { completions, parallelism: parallelismOfEach[index] ?? 1, deadlineSeconds: DEADLINE_SECONDS };
      const object = options.untilEnded
        ? deploymentManifest(context, item, { load, plan, replicas: completions })
        : jobManifest(context, item, { load, plan, ...job });
      return createController(context, item, object);
    }),
  );
  context.loads.set(load, {
    ...follow,
    pods,
    startedAt,
    usage: usage.read,
    stop,
    restart: () => Promise.all(controllers.map((controller) => rollOut(context, controller))),
    end: () => Promise.all(controllers.map((controller) => deleteController(context, controller))),
  });
}

/** Waits until this percentage of a load's pods have started. */
export const awaitLoad = defineStep('AwaitLoad', (load: string, percent: number) => ({ load, percent }), {
  form: { load: text, percent: number(1, 100) },
  keepsCredentials: true,
  perform: ({ context }, { load, percent }) => {
    const running = runningLoad(context, load);
    return running.started(Math.ceil((running.pods * percent) / 100));
  },
});

/** Restarts a load's Deployments as `kubectl rollout restart` does, and waits until all pods are new. */
export const restartLoad = defineStep('RestartLoad', (load: string) => ({ load }), {
  form: { load: text },
  keepsCredentials: true,
  perform: async ({ context }, { load }) => {
    const running = runningLoad(context, load);
    await running.started(running.pods);
    running.pods += running.running().length;
    await running.restart();
  },
});

export const endLoad = defineStep('EndLoad', (load: string) => ({ load }), {
  form: { load: text },
  keepsCredentials: true,
  perform: async ({ context }, { load }) => {
    const running = runningLoad(context, load);
    await running.end();
    await running.gone();
  },
});

const LOOK_MILLISECONDS = 250;

/** Waits until EKS Auth was called for each running pod of a load. `again`: counts only new calls, such as renewals. */
export const awaitCalls = defineStep(
  'AwaitCalls',
  (load: string, { again = false }: { readonly again?: boolean } = {}) => ({ load, again }),
  {
    form: { load: text, again: flag },
    keepsCredentials: true,
    needs: () => ['call-record'],
    perform: ({ context }, { load, again }) => untilAsked(context, load, again ? Date.now() : 0),
  },
);

async function untilAsked(context: ScenarioContext, load: string, since: number): Promise<void> {
  const running = runningLoad(context, load);
  await running.started(running.pods);
  const isAsked = async (): Promise<true | undefined> => {
    const calls = [...callsByPod(context, running.running(), since).values()];
    return calls.length > 0 && calls.every(({ length }) => length > 0) ? true : undefined;
  };
  const what = `EKS Auth calls for the pods of load ${load}`;
  await poll(isAsked, { every: LOOK_MILLISECONDS, signal: context.signal, what });
}

/** Counts EKS Auth calls for a load's pods until all running pods of `beside` have renewed credentials. */
export const loadCalls = defineHarnessOperation(
  'LoadCalls',
  (load: string, { beside }: { readonly beside: string }) => ({ load, beside }),
  {
    form: { load: text, beside: text },
    standsAlone: true,
    needs: () => ['call-record'],
    describe: ({ load }) => [`of load ${load}`],
    perform: async (context, { load, beside }) => {
      const since = Date.now();
      await untilAsked(context, beside, since);
      const podRequests = [...callsByPod(context, runningLoad(context, load).seen(), since)];
      const calls = podRequests.flatMap(([, podCalls]) => podCalls);
      const facts = { calls: calls.length, pods: podRequests.filter(([, podCalls]) => podCalls.length > 0).length };
      // An agent that timed out repeats its call.
      return calls.some(({ milliseconds }) => milliseconds >= PATIENCE)
        ? {
            outcome: 'error',
            facts,
            message: `EKS Auth took more than ${PATIENCE} ms, because this machine is too busy.`,
          }
        : { outcome: 'granted', facts };
    },
  },
);

/** Measures a load's recovery, from now until the last error of its pods. */
export const expectRecovery = defineStep('ExpectRecovery', (load: string) => ({ load }), {
  form: { load: text },
  withoutKubernetes: true,
  keepsCredentials: true,
  perform: async ({ context }, { load }) => {
    runningLoad(context, load).recoversFrom = Date.now();
  },
});

/**
 * Returns facts about a load after its pods have ended: missing verdicts, wrong identities, errors and times. A time
 * beyond its limit is an error, because a slow subject and a busy machine look the same.
 */
export const loadVerdicts = defineHarnessOperation(
  'LoadVerdicts',
  (load: string, options: VerdictOptions = {}) => ({ load, ...options }),
  {
    form: {
      load: text,
      sessions: opt(flag),
      perSecond: opt(number(1, 1_000_000)),
      limits: opt(record(number(1, LONGEST_SECONDS * 1000), 'an object')),
    },
    standsAlone: true,
    describe: ({ load }) => [`of load ${load}`],
    reason: ({ message }) => message,
    perform: async (context, operation) => {
      const running = runningLoad(context, operation.load);
      const pods = await running.ended(running.pods);
      running.stop();
      return verdictOf(context, running, pods, operation);
    },
  },
);

function runningLoad({ loads, scenario }: ScenarioContext, name: string): RunningLoad {
  const load = loads.get(name);
  if (load === undefined)
    throw badScenario(`${scenario.id}: load "${name}" was not started. Put startLoad before this step.`);
  return load;
}
