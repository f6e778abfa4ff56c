import { clustersOf, unmetRequirements } from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';
import { openEnvironment, type Opened } from './environment.ts';
import { environmentOptions } from './provision.ts';
import type { Lane } from './schedule.ts';
import type { Session } from './session.ts';

/** `--parallel 1` excludes concurrency, and `--keep` needs a single environment to inspect. */
const mayHaveLanes = ({ options: { configuration } }: Session): boolean =>
  configuration.number('parallel') > 1 && configuration.text('keep') === 'never';

/** Returns the number of lanes: additional environments for scenarios that change shared state. */
export const lanesOf = (session: Session): number => (mayHaveLanes(session) ? (session.platform?.lanes?.most ?? 0) : 0);

/** Whether scenarios that only change their cluster may run on the second one, instead of in lanes. */
export const hasSecondCluster = (session: Session): boolean =>
  mayHaveLanes(session) &&
  session.platform?.lanes === undefined &&
  // There, AWS resources are created before the clusters, for the first one.
  session.prefetch === undefined &&
  session.opened?.environment.clusters.has('c2') === true;

/** Whether a scenario cannot run in the shared environment, but on clusters with another agent. */
export function needsOtherAgent(session: Session, scenario: Scenario): boolean {
  const { opened, platform, options } = session;
  const ofOtherAgent = mayHaveLanes(session) ? platform?.lanes?.ofOtherAgent : undefined;
  if (opened === undefined || ofOtherAgent === undefined) return false;
  const isUnmet = (available: ReadonlySet<string>) =>
    unmetRequirements(scenario, available, undefined, options.workload) !== undefined;
  return isUnmet(opened.capabilities) && !isUnmet(new Set([...opened.environment.aws.capabilities, ...ofOtherAgent]));
}

/** Returns the shared environment, with its second cluster in the place of the first. */
function onSecondCluster(opened: Opened): Opened {
  const second = opened.environment.clusters.get('c2');
  if (second === undefined) throw new Error('the run has no second cluster');
  const clusters = new Map([['c1', { ...second, alias: 'c1' }] as const]);
  return { ...opened, environment: { ...opened.environment, clusters } };
}

/**
 * Returns the environment of a lane, with the clusters that the scenario needs. Lane 0 is the shared environment; others
 * are opened on first use. Throws `HarnessError`.
 */
export async function laneFor(session: Session, lane: Lane, scenario: Scenario): Promise<Opened> {
  const { opened, platform } = session;
  if (opened === undefined) throw new Error('the run has no environment yet');
  if (lane === 'second-cluster') return onSecondCluster(opened);
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
