import { seededOrder } from '../../foundation/node/seeded-order.ts';
import {
  changesOnlyItsCluster,
  isExclusive,
  isExclusiveFromTheStart,
  needsMachine,
  usesBothClusters,
  waitOf,
} from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';

/** Where a scenario runs: 0 is the shared environment, higher numbers are others. `second-cluster`: the other cluster. */
export type Lane = number | 'second-cluster';

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
  /** Whether scenarios that only change their cluster run on the second one, once no other scenario uses it. Default: false. */
  readonly secondCluster?: boolean;
  /** Resolves when one more scenario may start. Default: immediately. */
  readonly admit?: () => Promise<void>;
}

const NOW: Promise<void> = Promise.resolve();

/**
 * Runs at most `parallel` scenarios at once in the shared environment. Scenarios that change shared state run in lanes
 * or on the second cluster at the same time, or one by one at the end. The first scenario starts first. The longest ones
 * follow, so that none of them delays the end. Their duration is estimated from an earlier run, or from their waits and
 * probes.
 */
export async function schedule(
  scenarios: readonly Scenario[],
  parallel: number,
  run: RunInTurn,
  {
    headStart = 0,
    arrangeEarly = false,
    inOrder = false,
    earlier = new Map(),
    lanes = 0,
    secondCluster = false,
    admit = () => NOW,
  }: ScheduleOptions = {},
): Promise<void> {
  const given = { arrangeEarly, inOrder, earlier, lanes, secondCluster };
  const { shared, onBothClusters, queue, inLanes, onSecondCluster, early, late } = partition(scenarios, given);
  const ended = new Map(scenarios.map(({ id }) => [id, withResolvers()]));
  let under = 0;
  const runOne = async (scenario: Scenario, turn: Promise<unknown> = NOW, lane: Lane = 0): Promise<void> => {
    under += 1;
    await run(scenario, turn, lane);
    ended.get(scenario.id)!.resolve();
    under -= 1;
  };
  let admission = NOW;
  /** In sequence, so that each check sees the load of the previous scenario. */
  const admitted = (waiting: readonly Scenario[]): Promise<void> =>
    (admission = admission.then(() => (under > 0 && waiting.length > 0 ? admit() : NOW)));
  const waits: Promise<void>[] = [];
  const runAll = async (waiting: Scenario[], lane: Lane): Promise<void> => {
    while (waiting.length > 0) {
      await admitted(waiting);
      const next = waiting.shift();
      if (next === undefined) return;
      const over = runOne(next, NOW, lane);
      if (lane === 0 && lanes > 0 && waitOf(next) >= LONG_WAIT_SECONDS) waits.push(over);
      else await over;
    }
  };
  const allEnded = (some: readonly Scenario[]) => Promise.all(some.map(({ id }) => ended.get(id)!.promise));
  let before: Promise<unknown> = allEnded(shared);
  const runEarly = async (): Promise<void> => {
    for (let next = early.shift(); next !== undefined; next = early.shift()) {
      const turn = before;
      // A skipped scenario may end before its turn.
      before = Promise.all([turn, ended.get(next.id)!.promise]);
      await runOne(next, turn);
    }
  };
  const worker = async (): Promise<void> => {
    await runAll(queue, 0);
    await runEarly();
  };
  const [first] = shared;
  const firstOver = first === undefined ? NOW : runOne(first);
  if (first !== undefined && headStart > 0) await Promise.race([firstOver, pause(headStart)]);
  const others = Math.min(parallel - 1, queue.length + early.length);
  await Promise.all([
    firstOver.then(worker),
    ...Array.from({ length: others }, worker),
    ...Array.from({ length: Math.min(lanes, inLanes.length) }, (_, index) => runAll(inLanes, index + 1)),
    allEnded(onBothClusters).then(() => runAll(onSecondCluster, 'second-cluster')),
  ]);
  await Promise.all(waits);
  for (const scenario of late) await runOne(scenario);
}

/** `queue`: shared ones after the first. `early` and `late` run alone; `early` ones are arranged before their turn. */
function partition(
  scenarios: readonly Scenario[],
  { arrangeEarly, inOrder, earlier, lanes, secondCluster }: Required<Omit<ScheduleOptions, 'headStart' | 'admit'>>,
) {
  const shared = scenarios.filter((scenario) => !isExclusive(scenario));
  const exclusive = scenarios.filter((scenario) => isExclusive(scenario));
  const onBothClusters = secondCluster ? shared.filter(usesBothClusters) : [];
  const onSecondCluster = secondCluster ? exclusive.filter(changesOnlyItsCluster) : [];
  const others = exclusive.filter((scenario) => !onSecondCluster.includes(scenario));
  const isAlone = (scenario: Scenario): boolean => lanes === 0 || needsMachine(scenario);
  const alone = others.filter(isAlone);
  // Short waits first, for early verdicts.
  if (!inOrder) alone.sort((a, b) => waitOf(a) - waitOf(b));
  const isEarly = (scenario: Scenario): boolean => arrangeEarly && !isExclusiveFromTheStart(scenario);
  const secondsOf = (scenario: Scenario): number =>
    Math.max(waitOf(scenario) + scenario.spec.probes.length * PROBE_SECONDS, (earlier.get(scenario.id) ?? 0) / 1000);
  // On real nodes, only waits count: starting with many probes would keep too many pods busy at once.
  const queueOf = (some: readonly Scenario[]): Scenario[] =>
    inOrder ? [...some] : longestFirst(some, lanes === 0 ? waitOf : secondsOf);
  const rest = shared.slice(1);
  const isOnBoth = (scenario: Scenario): boolean => onBothClusters.includes(scenario);
  return {
    shared,
    onBothClusters,
    // Those on both clusters first, because others wait for the second one.
    queue: [...queueOf(rest.filter(isOnBoth)), ...queueOf(rest.filter((scenario) => !isOnBoth(scenario)))],
    inLanes: queueOf(others.filter((scenario) => !isAlone(scenario))),
    onSecondCluster: queueOf(onSecondCluster),
    early: alone.filter(isEarly),
    late: alone.filter((scenario) => !isEarly(scenario)),
  };
}

const PROBE_SECONDS = 0.1;
/** A scenario that waits this long leaves its place to others, where environments have lanes. */
const LONG_WAIT_SECONDS = 2;

function longestFirst(scenarios: readonly Scenario[], secondsOf: (scenario: Scenario) => number): Scenario[] {
  const expected = new Map(scenarios.map((scenario) => [scenario, secondsOf(scenario)]));
  return [...scenarios].sort((a, b) => expected.get(b)! - expected.get(a)!);
}

/** Shuffles scenarios by a seed. The seed `reverse` reverses their order. */
export const shuffle = (scenarios: readonly Scenario[], seed: string): readonly Scenario[] =>
  seed === 'reverse' ? scenarios.toReversed() : seededOrder(scenarios, seed, ({ id }) => id);

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}
