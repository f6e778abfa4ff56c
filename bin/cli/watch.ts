import { join } from 'node:path';
import { badFlagValue } from '../../foundation/node/errors.ts';
import { checkClusterFlags } from '../../harness/config/cluster-flags.ts';
import type { Configuration } from '../../harness/config/configuration.ts';
import type { NamedReporter } from '../../harness/report/reporter.ts';
import type { Loaded } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import type { Watch } from '../../harness/watch/watch.ts';
import type { Io } from '../../foundation/node/io.ts';
import { gateOf, type Selected } from './scenarios.ts';

export interface Means {
  readonly newReporters: () => Promise<readonly NamedReporter[]>;
  /** Gives the scenarios with their clients ready to be started. */
  readonly install: (scenarios: readonly Scenario[]) => Promise<readonly Scenario[]>;
}

/** As `selected`, with what watches the files that the user's suites are made of, and loads and selects anew. */
export async function watched(
  configuration: Configuration,
  io: Io,
  { newReporters, install }: Means,
): Promise<Selected & { readonly rounds: Watch }> {
  checkClusterFlags(configuration);
  const [
    { loadOwnSuites, loadUserSuites },
    { isNarrowed, select },
    { clientsOf, withClients },
    { REPORTS },
    { Watch },
  ] = await Promise.all([
    import('../../harness/scenario-files/read-suites.ts'),
    import('../../harness/plan/select.ts'),
    import('../../harness/plan/clients.ts'),
    import('../../harness/plan/last-run.ts'),
    import('../../harness/watch/watch.ts'),
  ]);
  const folders = configuration.list('suites-dir');
  const clients = clientsOf(configuration);
  // Names tell as many attempts with each of several clients as a run makes, not as many as rounds may need.
  if (clients.length > 1)
    throw badFlagValue(
      `--client names ${clients.length} clients (${clients.map(({ label }) => label).join(', ')}): name one with --watch.`,
    );
  const own = await loadOwnSuites(join(io.code, 'suites'));
  const files = new Set<string>();
  let time = 0;
  const loadAll = (): Promise<Loaded> => loadUserSuites(own, folders, { time: (time += 1), files });
  const selectOf = (declared: Loaded): Loaded => {
    const users = declared.scenarios.filter((scenario) => !own.scenarios.includes(scenario));
    const scenarios = isNarrowed(configuration) ? declared.scenarios : users;
    return { ...declared, scenarios: withClients(select({ ...declared, scenarios }, configuration), clients) };
  };
  const all = await loadAll();
  const gate = await gateOf(configuration, all);
  const loaded = selectOf(all);
  const rounds = new Watch({
    folders,
    loaded,
    files,
    reporters: newReporters,
    load: async () => {
      const reloaded = selectOf(await loadAll());
      return { ...reloaded, scenarios: await install(reloaded.scenarios) };
    },
    reports: configuration.text('report-dir') ?? REPORTS,
    stderr: io.stderr,
    quiet: configuration.flag('quiet'),
    stdin: io.stdin,
    // As Ctrl-C, which a terminal does not make a signal of while it gives single keys.
    end: () => void process.kill(process.pid, 'SIGINT'),
  });
  return { ...loaded, rounds, ...(gate && { gate }) };
}
