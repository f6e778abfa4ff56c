/** One option of a command. The same table drives parser, help, config file, environment and the print-out. */
export interface OptionSpec {
  /** Kebab case, without dashes; also the key in the config file. */
  readonly name: string;
  readonly kind: 'flag' | 'text' | 'number' | 'list' | 'choice';
  readonly choices?: readonly string[];
  readonly placeholder?: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Whether a number may have a fraction. */
  readonly fraction?: boolean;
  readonly help: string;
  /** What values look like, where AWS would refuse others only after the first things are made. Not whether they exist. */
  readonly form?: { readonly pattern: RegExp; readonly expected: string };
  /** Only on the command line: neither config file nor environment. */
  readonly commandLineOnly?: boolean;
}

type More = Omit<OptionSpec, 'name' | 'kind' | 'placeholder' | 'help'>;

const ofKind =
  (kind: OptionSpec['kind']) =>
  <Further extends object>(usage: string, help: string, more?: More & Further): OptionSpec & Further => {
    const [name = '', placeholder] = usage.split(' ');
    return { name, kind, ...(placeholder !== undefined && { placeholder }), help, ...more } as OptionSpec & Further;
  };

/** The form of names of AWS's services in policies (IAM User Guide, "AWS service principals"). */
export const SERVICE_PRINCIPAL: NonNullable<OptionSpec['form']> = {
  pattern: /^[a-z\d-]+(?:\.[a-z\d-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)$/,
  expected: 'give the name of a service in policies, such as pods.eks.amazonaws.com',
};

/** Options by their usage and help, as `--help` prints them: `port N` is an option `--port` whose value is called N. */
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

export type OptionValue = string | number | boolean | readonly string[] | undefined;

/** Where a value in force came from. */
export type Origin = 'flag' | 'environment' | 'config file' | 'default';

/** Every option with its value and where that came from. Asking for an option that is not in the table throws. */
export interface OptionValues {
  readonly values: ReadonlyMap<string, { readonly value: OptionValue; readonly origin: Origin }>;
  readonly text: (name: string) => string | undefined;
  readonly number: (name: string) => number;
  readonly flag: (name: string) => boolean;
  readonly list: (name: string) => readonly string[];
}

/** The texts of options, under other names; what is not given is left out. */
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
