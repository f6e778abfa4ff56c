import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { ClusterType } from '../../clusters/cluster-type.ts';
import { CLUSTER_TYPES } from '../../clusters/registry.ts';
import { HarnessError } from '../../foundation/errors.ts';
import type { OptionSpec, OptionValue, OptionValues, Origin } from '../../foundation/options.ts';
import { nearest, suggestion } from './nearest.ts';
import { environmentName, FAULT_NAMES, OPTIONS, optionsOf, type RunOption } from './options.ts';

/** The options, by name. */
type Specs = ReadonlyMap<string, OptionSpec>;

/** The effective configuration of a run. */
export interface Configuration extends OptionValues {
  /** What `--cluster` names. */
  readonly cluster: ClusterType;
  /** All options that there are. */
  readonly options: readonly RunOption[];
}

/** Reads flags, environment and config file (in this order of strength). Throws `HarnessError` for anything wrong. */
export function configure(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  types: readonly ClusterType[] = CLUSTER_TYPES,
): Configuration {
  const options = types === CLUSTER_TYPES ? OPTIONS : optionsOf(types);
  const specs: Specs = new Map(options.map((option) => [option.name, option]));
  const flags = parseFlags(argv, specs);
  const file = flags.get('config') as string | undefined;
  const sources: readonly (readonly [Origin, ReadonlyMap<string, OptionValue>])[] = [
    ['flag', flags],
    ['environment', readEnvironment(environment, specs)],
    ['config file', file === undefined ? new Map<string, OptionValue>() : readConfigFile(file, specs)],
  ];
  const values = new Map<string, { value: OptionValue; origin: Origin }>();
  let cluster: ClusterType | undefined;
  // The cluster comes first in the table: defaults go by it.
  for (const option of options) {
    const { name } = option;
    const source = sources.find(([, map]) => map.has(name));
    values.set(
      name,
      source
        ? { value: source[1].get(name), origin: source[0] }
        : { value: cluster?.defaults?.[name] ?? option.default, origin: 'default' },
    );
    cluster ??= types.find((type) => type.name === values.get('cluster')?.value);
  }
  if (cluster === undefined) throw new Error('No types of clusters are registered.');
  const get = (name: string): OptionValue => {
    const known = values.get(name);
    if (known === undefined) throw new Error(`There is no option --${name}.`);
    return known.value;
  };
  for (const fault of (get('fault') as readonly string[] | undefined) ?? []) {
    if (!FAULT_NAMES.includes(fault))
      throw new HarnessError(
        'UNKNOWN_FAULT',
        `Unknown fault "${fault}": ${suggestion(fault, FAULT_NAMES)} (--list-faults lists them)`,
      );
  }
  return {
    ...{ values, cluster, options },
    text: (name) => get(name) as string | undefined,
    number: (name) => get(name) as number,
    flag: (name) => get(name) === true,
    list: (name) => (get(name) as readonly string[] | undefined) ?? [],
  };
}

function parseFlags(argv: readonly string[], specs: Specs): Map<string, OptionValue> {
  const values = new Map<string, OptionValue>();
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith('--') || word === '--') {
      throw new HarnessError(
        'UNKNOWN_FLAG',
        `Unexpected argument "${word}": every option starts with two dashes, see --help.`,
      );
    }
    const [name = '', ...rest] = word.slice(2).split('=');
    const inline = rest.length > 0 ? rest.join('=') : undefined;
    const option = specs.get(name);
    if (option === undefined)
      throw new HarnessError('UNKNOWN_FLAG', `Unknown flag --${name}: ${suggestion(name, [...specs.keys()])}`);
    if (option.kind === 'flag') {
      values.set(name, inline === undefined ? true : toFlag(inline, `--${name}`));
      continue;
    }
    const value = inline ?? words.shift();
    if (value === undefined || (inline === undefined && value.startsWith('--')))
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `--${name} needs a value${option.placeholder ? ` (${option.placeholder})` : ''}.`,
      );
    values.set(name, merge(values.get(name), toValue(option, value, `--${name}`)));
  }
  return values;
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  specs: Specs,
): Map<string, OptionValue> {
  const values = new Map<string, OptionValue>();
  for (const option of specs.values()) {
    if (option.commandLineOnly) continue;
    const variable = environmentName(option.name);
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    values.set(option.name, option.kind === 'flag' ? toFlag(value, variable) : toValue(option, value, variable));
  }
  return values;
}

