import { badFlagValue, type HarnessError } from '../../foundation/node/errors.ts';
import type { OptionSpec, OptionValue } from '../../foundation/node/options.ts';
import { nearest, suggestion } from '../../foundation/node/nearest.ts';

/** Returns the value of an option in a config file. Throws `HarnessError` BAD_FLAG_VALUE. */
export function fromJson(option: OptionSpec, value: unknown, where: string): OptionValue {
  if (option.kind === 'list' && Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  if (option.kind === 'flag' && typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'number') {
    return option.kind === 'flag' ? toFlag(String(value), where) : toValue(option, String(value), where);
  }
  throw badValue(`${where} has a value of the wrong type (${JSON.stringify(value)}): ${expected(option)}`);
}

/** Returns the value of a text. `where`: the flag or variable. Throws `HarnessError` BAD_FLAG_VALUE. */
export function toValue(option: OptionSpec, value: string, where: string): OptionValue {
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

export function toFlag(value: string, where: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw badValue(`${where} is "${value}": give true or false`);
}

export const badValue = (problem: string): HarnessError => badFlagValue(`${problem}.`);
