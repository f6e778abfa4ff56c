import type { Scenario } from '../scenario/spec.ts';
import { isExclusive } from '../plan/requirements.ts';

export interface Schedule<R> {
  /** The result of each scenario, by id; never rejects. */
  readonly results: ReadonlyMap<string, Promise<R>>;
  /** Resolves when all are over. */
  readonly done: Promise<void>;
}

/**
 * Starts scenarios with at most `parallel` under way, in their order; those that change what others share run after all
 * others, one by one. `run` must not reject.
 */
export function schedule<R>(
  scenarios: readonly Scenario[],
  parallel: number,
  run: (scenario: Scenario) => Promise<R>,
): Schedule<R> {
  const deferred = new Map(scenarios.map((scenario) => [scenario.id, withResolvers<R>()]));
  const settle = async (scenario: Scenario): Promise<void> => deferred.get(scenario.id)?.resolve(await run(scenario));
  const shared = scenarios.filter((scenario) => !isExclusive(scenario));
  const alone = scenarios.filter((scenario) => isExclusive(scenario));
  const lane = async (queue: Scenario[]): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await settle(next);
  };
  const work = async (): Promise<void> => {
    const queue = [...shared];
    await Promise.all(Array.from({ length: Math.min(parallel, queue.length) }, () => lane(queue)));
    await lane([...alone]);
  };
  return { results: new Map([...deferred].map(([id, { promise }]) => [id, promise])), done: work() };
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<R>(): { promise: Promise<R>; resolve: (value: R) => void } {
  let resolve: (value: R) => void = () => undefined;
  const promise = new Promise<R>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
