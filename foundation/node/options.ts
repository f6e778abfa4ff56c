/** An option of a command, for parser, help, config file, environment and output. */
export interface OptionSpec {
  /** Kebab case, without dashes; also the key in the config file. */
  readonly name: string;
  readonly kind: 'flag' | 'text' | 'number' | 'list' | 'choice';
  readonly choices?: readonly string[];
  readonly placeholder?: string;
  /** A single letter, as in `-n`. */
  readonly short?: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly fraction?: boolean;
  readonly help: string;
  /** The topic of `--help TOPIC` that lists it. */
  readonly topic?: string;
  /** Types of clusters that support it; all if undefined. Their names are topics too. */
  readonly clusters?: readonly string[];
  /** Whether `--help` without a topic lists it. Default: only if it has neither topic nor clusters. */
  readonly brief?: boolean;
  /** Commands besides `run` that take this option of a run. */
  readonly commands?: readonly string[];
  /** Combinations in which it is refused, including those that lack another option. */
  readonly conflicts?: readonly Conflict[];
  /** Whether the command prints something and exits, so that it needs no operands. */
  readonly exits?: boolean;
  /** Whether the process that installs a runner (`--in-cluster`) uses it and does not pass it on, or only next to an emulator. */
  readonly outside?: true | 'with-emulator';
  /** The form of values that AWS would otherwise reject late. Existence is not checked. */
  readonly form?: { readonly pattern: RegExp; readonly expected: string };
  /** Excluded from config file and environment. */
  readonly commandLineOnly?: boolean;
}

/**
 * Refuses an option while any option of `with` is given, if there is such a list, and no option of `without`. `name` is given in any
 * way, `--name` as a flag, `name=value` has this value.
 */
export interface Conflict {
  readonly with?: readonly string[];
  readonly without?: readonly string[];
  /** A clause that gives the reason. */
  readonly because?: string;
  /** Whether values from environment and config file are refused too. By default, they may be for other runs. */
  readonly always?: boolean;
}

type More = Omit<OptionSpec, 'name' | 'kind' | 'placeholder' | 'help'>;

const ofKind =
  (kind: OptionSpec['kind']) =>
  <Further extends object>(usage: string, help: string, more?: More & Further): OptionSpec & Further => {
    const [name = '', placeholder] = usage.split(' ');
    return { name, kind, ...(placeholder !== undefined && { placeholder }), help, ...more } as OptionSpec & Further;
  };

/** The form of service principals in policies (IAM User Guide, "AWS service principals"). */
export const SERVICE_PRINCIPAL: NonNullable<OptionSpec['form']> = {
  pattern: /^[a-z\d-]+(?:\.[a-z\d-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)$/,
  expected: 'use a service principal such as pods.eks.amazonaws.com',
};

/** Defines options by usage and help, as `--help` prints them: `port N` is an option `--port` with a value N. */
export const option = {
  flag: ofKind('flag'),
  text: ofKind('text'),
  number: ofKind('number'),
  list: ofKind('list'),
  choice: <Further extends object>(
    name: string,
    choices: readonly string[],
    help: string,
    more?: More & Further,
  ): OptionSpec & Further => ofKind('choice')(name, help, { choices, ...more } as More & Further),
};

/** Returns the options with these fields as defaults. Conflicts are added to the options' own. */
export const withFields = <Option extends OptionSpec>(
  { conflicts = [], ...fields }: Partial<OptionSpec>,
  options: readonly Option[],
): readonly Option[] =>
  options.map((one) => ({ ...fields, ...one, conflicts: [...conflicts, ...(one.conflicts ?? [])] }));

export type OptionValue = string | number | boolean | readonly string[] | undefined;
export type Origin = 'flag' | 'environment' | 'config file' | 'default';

/** All options with their values and origins. Throws for an unknown option. */
export interface OptionValues {
  readonly values: ReadonlyMap<string, { readonly value: OptionValue; readonly origin: Origin }>;
  readonly text: (name: string) => string | undefined;
  readonly number: (name: string) => number;
  readonly flag: (name: string) => boolean;
  readonly list: (name: string) => readonly string[];
}

/** Returns the texts of options under other names, without missing ones. */
export function textsOf<Key extends string>(
  options: Pick<OptionValues, 'text'>,
  names: Readonly<Record<Key, string>>,
): { readonly [K in Key]?: string } {
  const texts = Object.entries<string>(names).flatMap(([key, name]) => {
    const text = options.text(name);
    return text === undefined ? [] : [[key, text] as const];
  });
  return Object.fromEntries(texts) as { readonly [K in Key]?: string };
}
