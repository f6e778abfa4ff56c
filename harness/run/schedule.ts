import type { Scenario } from '../scenario/spec.ts';
import { isExclusive, waitOf } from '../plan/requirements.ts';

export interface Schedule<R> {
  /** The result of each scenario, by id; never rejects. */
  readonly results: ReadonlyMap<string, Promise<R>>;
  /** Resolves when all are over. */
  readonly done: Promise<void>;
}

/**
 * Starts scenarios with at most `parallel` under way; those that change what others share run after all others, one by
 * one. The first of the plan starts first, and alone for up to `headStart` milliseconds, so that there is a verdict soon;
 * then come those that wait most, since waiting costs nothing beside work. `run` must not reject.
 */
export function schedule<R>(
  scenarios: readonly Scenario[],
  parallel: number,
  run: (scenario: Scenario) => Promise<R>,
  headStart = 0,
): Schedule<R> {
  const deferred = new Map(scenarios.map((scenario) => [scenario.id, withResolvers<R>()]));
  const settle = async (scenario: Scenario): Promise<void> => deferred.get(scenario.id)?.resolve(await run(scenario));
  const [first, ...others] = scenarios.filter((scenario) => !isExclusive(scenario));
  const alone = scenarios.filter((scenario) => isExclusive(scenario));
  const queue = others.map((scenario) => ({ scenario, wait: waitOf(scenario) })).sort((a, b) => b.wait - a.wait);
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await settle(next.scenario);
  };
  const work = async (): Promise<void> => {
    if (first !== undefined) {
      const over = settle(first);
      if (headStart > 0) await Promise.race([over, pause(headStart)]);
      const lanes = Array.from({ length: Math.min(parallel - 1, queue.length) }, lane);
      await Promise.all([over.then(lane), ...lanes]);
    }
    for (const scenario of alone) await settle(scenario);
  };
  return { results: new Map([...deferred].map(([id, { promise }]) => [id, promise])), done: work() };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<R>(): { promise: Promise<R>; resolve: (value: R) => void } {
  let resolve: (value: R) => void = () => undefined;
  const promise = new Promise<R>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
