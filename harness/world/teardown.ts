import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { removeAll, type Resource } from '../../foundation/aws/resources.ts';
import type { Environment, ScenarioWorld } from '../scenario/world.ts';

/** How a scenario is over. */
export interface Ending {
  /** Its resources stay until the run is over, to be looked at. */
  readonly kept: boolean;
  /** Nothing may be in the way of another attempt, or of another scenario with the same names. */
  readonly makesRoom: boolean;
}

/**
 * Removes what a scenario made, once nothing of it is under way any more: what ends with the run or the clusters anyway only
 * where that is due now. What cannot be removed and stays is noted as left; throws when something else could not be undone.
 */
export async function tearDown({ environment, resources }: ScenarioWorld, { kept, makesRoom }: Ending): Promise<void> {
  await resources.close();
  const now: Resource[] = [];
  for (const resource of resources.take()) {
    const isDue = resource.due === 'always' || (!kept && (makesRoom || resource.due === 'unless-kept'));
    if (isDue || (!kept && outlives(resource, environment))) now.push(resource);
    else if (resource.isChange !== true && outlives(resource, environment)) environment.kept.add(resource);
  }
  await removeIn(environment, now);
}

/** AWS refuses some deletions since it has not seen an earlier one yet: a moment later they pass. Milliseconds. */
const SECOND_TRY = 1000;

/** Removes resources of scenarios; as `tearDown` otherwise. */
export async function removeIn(environment: Environment, resources: readonly Resource[]): Promise<void> {
  const others: Error[] = [];
  for (const [resource, error] of await removeAll(resources, { secondTry: SECOND_TRY })) {
    if (resource.isChange !== true && outlives(resource, environment))
      environment.leftovers.push({ name: resource.name, reason: reasonOf(error) });
    else others.push(error);
  }
  const [first] = others;
  if (first instanceof ClusterError) throw new HarnessError('FIXTURE_FAILED', first.message, { cause: first });
  if (first !== undefined) throw first;
}

/** Whether a resource is still there when the run is over, unless it is removed. */
const outlives = ({ lives }: Resource, { fixturesEndWith }: Environment): boolean =>
  fixturesEndWith === 'nothing' || (fixturesEndWith === 'cluster' && lives !== 'cluster');

const reasonOf = (error: Error): string => {
  const first = error.message.split('\n')[0] ?? '';
  if (error instanceof HarnessError || error instanceof ClusterError) return first.replace(/\.$/, '');
  return awsProblem(error)?.sentence.replace(/\.$/, '') ?? `${error.name}: ${first}`;
};
