import { clustersOf } from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';
import { openEnvironment, type Opened } from './environment.ts';
import { environmentOptions } from './provision.ts';
import type { Session } from './session.ts';

/** Number of scenarios that may change what others share at once, each in an environment of its own. */
export function lanesOf({ platform, options: { configuration } }: Session): number {
  // One at a time is asked for, or one environment is looked at when the run is over.
  if (configuration.number('parallel') === 1 || configuration.text('keep') !== 'never') return 0;
  return platform?.lanes?.most ?? 0;
}

/**
 * The environment of a lane, with the clusters that a scenario needs: the one that all share is lane 0, and others are
 * made when they are first asked for. Throws `HarnessError`.
 */
export async function laneFor(session: Session, lane: number, scenario: Scenario): Promise<Opened> {
  const { opened, platform } = session;
  if (opened === undefined) throw new Error('the run has no environment yet');
  // A run that ends makes nothing more: its scenarios are skipped.
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
