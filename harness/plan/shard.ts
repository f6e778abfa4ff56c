import { createHash } from 'node:crypto';
import { badFlagValue } from '../../foundation/node/errors.ts';
import type { RunResults } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import { isExclusive } from '../scenario/requirements.ts';

/** A shard of a run, with all of the run's scenarios and their shards. */
export type Shard = NonNullable<RunResults['run']['shard']>;

/**
 * Returns the shard of `--shard`, such as `2/4`. It depends only on suites, selection and `times`: milliseconds of
 * earlier runs by id, where unknown ones count as the mean. Throws `HarnessError` BAD_FLAG_VALUE.
 */
export function shardOf(shardText: string, scenarios: readonly Scenario[], times: ReadonlyMap<string, number>): Shard {
  const [index, count] = shardText.split('/').map(Number) as [number, number];
  if (index < 1 || index > count)
    throw badFlagValue(`--shard is "${shardText}". Use a shard from 1/${count} to ${count}/${count}.`);
  if (scenarios.length > 0 && count > scenarios.length)
    throw badFlagValue(
      `--shard is "${shardText}", but only ${scenarios.length} scenarios are selected. Use at most ${scenarios.length} shards.`,
    );
  const shards = assign(scenarios, count, times);
  return {
    index,
    count,
    scenarios: Object.fromEntries(scenarios.map(({ id }) => [id, shards.get(id) ?? 1])),
    digest: createHash('sha256')
      .update(JSON.stringify(scenarios.map(({ id, suite, title, spec }) => ({ id, suite, title, spec }))))
      .digest('hex'),
  };
}

/** Assigns shards, from 1, to scenarios by id: the longest to the shortest shard, exclusive scenarios first. */
function assign(
  scenarios: readonly Scenario[],
  count: number,
  times: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const durations = scenarios.flatMap(({ id }) => times.get(id) ?? []);
  const mean = durations.length === 0 ? 1 : durations.reduce((sum, time) => sum + time, 0) / durations.length;
  const weighed = scenarios.map((scenario) => ({
    id: scenario.id,
    time: times.get(scenario.id) ?? mean,
    alone: isExclusive(scenario) ? 1 : 0,
  }));
  weighed.sort((a, b) => b.alone - a.alone || b.time - a.time);
  const loads = Array.from({ length: count }, (_, index) => ({ shard: index + 1, time: 0, scenarios: 0 }));
  return new Map(
    weighed.map(({ id, time }) => {
      const least = loads.reduce((best, load) =>
        load.time < best.time || (load.time === best.time && load.scenarios < best.scenarios) ? load : best,
      );
      least.time += time;
      least.scenarios += 1;
      return [id, least.shard];
    }),
  );
}
