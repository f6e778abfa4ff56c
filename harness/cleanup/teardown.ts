import { awsProblem } from '../../foundation/aws-problem.ts';
import { HarnessError } from '../../foundation/errors.ts';
import { isUndoneAtOnce, thingOf, undoAll, type UndoStep } from './undo.ts';
import type { Environment, ScenarioWorld } from '../world/world.ts';

/** How a scenario is over. */
export interface Ending {
  /** Its things stay until the run is over, to be looked at. */
  readonly kept: boolean;
  /** Nothing may be in the way of another attempt, or of another scenario with the same names. */
  readonly makesRoom: boolean;
}

/**
 * Removes what a scenario made, once nothing of it is under way any more: what ends with the run or the clusters anyway only
 * where that is due now. What cannot be removed and stays is noted as left; throws when something else could not be undone.
 */
export async function tearDown(world: ScenarioWorld, { kept, makesRoom }: Ending): Promise<void> {
  const { environment } = world;
  await world.resources.close();
  const now: UndoStep[] = [];
  for (const step of world.undo.splice(0)) {
    if (isUndoneAtOnce(step, kept) || (makesRoom && !kept)) now.push(step);
    else if (!outlives(step, environment)) continue;
    else if (!kept) now.push(step);
    else if (thingOf(step) !== undefined) environment.undoAtEnd.push(step);
  }
  await undoIn(environment, now);
}

/** Does undo steps; as `tearDown` otherwise. */
export async function undoIn(environment: Environment, steps: readonly UndoStep[]): Promise<void> {
  const others: unknown[] = [];
  for (const { step, error } of await undoAll(steps)) {
    const thing = thingOf(step);
    if (thing !== undefined && outlives(step, environment))
      environment.leftovers.push({ name: thing.name, reason: reasonOf(error) });
    else others.push(error);
  }
  if (others.length > 0) throw others[0] as Error;
}

function outlives(step: UndoStep, { fixturesEndWith }: Environment): boolean {
  if (fixturesEndWith === 'run') return false;
  return fixturesEndWith === 'nothing' || thingOf(step)?.lives !== 'cluster';
}

const reasonOf = (error: unknown): string => {
  const { name, message } = error as Error;
  const first = message.split('\n')[0] ?? '';
  if (error instanceof HarnessError) return first.replace(/\.$/, '');
  return awsProblem(error)?.sentence.replace(/\.$/, '') ?? `${name}: ${first}`;
};
