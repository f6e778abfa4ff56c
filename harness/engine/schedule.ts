import { grouped } from '../../foundation/node/grouped.ts';
import { seededOrder } from '../../foundation/node/seeded-order.ts';
import {
  changesOnlyItsCluster,
  isExclusive,
  isExclusiveByName,
  isExclusiveFromTheStart,
  needsMachine,
  usesBothClusters,
  waitOf,
} from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';

/**
 * Where a scenario runs: 0 is the shared environment, higher numbers are others. `second-cluster`: the other cluster.
 * `other-agent`: clusters with another agent.
 */
export type Lane = number | 'second-cluster' | 'other-agent';

/** Runs a scenario in a lane. A scenario that runs alone awaits `turn` before it probes. Must not reject. */
type RunInTurn = (scenario: Scenario, turn: Promise<unknown>, lane: Lane) => Promise<unknown>;

interface ScheduleOptions {
  /** Maximum milliseconds for which the first scenario runs alone, for an early verdict. Default: 0. */
  readonly headStart?: number;
  /**
   * Arranges scenarios that run alone while they await their turn. Useful if arranging is slow and the probes of other
   * scenarios do not disturb it. Default: false.
   */
  readonly arrangeEarly?: boolean;
  /** Starts scenarios in the given order instead of the longest first. Default: false. */
  readonly inOrder?: boolean;
  /** Durations of scenarios in an earlier run, in milliseconds by id. Default: none. */
  readonly earlier?: ReadonlyMap<string, number>;
  /** Number of additional environments for scenarios that change shared state. Default: 0, they run alone at the end. */
  readonly lanes?: number;
  /**
   * Whether scenarios that only change their cluster run on the second one once no other scenario uses it, and on the first
   * once nothing else runs there. Default: false.
   */
  readonly secondCluster?: boolean;
  /** Whether a scenario of exact names runs at the same time as scenarios without. Default: no. */
  readonly exactNamesBeside?: boolean;
  /** Whether a scenario needs clusters with another agent, where such scenarios run one by one. Default: none does. */
  readonly otherAgent?: (scenario: Scenario) => boolean;
  /** Resolves when one more scenario may start. Default: immediately. */
  readonly admit?: () => Promise<void>;
}

type Options = Required<ScheduleOptions>;
type Order = (scenario: Scenario, options: Options) => number;

const NOW: Promise<void> = Promise.resolve();
const DEFAULTS: Options = {
  headStart: 0,
  arrangeEarly: false,
  inOrder: false,
  earlier: new Map(),
  lanes: 0,
  secondCluster: false,
  exactNamesBeside: false,
  otherAgent: () => false,
  admit: () => NOW,
};
const PROBE_SECONDS = 0.1;
/** On environments with lanes, other scenarios may start while a scenario waits this long. */
const LONG_WAIT_SECONDS = 2;

/** Orders scenarios so that no long one delays the end. On real nodes, only waits count: many probes keep too many pods busy at once. */
const longestFirst: Order = (scenario, { lanes, earlier }) => {
  const estimate = waitOf(scenario) + scenario.spec.probes.length * PROBE_SECONDS;
  return -(lanes === 0 ? waitOf(scenario) : Math.max(estimate, (earlier.get(scenario.id) ?? 0) / 1000));
};
/** Orders scenarios for early verdicts. */
const shortWaitsFirst: Order = (scenario) => waitOf(scenario);

interface Rule {
  readonly queue: 'otherAgent' | 'bothClusters' | 'shared' | 'exactNames' | 'oneCluster' | 'lanes' | 'early' | 'late';
  readonly takes: (scenario: Scenario, options: Options) => boolean;
  /** Order of the queue without `inOrder`. */
  readonly order: Order;
}

/** The first rule that takes a scenario decides its queue. */
const RULES: readonly Rule[] = [
  // On clusters with another agent, one by one.
  { queue: 'otherAgent', takes: (one, { otherAgent }) => otherAgent(one), order: longestFirst },
  // In the shared environment, before all others, because `secondCluster` awaits these.
  {
    queue: 'bothClusters',
    takes: (one, { secondCluster }) => secondCluster && !isExclusive(one) && usesBothClusters(one),
    order: longestFirst,
  },
  // In the shared environment, up to `parallel` at once.
  { queue: 'shared', takes: (one) => !isExclusive(one), order: longestFirst },
  // In the shared environment, one by one at the same time as the shared ones.
  { queue: 'exactNames', takes: (one, at) => at.exactNamesBeside && isExclusiveByName(one), order: longestFirst },
  // On each cluster one by one: on the second once no other scenario needs both, on the first once nothing else runs there.
  { queue: 'oneCluster', takes: (one, at) => at.secondCluster && changesOnlyItsCluster(one), order: longestFirst },
  // In additional environments, one by one in each.
  { queue: 'lanes', takes: (one, { lanes }) => lanes > 0 && !needsMachine(one), order: longestFirst },
  // In the shared environment, one by one after the shared ones. They are arranged while these run.
  { queue: 'early', takes: (one, at) => at.arrangeEarly && !isExclusiveFromTheStart(one), order: shortWaitsFirst },
  // In the shared environment, one by one after everything else.
  { queue: 'late', takes: () => true, order: shortWaitsFirst },
];

