import type { ClusterType } from '../../clusters/interface/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import type { OptionSpec, OptionValues } from '../../foundation/node/options.ts';
import { checkVariables, OPTIONS, optionsOf } from './options.ts';
import { readOptions, type GivenOptions } from './read-options.ts';

export interface Configuration extends OptionValues {
  readonly cluster: ClusterType;
  readonly options: readonly OptionSpec[];
}

/** Flags that contradict each other. */
const CONTRADICTIONS = [
  ['quiet', 'verbose'],
  ['list', 'plan'],
  ['watch', 'shard'],
  ['watch', 'repeat-each'],
] as const;

interface ConfigureOptions {
  readonly types?: readonly ClusterType[];
  readonly flags?: readonly string[];
  /** Options of the command itself. */
  readonly own?: readonly OptionSpec[];
}

/** Reads flags, environment and config file. Throws `HarnessError`. */
export function configure(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  { types = CLUSTER_TYPES, flags, own = [] }: ConfigureOptions = {},
): Configuration & GivenOptions {
  const options = [...(types === CLUSTER_TYPES ? OPTIONS : optionsOf(types)), ...own];
  checkVariables(environment, options);
  const typeNamed = (name: unknown): ClusterType | undefined => types.find((type) => type.name === name);
  const { words, ...given } = readOptions(options, {
    argv,
    environment,
    ...(flags && { flags }),
    // The table lists --cluster first, because defaults depend on it.
    preset: (option, before) => typeNamed(before.get('cluster')?.value)?.defaults?.[option.name] ?? option.default,
  });
  // A word after --help is its topic.
  const [word] = given.flag('help') ? [] : words;
  if (word !== undefined)
    throw new HarnessError('UNKNOWN_FLAG', `Unexpected argument "${word}": options start with two dashes, see --help.`);
  const isGiven = (name: string): boolean => {
    const { value, origin } = given.values.get(name) ?? {};
    return origin === 'flag' && value !== false;
  };
  const pair = CONTRADICTIONS.find((names) => names.every(isGiven));
  if (pair !== undefined)
    throw new HarnessError('BAD_FLAG_VALUE', `--${pair[0]} and --${pair[1]} contradict each other: use one of them.`);
  const cluster = typeNamed(given.text('cluster'));
  if (cluster === undefined) throw new Error('No cluster type is registered.');
  return { ...given, words, cluster, options };
}
