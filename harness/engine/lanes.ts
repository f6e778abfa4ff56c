import { clustersOf } from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';
import { openEnvironment, type Opened } from './environment.ts';
import { environmentOptions } from './provision.ts';
import type { Session } from './session.ts';

/** Number of lanes: additional environments for scenarios that change shared state. */
export function lanesOf({ platform, options: { configuration } }: Session): number {
  // `--parallel 1` excludes concurrency, and `--keep` needs a single environment to inspect.
  if (configuration.number('parallel') === 1 || configuration.text('keep') !== 'never') return 0;
  return platform?.lanes?.most ?? 0;
}

/**
 * Returns the environment of a lane, with the clusters that the scenario needs. Lane 0 is the shared environment; others
 * are opened on first use. Throws `HarnessError`.
 */
export async function laneFor(session: Session, lane: number, scenario: Scenario): Promise<Opened> {
  const { opened, platform } = session;
  if (opened === undefined) throw new Error('the run has no environment yet');
  // A run that is ending creates nothing more; its scenarios are skipped.
  if (lane === 0 || platform?.lanes === undefined || session.signal.aborted) return opened;
  let environment = session.lanes.get(lane);
  if (environment === undefined) {
    environment = openEnvironment(await platform.lanes.open(lane), environmentOptions(session, []));
    session.lanes.set(lane, environment);
  }
  await environment.provision(clustersOf(scenario)).catch((error: unknown) => {
    if (!session.signal.aborted) throw error;
  });
  return environment;
}
