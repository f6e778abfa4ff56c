import { isKnownLate, placeholdersIn } from '../scenario/placeholders.ts';
import type { Scenario } from '../scenario/spec.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { removeIn } from './teardown.ts';
import { arrangeAws } from './fixtures/index.ts';
import { makeWorld, type Environment } from '../scenario/world.ts';

export type Prefetch = ReturnType<typeof prefetch>;

/** Roles and buckets under way at once: more wait for AWS' rate limits alone. */
const MOST_AT_ONCE = 64;

/**
 * Arranges scenarios' sides in AWS while their clusters are still being made, which takes EKS ten minutes or so. Scenarios that
 * need a cluster for that are passed over, and what goes wrong with one is told when it runs.
 */
export function prefetch(
  scenarios: readonly Scenario[],
  environment: Environment,
  { parallel, signal }: { readonly parallel: number; readonly signal: AbortSignal },
) {
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  /** `inAws` resolves when all that the scenario declares in AWS is there; rejects with why it cannot be had. */
  const begun = new Map<string, { readonly resources: Resources; readonly inAws: Promise<void> }>();
  const queue = scenarios.filter(canComeAhead);
  const work = (scenario: Scenario): Promise<void> => {
    const resources = new Resources();
    const inAws = arrangeAws(makeWorld(scenario, environment, 1, stopped, resources));
    begun.set(scenario.id, { resources, inAws });
    // Whoever takes it over is told.
    return inAws.catch(() => undefined);
  };
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !stopped.aborted; next = queue.shift()) await work(next);
  };
  const workers = Array.from({ length: Math.min(parallel, MOST_AT_ONCE, queue.length) }, worker);
  return {
    /** Hands a scenario over what was made for it, which is then its own to remove; undefined where nothing was. */
    take: (scenario: Scenario) => {
      const waiting = queue.findIndex(({ id }) => id === scenario.id);
      if (waiting !== -1) queue.splice(waiting, 1);
      const arranged = begun.get(scenario.id);
      begun.delete(scenario.id);
      return arranged;
    },
    /** Begins nothing more, and removes what nobody took. Throws when something cannot be undone; what stays is noted as left. */
    end: async (): Promise<void> => {
      over.abort(new Error('What was arranged ahead is not needed any more.'));
      await Promise.all(workers);
      const untaken = [...begun.values()];
      begun.clear();
      await Promise.all(untaken.map(({ resources }) => resources.close()));
      await removeIn(
        environment,
        untaken.flatMap(({ resources }) => resources.take()),
      );
    },
  };
}

function canComeAhead({ spec }: Scenario): boolean {
  const { roles = {}, buckets = {}, objects = [], providers = [], exactNames } = spec;
  // Names that other scenarios may have too are there for one at a time.
  if (exactNames === true || providers.length > 0) return false;
  if (Object.keys(roles).length + Object.keys(buckets).length + objects.length === 0) return false;
  return !placeholdersIn([roles, buckets, objects]).some(isKnownLate);
}
