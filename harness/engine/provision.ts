import { clustersOf, unmetRequirements } from '../scenario/requirements.ts';
import { counted } from '../../foundation/node/text.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { Scenario } from '../scenario/spec.ts';
import { prefetch } from '../world/prefetch.ts';
import { openEnvironment, type ProvisionOptions } from './environment.ts';
import { capabilitiesBefore, preparePlatform } from './platform.ts';
import type { Session } from './session.ts';

export const environmentOptions = (session: Session, scenarios: readonly Scenario[]): ProvisionOptions => ({
  run: session.id,
  expiresAt: session.expiresAt,
  progress: (line) => session.reporters.tell('note', line),
  clusters: clustersFor(scenarios),
  scenarios: scenarios.length,
  signal: session.options.interrupted,
});

/**
 * Plans the clusters of the scenarios and creates them with agent and webhook. On EKS, creates the scenarios' AWS
 * resources at the same time. Throws `HarnessError`.
 */
export async function provision(session: Session): Promise<void> {
  const { configuration } = session.options;
  const before = capabilitiesBefore(configuration);
  announce(session, before);
  const platform = await preparePlatform(session);
  // The services of its AWS are known only now.
  const available = new Set([...before].filter((name) => platform.aws.unavailable?.has(name) !== true));
  const runnable = runnableOf(session, available);
  const opened = openEnvironment(platform, { ...environmentOptions(session, runnable), journal: session.journal });
  session.platform = platform;
  session.opened = opened;
  // Other clusters are ready too soon for this to help.
  if (platform.clusters.remote)
    session.prefetch = prefetch(runnable, opened.environment, {
      parallel: configuration.number('parallel'),
      signal: session.signal,
    });
  await opened.provision();
  session.isProvisioned = true;
}

/** Provisions additional clusters for the scenarios of this round. Throws `HarnessError`. */
export const provisionMore = async (session: Session): Promise<void> =>
  session.opened?.provision(clustersFor(runnableOf(session, session.opened.capabilities)));

function announce(session: Session, before: ReadonlySet<string>): void {
  const { id, options, reporters } = session;
  const { scenarios, configuration } = options;
  const planned = clustersFor(runnableOf(session, before));
  const clusters =
    planned.length === 0 ? 'no cluster' : counted(planned.length, `${configuration.cluster.name} cluster`);
  reporters.tell(
    'phaseStarted',
    'provisioning',
    `Run ${id}: ${counted(scenarios.length, 'scenario')}; provisioning ${clusters}`,
  );
}

const runnableOf = ({ round, options }: Session, available: ReadonlySet<string>): readonly Scenario[] =>
  round.run.filter((scenario) => unmetRequirements(scenario, available, undefined, options.workload) === undefined);

const clustersFor = (scenarios: readonly Scenario[]): ClusterAlias[] =>
  [...new Set(scenarios.flatMap((scenario) => clustersOf(scenario)))].sort();
