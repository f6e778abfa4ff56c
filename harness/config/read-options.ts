import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import type { OptionSpec, OptionValue, OptionValues, Origin } from '../../foundation/node/options.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { badValue, fromJson, toFlag, toValue } from './option-value.ts';

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

/** Rejects malformed values of any origin. Throws `HarnessError` BAD_FLAG_VALUE. */
export function checkForms(options: readonly OptionSpec[], { values }: OptionValues): void {
  for (const { name, form } of options) {
    const value = values.get(name)?.value;
    const bad = form && (value === undefined ? [] : [value].flat()).find((text) => !form.pattern.test(String(text)));
    if (bad !== undefined) throw badValue(`--${name} is "${bad}": ${form?.expected}`);
  }
}

const merge = (before: OptionValue, value: OptionValue): OptionValue =>
  Array.isArray(before) ? [before, value].flat() : value;

const badFile = (problem: string, options?: ErrorOptions): HarnessError =>
  new HarnessError('BAD_CONFIG_FILE', problem, options);

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** Returns the environment variable of an option, such as `CONFORMANCE_REPORT_DIR`. */
export function variableOf(option: string): string {
  return `CONFORMANCE_${option.toUpperCase().replaceAll('-', '_')}`;
}
