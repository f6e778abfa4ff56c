import { isVariable, tokenize } from '../pattern.ts';
import { constant, type ValueCompiler } from './operator.ts';
import { stringEqualsIgnoreCase } from './strings.ts';

type Comparison = (actual: number, expected: number) => boolean;

export const numeric = ordered(parseNumber);

export const date = ordered(parseDate);

/** Besides strings and ARNs, only booleans allow variables (IAM User Guide, "Boolean condition operators"). */
export const bool: ValueCompiler = (value, syntax) => {
  if (tokenize(value, { wildcards: false, ...syntax }).some(isVariable)) return stringEqualsIgnoreCase(value, syntax);
  const expected = value.toLowerCase();
  if (expected !== 'true' && expected !== 'false') return undefined;
  return constant(value, (actual) => actual.toLowerCase() === expected);
};

/** Compares values in Base64. */
export const binaryEquals: ValueCompiler = (value) => {
  const expected = parseBase64(value);
  if (expected === undefined) return undefined;
  return constant(value, (actual) => parseBase64(actual)?.equals(expected) === true);
};

function ordered(parse: (text: string) => number | undefined) {
  return (compare: Comparison): ValueCompiler =>
    (value) => {
      const expected = parse(value);
      if (expected === undefined) return undefined;
      // NaN equals nothing.
      return constant(value, (actual) => compare(parse(actual) ?? NaN, expected));
    };
}

function parseNumber(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

// `Date.parse` treats dates as UTC. It needs a zone for a time, but a policy may omit it.
const ISO_8601 = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/i;
const WITHOUT_ZONE = /T[\d:.]+$/i;

/** Parses W3C's profile of ISO 8601 or seconds since the epoch. Returns milliseconds. */
export function parseDate(text: string): number | undefined {
  if (!ISO_8601.test(text)) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : undefined;
  const time = Date.parse(WITHOUT_ZONE.test(text) ? `${text}Z` : text);
  return Number.isNaN(time) ? undefined : time;
}

function parseBase64(text: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : undefined;
}