function readConfigFile(file: string, specs: Specs): Map<string, OptionValue> {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new HarnessError('BAD_CONFIG_FILE', `Config file ${file} cannot be read: ${firstLine(error)}`, {
      cause: error,
    });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new HarnessError(
      'BAD_CONFIG_FILE',
      `Config file ${file} must hold an object with options, such as {"parallel": 8}.`,
    );
  }
  const values = new Map<string, OptionValue>();
  const allowed = [...specs.values()].filter((option) => !option.commandLineOnly).map((option) => option.name);
  for (const [key, value] of Object.entries(content)) {
    const option = specs.get(key);
    if (option === undefined || option.commandLineOnly)
      throw new HarnessError(
        'BAD_CONFIG_FILE',
        `Config file ${file}: unknown option "${key}", ${suggestion(key, allowed)}`,
      );
    const where = `${key} in ${file}`;
    try {
      values.set(key, fromJson(option, value, where));
    } catch (error) {
      throw new HarnessError('BAD_CONFIG_FILE', (error as Error).message, { cause: error });
    }
  }
  return values;
}

function fromJson(option: OptionSpec, value: unknown, where: string): OptionValue {
  if (option.kind === 'list' && Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (option.kind === 'flag' && typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'number') {
    return option.kind === 'flag' ? toFlag(String(value), where) : toValue(option, String(value), where);
  }
  throw new HarnessError(
    'BAD_FLAG_VALUE',
    `${where} has a value of the wrong type (${JSON.stringify(value)}): ${expected(option)}.`,
  );
}

function toValue(option: OptionSpec, value: string, where: string): OptionValue {
  switch (option.kind) {
    case 'number': {
      const number = Number(value);
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = option;
      if (value.trim() === '' || !Number.isInteger(number) || number < minimum || number > maximum) {
        throw new HarnessError('BAD_FLAG_VALUE', `${where} is "${value}": ${expected(option)}.`);
      }
      return number;
    }
    case 'choice':
      if (!option.choices?.includes(value))
        throw new HarnessError('BAD_FLAG_VALUE', `${where} is "${value}": ${choiceProblem(value, option)}`);
      return value;
    case 'list': {
      const items = value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      if (items.length === 0) throw new HarnessError('BAD_FLAG_VALUE', `${where} is empty: ${expected(option)}.`);
      return items;
    }
    case 'text':
      if (value === '') throw new HarnessError('BAD_FLAG_VALUE', `${where} is empty: ${expected(option)}.`);
      if (option.name === 'grep' || option.name === 'grep-invert') checkRegularExpression(value, where);
      return value;
    case 'flag':
      return toFlag(value, where);
  }
}

function checkRegularExpression(value: string, where: string): void {
  try {
    new RegExp(value);
  } catch {
    throw new HarnessError(
      'BAD_FLAG_VALUE',
      `${where} is "${value}", which is no regular expression: escape special characters with a backslash.`,
    );
  }
}

/** The nearest choice beside all of them, or, where none is near, all of them once. */
function choiceProblem(value: string, option: OptionSpec): string {
  const choices = option.choices ?? [];
  return nearest(value, choices) === undefined
    ? suggestion(value, choices)
    : `${suggestion(value, choices)} (${expected(option)})`;
}

function expected(option: OptionSpec): string {
  switch (option.kind) {
    case 'number':
      return `give a whole number of at least ${option.minimum ?? 0}${option.maximum === undefined ? '' : ` and at most ${option.maximum}`}`;
    case 'choice':
      return `one of ${option.choices?.join(', ')}`;
    case 'list':
      return 'give one or more values, separated by commas';
    case 'text':
      return 'give a text';
    case 'flag':
      return 'give true or false';
  }
}

function toFlag(value: string, where: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw new HarnessError('BAD_FLAG_VALUE', `${where} is "${value}": give true or false.`);
}

function merge(before: OptionValue, value: OptionValue): OptionValue {
  return Array.isArray(before) && Array.isArray(value)
    ? [...(before as readonly string[]), ...(value as readonly string[])]
    : value;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
