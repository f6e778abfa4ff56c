import { isVariable, tokenize } from '../pattern.ts';
import { constant, type ValueCompiler } from './operator.ts';
import { stringEqualsIgnoreCase } from './strings.ts';

type Comparison = (actual: number, expected: number) => boolean;

/** Comparison of numbers; a value of the request that is no number matches nothing. */
export const numeric = ordered(parseNumber);

/** Comparison of points in time. */
export const date = ordered(parseDate);

/** The one type beside strings and ARNs that takes policy variables (IAM User Guide, "Boolean condition operators"). */
export const bool: ValueCompiler = (value, syntax) => {
  if (tokenize(value, { wildcards: false, ...syntax }).some(isVariable)) return stringEqualsIgnoreCase(value, syntax);
  const expected = value.toLowerCase();
  if (expected !== 'true' && expected !== 'false') return undefined;
  return constant(value, (actual) => actual.toLowerCase() === expected);
};

/** Bytes in base64. */
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
      // Nothing compares to what is no number, or no time.
      return constant(value, (actual) => compare(parse(actual) ?? NaN, expected));
    };
}

function parseNumber(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

// Year, month or day alone are UTC to `Date.parse`; a time needs a zone, which a policy may leave out.
const ISO_8601 = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/i;
const WITHOUT_ZONE = /T[\d:.]+$/i;

/** ISO 8601 as W3C profiles it, or seconds since the epoch; answers milliseconds since the epoch. */
function parseDate(text: string): number | undefined {
  if (!ISO_8601.test(text)) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : undefined;
  const time = Date.parse(WITHOUT_ZONE.test(text) ? `${text}Z` : text);
  return Number.isNaN(time) ? undefined : time;
}

function parseBase64(text: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : undefined;
}
