import { clustersOf, unmetRequirements } from '../plan/requirements.ts';
import { counted } from '../report/text.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { Scenario } from '../scenario/spec.ts';
import { prefetch } from '../world/prefetch.ts';
import { openEnvironment } from './environment.ts';
import { capabilitiesBefore, preparePlatform } from './platform.ts';
import type { Session } from './session.ts';

/**
 * Plans which clusters the scenarios need, and makes them with agent and webhook. Meanwhile, on EKS, what scenarios declare in
 * AWS alone is arranged. Throws `HarnessError`.
 */
export async function provision(session: Session): Promise<void> {
  const { options, id, reporters, journal, expiresAt, signal } = session;
  const { configuration, scenarios, interrupted } = options;
  const before = capabilitiesBefore(configuration);
  announce(session, before);
  const platform = await preparePlatform(session);
  // What an AWS has is known once it was asked.
  const available = new Set([...before].filter((name) => platform.aws.unavailable?.has(name) !== true));
  const runnable = scenarios.filter(
    (scenario) => unmetRequirements(scenario, available, undefined, options.workload) === undefined,
  );
  const opened = openEnvironment(platform, {
    ...{ run: id, expiresAt, journal },
    progress: (line) => reporters.tell('note', line),
    clusters: clustersFor(runnable),
    signal: interrupted,
  });
  session.opened = opened;
  // Elsewhere clusters are there before this could be of use.
  if (platform.clusters.remote)
    session.prefetch = prefetch(runnable, opened.environment, { parallel: configuration.number('parallel'), signal });
  await opened.provision();
  session.isProvisioned = true;
}

function announce({ id, options, reporters }: Session, before: ReadonlySet<string>): void {
  const { scenarios, configuration } = options;
  const planned = clustersFor(
    scenarios.filter((scenario) => unmetRequirements(scenario, before, undefined, options.workload) === undefined),
  );
  const clusters =
    planned.length === 0 ? 'no cluster' : counted(planned.length, `${configuration.cluster.name} cluster`);
  reporters.tell(
    'phaseStarted',
    'provisioning',
    `Run ${id}: ${counted(scenarios.length, 'scenario')}; provisioning ${clusters}`,
  );
}

const clustersFor = (scenarios: readonly Scenario[]): ClusterAlias[] =>
  [...new Set(scenarios.flatMap((scenario) => clustersOf(scenario)))].sort();
