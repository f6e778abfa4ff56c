import { parseDuration, quoteString, parseBool, parseInteger } from './text.ts';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Values by type. `duration`: milliseconds, never negative. `strings`: one per occurrence. */
interface Kinds {
  readonly string: string;
  readonly strings: readonly string[];
  readonly bool: boolean;
  readonly int: number;
  readonly duration: number;
}

interface Flag {
  readonly kind: keyof Kinds;
  /** One letter for the short form, such as `-p`. */
  readonly short?: string;
  readonly value?: string | number | boolean;
  /** Maximum of an `int`, whose minimum then is 0. If undefined, any 64-bit integer is valid. */
  readonly most?: number;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Values by flag; undefined for a flag without value and default. */
export type FlagValues<F extends Flags> = {
  readonly [N in keyof F]: Kinds[F[N]['kind']] | (F[N] extends { readonly value: unknown } ? never : undefined);
};

type CamelCase<Name> = Name extends `${infer Head}-${infer Rest}` ? `${Head}${Capitalize<CamelCase<Rest>>}` : Name;

/** Returns values by camel-case name: `tls-cert` becomes `tlsCert`. Omits undefined values. */
export const camelCased = <V extends object>(values: V) =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name.replace(/-./g, (dash) => dash.slice(1).toUpperCase()), value]),
  ) as { readonly [N in keyof V as CamelCase<N> & string]: V[N] };

const parseInt64 = (text: string): number | undefined => {
  const value = parseInteger(text, 64);
  return value === undefined ? undefined : Number(value);
};

function reader({ kind, most }: Flag): readonly [(text: string) => string | number | boolean | undefined, string] {
  switch (kind) {
    case 'string':
    case 'strings':
      return [(text) => text, 'a text'];
    case 'bool':
      return [parseBool, 'true or false'];
    case 'duration':
      return [(text) => within(parseDuration(text), Infinity), 'a duration such as 3h or 90s'];
    case 'int':
      if (most === undefined) return [parseInt64, 'a whole number'];
      return [(text) => within(parseInt64(text), most), `a number from 0 to ${most}`];
  }
}

const within = (value: number | undefined, most: number): number | undefined =>
  value !== undefined && value >= 0 && value <= most ? value : undefined;

/**
 * Parses flags like Go's `pflag`: `--name value`, `--name=value`, `-n value`, `-n=value`, `-nvalue`, and for booleans
 * `--name`. The last value of a repeated flag wins, except for `strings`. @throws UsageError
 */
export function parseFlags<F extends Flags>(flags: F, args: readonly string[]): FlagValues<F> {
  const values = new Map<string, unknown>(Object.entries(flags).map(([name, { value }]) => [name, value]));
  const shorts = new Map(Object.entries(flags).map(([name, { short }]) => [short, name]));
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const match = /^(?:--([^=]+)|-([A-Za-z]))(=?)(.*)$/s.exec(arg);
    if (match === null) throw new UsageError(`unexpected argument ${quoteString(arg)}`);
    const [, long, short, equals, attached = ''] = match;
    const name = long ?? shorts.get(short) ?? '';
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) throw new UsageError(`unknown flag: ${arg.split('=', 1)[0]}`);
    const given = equals === '=' || attached !== '' ? attached : flag.kind === 'bool' ? 'true' : rest.shift();
    if (given === undefined) throw new UsageError(`flag needs an argument: ${arg}`);
    const [read, expected] = reader(flag);
    const value = read(given);
    if (value === undefined) {
      throw new UsageError(`invalid argument ${quoteString(given)} for --${name}: expected ${expected}`);
    }
    values.set(name, flag.kind === 'strings' ? [...((values.get(name) ?? []) as string[]), value] : value);
  }
  return Object.fromEntries(values) as FlagValues<F>;
}
