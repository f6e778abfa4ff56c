import { awsProblem } from '../../foundation/aws/aws-problem.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { removeAll, type Resource } from '../../foundation/aws/resources.ts';
import type { Environment, ScenarioContext } from '../scenario/scenario-context.ts';

interface Ending {
  /** Whether resources stay until the run is over, for inspection. */
  readonly kept: boolean;
  /** Whether another attempt, or a scenario with the same names, may follow. */
  readonly makesRoom: boolean;
}

/**
 * Removes a scenario's resources. Those that end with the run or the clusters stay, unless they are due now. Records
 * leftovers; throws if another change could not be undone.
 */
export async function tearDown(
  { environment, resources }: ScenarioContext,
  { kept, makesRoom }: Ending,
): Promise<void> {
  await resources.close();
  const now: Resource[] = [];
  for (const resource of resources.take()) {
    const isDue = resource.due === 'always' || (!kept && (makesRoom || resource.due === 'unless-kept'));
    if (isDue || (!kept && outlives(resource, environment))) now.push(resource);
    else if (resource.isChange !== true && outlives(resource, environment)) environment.kept.add(resource);
  }
  await removeIn(environment, now);
}

/** In milliseconds. AWS refuses some deletions until it has seen an earlier one. */
const SECOND_TRY = 1000;

export async function removeIn(environment: Environment, resources: readonly Resource[]): Promise<void> {
  const otherErrors: Error[] = [];
  for (const [resource, error] of await removeAll(resources, { secondTry: SECOND_TRY })) {
    if (resource.isChange !== true && outlives(resource, environment))
      environment.leftovers.push({ name: resource.name, reason: reasonOf(error) });
    else otherErrors.push(error);
  }
  const [first] = otherErrors;
  if (first instanceof ClusterError) throw new HarnessError('FIXTURE_FAILED', first.message, { cause: first });
  if (first !== undefined) throw first;
}

/** Whether a resource outlives the run unless it is removed. */
const outlives = ({ lives }: Resource, { fixturesEndWith }: Environment): boolean =>
  fixturesEndWith === 'nothing' || (fixturesEndWith === 'cluster' && lives !== 'cluster');

const reasonOf = (error: Error): string => {
  const first = error.message.split('\n')[0] ?? '';
  if (error instanceof HarnessError || error instanceof ClusterError) return first.replace(/\.$/, '');
  return awsProblem(error)?.sentence.replace(/\.$/, '') ?? `${error.name}: ${first}`;
};
