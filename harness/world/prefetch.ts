import { isKnownLate, placeholdersIn } from '../scenario/placeholders.ts';
import type { Scenario } from '../scenario/spec.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { removeIn } from './teardown.ts';
import { arrangeAws } from './fixtures/index.ts';
import { createScenarioContext, type Environment } from '../scenario/scenario-context.ts';

export type Prefetch = ReturnType<typeof prefetch>;

/** Maximum of concurrent fixtures: more would only wait for AWS's rate limits. */
const MOST_AT_ONCE = 64;

/**
 * Arranges scenarios' AWS resources while EKS makes clusters, about ten minutes. Skips scenarios that need a cluster
 * for that; failures are reported when the scenario runs.
 */
export function prefetch(
  scenarios: readonly Scenario[],
  environment: Environment,
  { parallel, signal }: { readonly parallel: number; readonly signal: AbortSignal },
) {
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  /** `inAws` resolves when all AWS resources of the scenario exist, and rejects with the failure. */
  const begun = new Map<string, { readonly resources: Resources; readonly inAws: Promise<void> }>();
  const queue = scenarios.filter(canComeAhead);
  const work = (scenario: Scenario): Promise<void> => {
    const resources = new Resources();
    const inAws = arrangeAws(createScenarioContext(scenario, environment, 1, stopped, resources));
    begun.set(scenario.id, { resources, inAws });
    // `take` reports it.
    return inAws.catch(() => undefined);
  };
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !stopped.aborted; next = queue.shift()) await work(next);
  };
  const workers = Array.from({ length: Math.min(parallel, MOST_AT_ONCE, queue.length) }, worker);
  return {
    /** Hands over a scenario's resources, for it to remove; undefined if there are none. */
    take: (scenario: Scenario) => {
      const waiting = queue.findIndex(({ id }) => id === scenario.id);
      if (waiting !== -1) queue.splice(waiting, 1);
      const arranged = begun.get(scenario.id);
      begun.delete(scenario.id);
      return arranged;
    },
    /** Stops, and removes resources that nobody took. Throws if something cannot be undone; leftovers are recorded. */
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
  // Exact names exist for one scenario at a time.
  if (exactNames === true || providers.length > 0) return false;
  if (Object.keys(roles).length + Object.keys(buckets).length + objects.length === 0) return false;
  return !placeholdersIn([roles, buckets, objects]).some(isKnownLate);
}
