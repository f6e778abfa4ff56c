import type { Scenario } from '../scenario/spec.ts';
import { isExclusive, isExclusiveFromTheStart, waitOf } from '../scenario/requirements.ts';

/** Runs a scenario; where it runs alone, it waits for its turn before it probes. Must not reject. */
export type RunInTurn = (scenario: Scenario, turn: Promise<unknown>) => Promise<unknown>;

export interface ScheduleOptions {
  /** Milliseconds for which the first scenario runs alone at most, so that there is a verdict soon. Default 0. */
  readonly headStart?: number;
  /**
   * What scenarios declare is arranged while they wait for their turn: where arranging takes long, and nothing that a
   * scenario does while it runs alone is in the way of it. Default false.
   */
  readonly arrangeEarly?: boolean;
  /** Scenarios start in the order given, instead of first those that wait most. Default false. */
  readonly inOrder?: boolean;
  /** Resolves when one more scenario may start beside others. Default: at once. */
  readonly admit?: () => Promise<void>;
}

const NOW: Promise<void> = Promise.resolve();

/**
 * Starts scenarios with at most `parallel` under way; those that change what others share run after all others, one by
 * one. The first of the plan starts first; then come those that wait most, since waiting costs nothing beside work. Resolves
 * when all are over.
 */
export async function schedule(
  scenarios: readonly Scenario[],
  parallel: number,
  run: RunInTurn,
  { headStart = 0, arrangeEarly = false, inOrder = false, admit = () => NOW }: ScheduleOptions = {},
): Promise<void> {
  const ended = new Map(scenarios.map(({ id }) => [id, withResolvers()]));
  let under = 0;
  const runOne = async (scenario: Scenario, turn: Promise<unknown> = NOW): Promise<void> => {
    under += 1;
    await run(scenario, turn);
    ended.get(scenario.id)!.resolve();
    under -= 1;
  };
  let admission = NOW;
  /** One after the other, so that each finds what the one before it has brought. */
  const admitted = (): Promise<void> =>
    (admission = admission.then(() => (under > 0 && queue.length > 0 ? admit() : NOW)));
  const shared = scenarios.filter((scenario) => !isExclusive(scenario));
  const alone = scenarios.filter((scenario) => isExclusive(scenario));
  const early = alone.filter((scenario) => arrangeEarly && !isExclusiveFromTheStart(scenario));
  const [first, ...others] = shared;
  const queue = others.map((scenario) => ({ scenario, wait: inOrder ? 0 : waitOf(scenario) }));
  queue.sort((a, b) => b.wait - a.wait);
  let before: Promise<unknown> = Promise.all(shared.map(({ id }) => ended.get(id)!.promise));
  const worker = async (): Promise<void> => {
    while (queue.length > 0) {
      await admitted();
      const next = queue.shift();
      if (next !== undefined) await runOne(next.scenario);
    }
    for (let next = early.shift(); next !== undefined; next = early.shift()) {
      const turn = before;
      // One that is skipped is over before its turn.
      before = Promise.all([turn, ended.get(next.id)!.promise]);
      await runOne(next, turn);
    }
  };
  const later = alone.filter((scenario) => !early.includes(scenario));
  if (first !== undefined) {
    const over = runOne(first);
    if (headStart > 0) await Promise.race([over, pause(headStart)]);
    const workers = Array.from({ length: Math.min(parallel - 1, queue.length + early.length) }, worker);
    await Promise.all([over.then(worker), ...workers]);
  } else await Promise.all(Array.from({ length: Math.min(parallel, early.length) }, worker));
  for (const scenario of later) await runOne(scenario);
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}
