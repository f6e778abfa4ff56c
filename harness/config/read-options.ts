import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { badFlagValue, HarnessError, unreadable } from '../../foundation/node/errors.ts';
import type { OptionSpec, OptionValue, OptionValues, Origin } from '../../foundation/node/options.ts';
import { nearest, suggestion } from '../../foundation/node/nearest.ts';

type Specs = ReadonlyMap<string, OptionSpec>;

export interface GivenOptions extends OptionValues {
  readonly words: readonly string[];
}

interface Reading {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly preset?: (option: OptionSpec, before: ReadonlyMap<string, { readonly value: OptionValue }>) => OptionValue;
  /** Whether the command takes it as a flag. Other options may only come from the environment or a file. */
  readonly takes?: (option: OptionSpec) => boolean;
  /** Returns the commands that take a flag which this command does not take. */
  readonly commandsOf?: (flag: string) => readonly string[];
}

/** Reads flags, environment and config file, in this order of precedence. Throws `HarnessError`. */
export function readOptions(options: readonly OptionSpec[], reading: Reading): GivenOptions {
  const { environment, preset = (option) => option.default } = reading;
  const specs: Specs = new Map(options.map((option) => [option.name, option]));
  const { flags, words } = readFlags(specs, reading);
  const file = flags.get('config') as string | undefined;
  const sources: readonly (readonly [Origin, ReadonlyMap<string, OptionValue>])[] = [
    ['flag', flags],
    ['environment', readEnvironment(environment, specs)],
    ['config file', file === undefined ? new Map<string, OptionValue>() : readConfigFile(file, specs)],
  ];
  const values = new Map<string, { value: OptionValue; origin: Origin }>();
  for (const option of options) {
    const source = sources.find(([, map]) => map.has(option.name));
    values.set(
      option.name,
      source
        ? { value: source[1].get(option.name), origin: source[0] }
        : { value: preset(option, values), origin: 'default' },
    );
  }
  return { ...optionValues(values), words };
}

function optionValues(values: OptionValues['values']): OptionValues {
  const get = (name: string): OptionValue => {
    const entry = values.get(name);
    if (entry === undefined) throw new Error(`Option --${name} is not defined.`);
    return entry.value;
  };
  return {
    values,
    text: (name) => get(name) as string | undefined,
    number: (name) => get(name) as number,
    flag: (name) => get(name) === true,
    list: (name) => (get(name) as readonly string[] | undefined) ?? [],
  };
}

/** Returns the options with another value of one, as if a flag gave it. */
export const withValue = <Given extends OptionValues>(given: Given, name: string, value: OptionValue): Given => ({
  ...given,
  ...optionValues(new Map([...given.values, [name, { value, origin: 'flag' }]])),
});

/** Returns the first word of arguments that is neither a flag nor its value, and its position. */
export const firstWord = (argv: readonly string[], options: readonly OptionSpec[]) =>
  tokensOf(argv, options).find((token) => token.kind === 'positional');

