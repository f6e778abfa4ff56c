import { HarnessError } from '../../foundation/errors.ts';

/*
 * Checks of JSON and YAML values. Each gives the value with its type, or throws `HarnessError` BAD_FILE with the place (`at`), what
 * must be there and what is.
 */

export type Scalar = string | number | boolean;

const wrong = (at: string, needed: string, value: unknown): HarnessError =>
  new HarnessError('BAD_FILE', `${at} must be ${needed}, not ${shown(value)}`);

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(value).slice(0, 60);
}

export function object(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object', value);
  return value as Record<string, unknown>;
}

export function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, 'a list', value);
  return value;
}

export function text(value: unknown, at: string): string {
  if (typeof value !== 'string') throw wrong(at, 'a text', value);
  return value;
}

/** A text of a certain form, which `needed` names. */
export function textLike(pattern: RegExp, needed: string): (value: unknown, at: string) => string {
  return (value, at) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(at, needed, value);
    return value;
  };
}

/** A text with something in it. */
export const words = textLike(/\S/, 'a text that is not empty');

/** Id of a scenario. */
export const scenarioId = textLike(/^[A-Z][A-Z0-9]*-[0-9]{2,}[a-z]?$/, 'the id of a scenario, such as AB-01');

export function oneOf<T extends string>(value: unknown, choices: readonly T[], at: string): T {
  if (!(choices as readonly unknown[]).includes(value)) throw wrong(at, `one of ${choices.join(', ')}`, value);
  return value as T;
}

/** A whole number of at least `least`. */
export function whole(value: unknown, least: number, at: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least)
    throw wrong(at, `a whole number of at least ${least}`, value);
  return value;
}

export function scalar(value: unknown, at: string): Scalar {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw wrong(at, 'a text, a number, true or false', value);
  return value;
}

/** A value that may be left out: null where it is. */
export const optional = <T>(value: unknown, at: string, check: (value: unknown, at: string) => T): T | null =>
  value === undefined || value === null ? null : check(value, at);

/** An object whose values are all of one kind. */
export const record = <T>(
  value: unknown,
  at: string,
  check: (value: unknown, at: string) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(object(value, at)).map(([key, item]) => [key, check(item, `${at}.${key}`)]));