/**
 * Runs each scenario once: the first shared one first, the others by `RULES`. Their durations are estimated from an earlier run, or
 * from their waits and probes.
 */
export async function schedule(
  scenarios: readonly Scenario[],
  parallel: number,
  run: RunInTurn,
  given: ScheduleOptions = {},
): Promise<void> {
  const options = { ...DEFAULTS, ...given };
  const first = scenarios.find((scenario) => !isExclusive(scenario) && !options.otherAgent(scenario));
  const rest = scenarios.filter((scenario) => scenario !== first);
  const { otherAgent, bothClusters, shared, exactNames, oneCluster, lanes, early, late } = queuesOf(rest, options);
  const queue = [...bothClusters, ...shared];
  const sharedOnes = [...(first === undefined ? [] : [first]), ...queue, ...exactNames];
  const untilFirstCluster = [...sharedOnes, ...early];
  const untilSecondCluster = options.secondCluster ? sharedOnes.filter(usesBothClusters) : [];
  const runner = new Runner(scenarios, run, options);

  const firstEnd = first === undefined ? NOW : runner.run(first);
  if (first !== undefined && options.headStart > 0) await Promise.race([firstEnd, pause(options.headStart)]);
  const worker = async (): Promise<void> => {
    await runner.runQueue(queue, 0);
    await runner.runInTurn(early, sharedOnes);
  };
  const others = Math.min(parallel - 1, queue.length + early.length);
  await Promise.all([
    firstEnd.then(worker),
    ...Array.from({ length: others }, worker),
    ...Array.from({ length: Math.min(options.lanes, lanes.length) }, (_, index) => runner.runQueue(lanes, index + 1)),
    firstEnd.then(() => runner.runQueue(exactNames, 0)),
    runner.runQueue(otherAgent, 'other-agent'),
    runner.ended(untilSecondCluster).then(() => runner.runQueue(oneCluster, 'second-cluster')),
    runner.ended(untilFirstCluster).then(() => runner.runQueue(oneCluster, 0)),
  ]);
  await runner.ended(sharedOnes);
  for (const scenario of late) await runner.run(scenario);
}

function queuesOf(scenarios: readonly Scenario[], options: Options): Record<Rule['queue'], Scenario[]> {
  const groups = grouped(scenarios, (scenario) => RULES.find(({ takes }) => takes(scenario, options)));
  const sorted = RULES.map((rule) => {
    const members = (groups.get(rule) ?? []).map((scenario) => ({ scenario, place: rule.order(scenario, options) }));
    if (!options.inOrder) members.sort((a, b) => a.place - b.place);
    return [rule.queue, members.map(({ scenario }) => scenario)];
  });
  return Object.fromEntries(sorted) as Record<Rule['queue'], Scenario[]>;
}

class Runner {
  readonly #run: RunInTurn;
  readonly #options: Options;
  readonly #ends: ReadonlyMap<Scenario, ReturnType<typeof withResolvers>>;
  #running = 0;
  #admission = NOW;
  #lastTurn: Promise<unknown> | undefined;

  constructor(scenarios: readonly Scenario[], run: RunInTurn, options: Options) {
    this.#run = run;
    this.#options = options;
    this.#ends = new Map(scenarios.map((scenario) => [scenario, withResolvers()]));
  }

  ended(scenarios: readonly Scenario[]): Promise<unknown> {
    return Promise.all(scenarios.map((scenario) => this.#ends.get(scenario)!.promise));
  }

  async run(scenario: Scenario, turn: Promise<unknown> = NOW, lane: Lane = 0): Promise<void> {
    this.#running += 1;
    await this.#run(scenario, turn, lane);
    this.#ends.get(scenario)!.resolve();
    this.#running -= 1;
  }

  /** Takes scenarios from a queue until it is empty. Several workers may share it. */
  async runQueue(queue: Scenario[], lane: Lane): Promise<void> {
    while (queue.length > 0) {
      await this.#admitted(queue);
      const scenario = queue.shift();
      if (scenario === undefined) return;
      const end = this.run(scenario, NOW, lane);
      const leavesPlace = lane === 0 && this.#options.lanes > 0 && waitOf(scenario) >= LONG_WAIT_SECONDS;
      if (!leavesPlace) await end;
    }
  }

  /** Takes scenarios from a queue until it is empty. Their turns come one by one after `before`. */
  async runInTurn(queue: Scenario[], before: readonly Scenario[]): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const turn = this.#lastTurn ?? this.ended(before);
      // A skipped scenario may end before its turn.
      this.#lastTurn = Promise.all([turn, this.ended([next])]);
      await this.run(next, turn);
    }
  }

  /** Admits scenarios in sequence, so that each check sees the load of the previous scenario. */
  #admitted(queue: readonly Scenario[]): Promise<void> {
    const admit = () => (this.#running > 0 && queue.length > 0 ? this.#options.admit() : NOW);
    return (this.#admission = this.#admission.then(admit));
  }
}

/** Shuffles scenarios by a seed. The seed `reverse` reverses their order. */
export const shuffle = (scenarios: readonly Scenario[], seed: string): readonly Scenario[] =>
  seed === 'reverse' ? scenarios.toReversed() : seededOrder(scenarios, seed, ({ id }) => id);

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Replaces `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}
