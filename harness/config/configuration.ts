import type { ClusterType } from '../../clusters/interface/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { nearest } from '../../foundation/node/nearest.ts';
import type { OptionSpec, OptionValues } from '../../foundation/node/options.ts';
import { OPTIONS, optionsOf } from './options.ts';
import { readOptions, variableOf, type GivenOptions } from './read-options.ts';

export interface Configuration extends OptionValues {
  readonly cluster: ClusterType;
  readonly options: readonly OptionSpec[];
}

interface ConfigureOptions {
  readonly types?: readonly ClusterType[];
  /** The command. Default: `run`, which takes all options. */
  readonly command?: string;
  /** Options of the command itself. */
  readonly more?: readonly OptionSpec[];
}

/** Whether a command takes an option of a run. */
export const isFor = (command: string | undefined, { commands = [] }: OptionSpec): boolean =>
  command === undefined || commands.includes(command);

/** Reads flags, environment and config file. Throws `HarnessError`. */
export function configure(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  { types = CLUSTER_TYPES, command, more = [] }: ConfigureOptions = {},
): Configuration & GivenOptions {
  const options = [...(types === CLUSTER_TYPES ? OPTIONS : optionsOf(types)), ...more];
  checkVariables(environment, options);
  const typeNamed = (name: unknown): ClusterType | undefined => types.find((type) => type.name === name);
  const { words, ...given } = readOptions(options, {
    argv,
    environment,
    takes: (option) => more.includes(option) || isFor(command, option),
    commandsOf: (flag) => options.flatMap(({ name, commands = [] }) => (name === flag ? ['run', ...commands] : [])),
    // The table lists --cluster first, because defaults depend on it.
    preset: (option, before) => typeNamed(before.get('cluster')?.value)?.defaults?.[option.name] ?? option.default,
  });
  // A word after --help is its topic.
  const [word] = given.flag('help') ? [] : words;
  if (word !== undefined)
    throw new HarnessError('UNKNOWN_FLAG', `Unexpected argument "${word}": options start with two dashes, see --help.`);
  const cluster = typeNamed(given.text('cluster'));
  if (cluster === undefined) throw new Error('No cluster type is registered.');
  return { ...given, words, cluster, options };
}

/** Rejects unknown variables, which are usually misspelt. Throws `HarnessError` UNKNOWN_FLAG. */
function checkVariables(
  environment: Readonly<Record<string, string | undefined>>,
  options: readonly OptionSpec[],
): void {
  const variables = options.filter(({ commandLineOnly }) => !commandLineOnly).map(({ name }) => variableOf(name));
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('CONFORMANCE_') || !value || variables.includes(name)) continue;
    const near = nearest(name, variables);
    throw new HarnessError(
      'UNKNOWN_FLAG',
      `Unknown environment variable ${name}: ${near === undefined ? 'unset it.' : `did you mean ${near}?`}`,
    );
  }
}
