import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { HarnessError } from '../../foundation/errors.ts';
import { nearest, suggestion } from './nearest.ts';
import { environmentName, FAULT_NAMES, OPTIONS, type OptionName, type OptionSpec } from './options.ts';

export type OptionValue = string | number | boolean | readonly string[] | undefined;

/** Where a value in force came from. */
export type Origin = 'flag' | 'environment' | 'config file' | 'default';

/** The effective configuration: every option with its value and where that came from. */
export interface Configuration {
  readonly values: ReadonlyMap<OptionName, { readonly value: OptionValue; readonly origin: Origin }>;
  text(name: OptionName): string | undefined;
  number(name: OptionName): number;
  flag(name: OptionName): boolean;
  list(name: OptionName): readonly string[];
}

const SPECS: ReadonlyMap<string, OptionSpec> = new Map(
  (OPTIONS as readonly OptionSpec[]).map((option) => [option.name, option]),
);

/** Reads flags, environment and config file (in this order of strength). Throws `HarnessError` for anything wrong. */
export function configure(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Configuration {
  const flags = parseFlags(argv);
  const fromEnvironment = readEnvironment(environment);
  const file = flags.get('config') as string | undefined;
  const fromFile = file === undefined ? new Map<OptionName, OptionValue>() : readConfigFile(file);
  const values = new Map<OptionName, { value: OptionValue; origin: Origin }>();
  const sources: readonly (readonly [Origin, ReadonlyMap<OptionName, OptionValue>])[] = [
    ['flag', flags],
    ['environment', fromEnvironment],
    ['config file', fromFile],
  ];
  // The cluster comes first in the table: defaults go by it.
  for (const option of OPTIONS as readonly OptionSpec[]) {
    const name = option.name as OptionName;
    const source = sources.find(([, map]) => map.has(name));
    const onEks = option.eksDefault !== undefined && values.get('cluster')?.value === 'eks';
    values.set(
      name,
      source
        ? { value: source[1].get(name), origin: source[0] }
        : { value: onEks ? option.eksDefault : option.default, origin: 'default' },
    );
  }
  const get = (name: OptionName): OptionValue => values.get(name)?.value;
  for (const fault of (get('fault') as readonly string[] | undefined) ?? []) {
    if (!FAULT_NAMES.includes(fault))
      throw new HarnessError(
        'UNKNOWN_FAULT',
        `Unknown fault "${fault}": ${suggestion(fault, FAULT_NAMES)} (--list-faults lists them)`,
      );
  }
  return {
    values,
    text: (name) => get(name) as string | undefined,
    number: (name) => get(name) as number,
    flag: (name) => get(name) === true,
    list: (name) => (get(name) as readonly string[] | undefined) ?? [],
  };
}

function parseFlags(argv: readonly string[]): Map<OptionName, OptionValue> {
  const values = new Map<OptionName, OptionValue>();
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
    const option = SPECS.get(name);
    if (option === undefined)
      throw new HarnessError('UNKNOWN_FLAG', `Unknown flag --${name}: ${suggestion(name, [...SPECS.keys()])}`);
    const key = option.name as OptionName;
    if (option.kind === 'flag') {
      values.set(key, inline === undefined ? true : toFlag(inline, `--${name}`));
      continue;
    }
    const value = inline ?? words.shift();
    if (value === undefined || (inline === undefined && value.startsWith('--')))
      throw new HarnessError(
        'BAD_FLAG_VALUE',
        `--${name} needs a value${option.placeholder ? ` (${option.placeholder})` : ''}.`,
      );
    values.set(key, merge(values.get(key), toValue(option, value, `--${name}`)));
  }
  return values;
}

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Map<OptionName, OptionValue> {
  const values = new Map<OptionName, OptionValue>();
  for (const option of OPTIONS as readonly OptionSpec[]) {
    if (option.commandLineOnly) continue;
    const variable = environmentName(option.name);
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    values.set(
      option.name as OptionName,
      option.kind === 'flag' ? toFlag(value, variable) : toValue(option, value, variable),
    );
  }
  return values;
}

function readConfigFile(file: string): Map<OptionName, OptionValue> {
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
  const values = new Map<OptionName, OptionValue>();
  const allowed = [...SPECS.values()].filter((option) => !option.commandLineOnly).map((option) => option.name);
  for (const [key, value] of Object.entries(content)) {
    const option = SPECS.get(key);
    if (option === undefined || option.commandLineOnly)
      throw new HarnessError(
        'BAD_CONFIG_FILE',
        `Config file ${file}: unknown option "${key}", ${suggestion(key, allowed)}`,
      );
    const where = `${key} in ${file}`;
    try {
      values.set(key as OptionName, fromJson(option, value, where));
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
