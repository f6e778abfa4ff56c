import { join } from 'node:path';
import { badFlagValue } from '../../foundation/node/errors.ts';
import { checkClusterFlags } from '../../harness/config/cluster-flags.ts';
import type { Configuration } from '../../harness/config/configuration.ts';
import type { NamedReporter } from '../../harness/report/reporter.ts';
import type { Suites } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import type { Watch } from '../../harness/watch/watch.ts';
import type { Io } from '../../foundation/node/io.ts';
import { gateOf, withoutProblems, type Selected } from './scenarios.ts';

interface RoundParts {
  readonly newReporters: () => Promise<readonly NamedReporter[]>;
  readonly install: (scenarios: readonly Scenario[]) => Promise<readonly Scenario[]>;
}

/** Selects like `selected`. `startRounds` watches the user's files, to reload and select again. */
export async function watched(
  configuration: Configuration,
  io: Io,
): Promise<Selected & { readonly startRounds: (means: RoundParts) => Watch }> {
  checkClusterFlags(configuration);
  const [
    { readOwnSuites, readUserSuites },
    { isNarrowed, select },
    { clientsOf, withClients },
    { REPORTS },
    { Watch },
  ] = await Promise.all([
    import('../../harness/scenario-files/read-suites.ts'),
    import('../../harness/plan/select.ts'),
    import('../../harness/plan/clients.ts'),
    import('../../harness/plan/results-files.ts'),
    import('../../harness/watch/watch.ts'),
  ]);
  const folders = configuration.list('suites-dir');
  const clients = clientsOf(configuration);
  // Names are unique for several clients in one run, but not over several rounds.
  if (clients.length > 1)
    throw badFlagValue(
      `--watch supports only one client, but --client names ${clients.length}: ${clients.map(({ label }) => label).join(', ')}.`,
    );
  const shipped = await readOwnSuites(join(io.code, 'suites'));
  const files = new Set<string>();
  let time = 0;
  const readAll = async (): Promise<Suites> =>
    withoutProblems(await readUserSuites(shipped, folders, { time: (time += 1), files }));
  const selectOf = (declared: Suites): Suites => {
    const users = declared.scenarios.filter((scenario) => !shipped.scenarios.includes(scenario));
    const scenarios = isNarrowed(configuration) ? declared.scenarios : users;
    return { ...declared, scenarios: withClients(select({ ...declared, scenarios }, configuration), clients) };
  };
  const all = await readAll();
  const gate = await gateOf(configuration, all);
  const suites = selectOf(all);
  const startRounds = ({ newReporters, install }: RoundParts): Watch =>
    new Watch({
      folders,
      suites,
      files,
      reporters: newReporters,
      readSuites: async () => {
        const reread = selectOf(await readAll());
        return { ...reread, scenarios: await install(reread.scenarios) };
      },
      reports: configuration.text('report-dir') ?? REPORTS,
      stderr: io.stderr,
      quiet: configuration.flag('quiet'),
      stdin: io.stdin,
      // In a terminal's raw mode, Ctrl-C causes no signal.
      end: () => void process.kill(process.pid, 'SIGINT'),
    });
  return { ...suites, startRounds, ...(gate && { gate }) };
}
