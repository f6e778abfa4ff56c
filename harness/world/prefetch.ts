import { isKnownLate, placeholdersIn } from '../scenario/placeholders.ts';
import type { Scenario } from '../scenario/spec.ts';
import { Resources } from '../../foundation/aws/resources.ts';
import { removeIn } from './teardown.ts';
import { arrangeAws } from './fixtures/index.ts';
import { createScenarioContext, type Environment } from '../scenario/scenario-context.ts';

export type Prefetch = ReturnType<typeof prefetch>;

/** Maximum of concurrent scenarios. More would only wait for AWS's rate limits. */
const MOST_AT_ONCE = 64;

/**
 * Creates AWS resources of scenarios while EKS creates clusters, which takes about ten minutes. Skips scenarios whose
 * resources need a cluster. Failures are reported when the scenario runs.
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
    // `take` returns the failure.
    return inAws.catch(() => undefined);
  };
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !stopped.aborted; next = queue.shift()) await work(next);
  };
  const workers = Array.from({ length: Math.min(parallel, MOST_AT_ONCE, queue.length) }, worker);
  return {
    /** Hands over the resources of a scenario, which then removes them. Undefined if nothing was prefetched. */
    take: (scenario: Scenario) => {
      const waiting = queue.findIndex(({ id }) => id === scenario.id);
      if (waiting !== -1) queue.splice(waiting, 1);
      const arranged = begun.get(scenario.id);
      begun.delete(scenario.id);
      return arranged;
    },
    /** Stops, and removes resources that no scenario took. Records leftovers; throws if another change cannot be undone. */
    end: async (): Promise<void> => {
      over.abort(new Error('Prefetching has ended.'));
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
  // Only one scenario at a time may use exact names.
  if (exactNames === true || providers.length > 0) return false;
  if (Object.keys(roles).length + Object.keys(buckets).length + objects.length === 0) return false;
  return !placeholdersIn([roles, buckets, objects]).some(isKnownLate);
}
