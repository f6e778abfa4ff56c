import { join } from 'node:path';
import type { Client } from '../../components/clients/client.ts';
import { EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { checkClusterFlags } from '../../harness/config/cluster-flags.ts';
import { configure, isFor, type Configuration } from '../../harness/config/configuration.ts';
import { OPTIONS } from '../../harness/config/options.ts';
import type { OptionSpec } from '../../foundation/node/options.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import { loadSize } from '../../harness/scenario/load-size.ts';
import type { Suites } from '../../harness/scenario-files/read-suites.ts';
import type { Gate } from '../../harness/gate/gate.ts';
import type { Shard } from '../../harness/plan/shard.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';

/** The configuration of commands that select scenarios. */
export type Configured = Configuration & GivenOptions;

export const EXIT_CODES = `Exit codes: 0 everything conforms; 1 something does not conform; 2 wrong usage or configuration;
3 the environment failed or a verdict is inconclusive; 130 interrupted.`;

export const SETTINGS =
  'A flag overrides its environment variable (CONFORMANCE_<FLAG>), which overrides the config file.';

/** Returns the options of a command that selects scenarios: its own, and the options of a run that it accepts. */
export const selecting = (
  command: string,
  more: readonly OptionSpec[] = [],
): Pick<Command<Configured>, 'options' | 'read'> => ({
  options: [...more, ...OPTIONS.filter((option) => isFor(command, option))],
  read: (argv, environment) => configure(argv, environment, { command, more }),
});

export interface Selected extends Suites {
  readonly gate?: Gate;
  readonly shard?: Shard;
}

export async function selected(configuration: Configuration, io: Io, registry?: readonly Client[]): Promise<Selected> {
  // Comes first, because it applies to --list and --plan too.
  checkClusterFlags(configuration);
  const [{ readSuites }, { moreInScopes, select }, { checkAttempts, clientsOf, withClients }] = await Promise.all([
    import('../../harness/scenario-files/read-suites.ts'),
    import('../../harness/plan/select.ts'),
    import('../../harness/plan/clients.ts'),
  ]);
  const size = loadSize(configuration);
  const suites = await readSuites(join(io.code, 'suites'), configuration.list('suites-dir'), size);
  const gate = await gateOf(configuration, suites);
  const clients = clientsOf(configuration, registry);
  checkAttempts(clients, configuration);
  const more = moreInScopes(suites, configuration);
  if (more !== undefined && !configuration.flag('quiet'))
    io.stderr.write(`--grep also finds ${more}: add --scope all.\n`);
  const note = (sentence: string): unknown => io.stderr.write(`${sentence}\n`);
  const chosen = selectedOf(suites, () => select(suites, configuration));
  const userScenarios = chosen.filter(({ scope }) => scope === undefined);
  if (userScenarios.length > 0) {
    const { policyWarnings } = await import('../../harness/policies/sources.ts');
    policyWarnings(userScenarios).forEach(note);
  }
  const part = await partOf(withClients(chosen, clients), configuration, note);
  return { ...suites, ...(gate && { gate }), ...part };
}

/** Selects scenarios. Throws `HarnessError` BAD_SCENARIO if, because of problems, no scenario of the user is selected. */
function selectedOf(suites: Suites, select: () => readonly Scenario[]): readonly Scenario[] {
  let scenarios: readonly Scenario[] = [];
  try {
    scenarios = select();
  } finally {
    if (!scenarios.some(({ scope }) => scope === undefined)) withoutProblems(suites);
  }
  return scenarios;
}

/** Returns the suites. Throws `HarnessError` BAD_SCENARIO with all problems of their files. */
export function withoutProblems(suites: Suites): Suites {
  if (suites.problems.length > 0) throw new HarnessError('BAD_SCENARIO', suites.problems.join('\n'));
  return suites;
}

/** Returns the exit code of a command: a rejected scenario is wrong usage. */
export function exitCodeOf({ problems }: Pick<Suites, 'problems'>, io: Io, code: number = EXIT.conforms): number {
  if (problems.length === 0 || code === EXIT.interrupted) return code;
  io.stderr.write(`${problems.join('\n')}\n`);
  return EXIT.usage;
}

async function partOf(
  all: readonly Scenario[],
  configuration: Configuration,
  note: (sentence: string) => void,
): Promise<Pick<Selected, 'scenarios' | 'shard'>> {
  const part = configuration.text('shard');
  if (part === undefined && !configuration.flag('last-failed')) return { scenarios: all };
  const [{ lastFailed, timesOf }, { shardOf }] = await Promise.all([
    import('../../harness/plan/last-run.ts'),
    import('../../harness/plan/shard.ts'),
  ]);
  const scenarios = configuration.flag('last-failed') ? lastFailed(all, configuration, note) : all;
  if (part === undefined) return { scenarios };
  const shard = shardOf(part, scenarios, timesOf(configuration));
  return { shard, scenarios: scenarios.filter(({ id }) => shard.scenarios[id] === shard.index) };
}

/** Reads the gate of `--gate`. Throws `HarnessError`, also for unknown scenarios. */
export async function gateOf(configuration: Configuration, { scenarios }: Suites): Promise<Gate | undefined> {
  const file = configuration.text('gate');
  if (file === undefined) return undefined;
  const { checkGate, readGate } = await import('../../harness/gate/gate.ts');
  const gate = readGate(file);
  const ids = scenarios.map(({ id }) => id);
  checkGate(gate, ids);
  return gate;
}

export function say(io: Io, text: string): number {
  io.stdout.write(text);
  return EXIT.conforms;
}