const tokensOf = (argv: readonly string[], options: readonly OptionSpec[]) =>
  parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      options.map(({ name, kind, short }) => [
        name,
        { type: kind === 'flag' ? 'boolean' : 'string', ...(short !== undefined && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;

function readFlags(specs: Specs, { argv, takes = () => true, commandsOf = () => [] }: Reading) {
  const flags = new Map<string, OptionValue>();
  const words: string[] = [];
  const options = [...specs.values()];
  for (const token of tokensOf(argv, options)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = specs.get(name);
    if (option === undefined || !takes(option)) {
      const commands = commandsOf(name).map((command) => `\`${command}\``);
      const names = options.filter(takes).map((one) => one.name);
      throw new HarnessError(
        'UNKNOWN_FLAG',
        commands.length > 0
          ? `${rawName} is not a flag of this command, but of ${commands.join(', ')}: leave it out.`
          : `Unknown flag ${rawName}: ${suggestion(name, names, (near) => `--${near}`)}`,
      );
    }
    if (option.kind === 'flag') flags.set(name, inlineValue === true ? toFlag(value, rawName) : true);
    else if (value === undefined || (!inlineValue && value.startsWith('--')))
      throw badValue(`${rawName} needs a value${option.placeholder ? ` (${option.placeholder})` : ''}`);
    else flags.set(name, merge(flags.get(name), toValue(option, value, rawName)));
  }
  return { flags, words };
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  specs: Specs,
): Map<string, OptionValue> {
  const values = new Map<string, OptionValue>();
  for (const option of specs.values()) {
    if (option.commandLineOnly) continue;
    const variable = variableOf(option.name);
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
    const why = (error as NodeJS.ErrnoException).syscall === undefined ? firstLine(error) : unreadable(error);
    throw badFile(`Config file ${file} cannot be read: ${why}`, { cause: error });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw badFile(`Config file ${file} must hold an object with options, such as {"parallel": 8}.`);
  const values = new Map<string, OptionValue>();
  const allowed = [...specs.values()].filter((option) => !option.commandLineOnly).map((option) => option.name);
  for (const [key, value] of Object.entries(content)) {
    const option = specs.get(key);
    if (option === undefined || option.commandLineOnly)
      throw badFile(`Config file ${file}: unknown option "${key}", ${suggestion(key, allowed)}`);
    const where = `${key} in ${file}`;
    try {
      values.set(key, fromJson(option, value, where));
    } catch (error) {
      throw badFile((error as Error).message, { cause: error });
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
  throw badValue(`${where} has a value of the wrong type (${JSON.stringify(value)}): ${expected(option)}`);
}

function toValue(option: OptionSpec, value: string, where: string): OptionValue {
  switch (option.kind) {
    case 'number': {
      const number = Number(value);
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, fraction = false } = option;
      if (!(fraction ? /^\d+(\.\d+)?$/ : /^\d+$/).test(value.trim()) || number < minimum || number > maximum)
        throw badValue(`${where} is "${value}": ${expected(option)}`);
      return number;
    }
    case 'choice':
      if (!option.choices?.includes(value))
        throw badFlagValue(`${where} is "${value}": ${choiceProblem(value, option)}`);
      return value;
    case 'list': {
      const items = value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      if (items.length === 0) throw badValue(`${where} is empty: ${expected(option)}`);
      return items;
    }
    case 'text':
      if (value === '') throw badValue(`${where} is empty: ${expected(option)}`);
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
    throw badValue(
      `${where} is "${value}", which is not a valid regular expression: escape special characters with a backslash`,
    );
  }
}

/** Rejects malformed values of any origin. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkForms(options: readonly OptionSpec[], { values }: OptionValues): void {
  for (const { name, form } of options) {
    const value = values.get(name)?.value;
    const bad = form && (value === undefined ? [] : [value].flat()).find((text) => !form.pattern.test(String(text)));
    if (bad !== undefined) throw badValue(`--${name} is "${bad}": ${form?.expected}`);
  }
}

/** Returns the nearest choice and the list of choices, or only the list if none is near. */
function choiceProblem(value: string, option: OptionSpec): string {
  const choices = option.choices ?? [];
  return nearest(value, choices) === undefined
    ? suggestion(value, choices)
    : `${suggestion(value, choices)} (${expected(option)})`;
}

function expected(option: OptionSpec): string {
  switch (option.kind) {
    case 'number':
      return `give a ${option.fraction ? '' : 'whole '}number of at least ${option.minimum ?? 0}${option.maximum === undefined ? '' : ` and at most ${option.maximum}`}`;
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
  throw badValue(`${where} is "${value}": give true or false`);
}

const merge = (before: OptionValue, value: OptionValue): OptionValue =>
  Array.isArray(before) ? [before, value].flat() : value;

const badValue = (problem: string): HarnessError => badFlagValue(`${problem}.`);

const badFile = (problem: string, options?: ErrorOptions): HarnessError =>
  new HarnessError('BAD_CONFIG_FILE', problem, options);

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** Environment variable of an option, such as `CONFORMANCE_REPORT_DIR`. */
export function variableOf(option: string): string {
  return `CONFORMANCE_${option.toUpperCase().replaceAll('-', '_')}`;
}
