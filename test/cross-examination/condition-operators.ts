/**
 * A second implementation of the Condition element, after the IAM User Guide, "IAM JSON policy elements: Condition operators",
 * "Set operators for multivalued context keys" and "Variables and tags". It is independent of the engine under test.
 */
import { isIP } from 'node:net';

/** Request context: a value, or the values of a multivalued key, by name in lower case. */
export type RequestContext = ReadonlyMap<string, string | readonly string[]>;

type Matches = (requestValue: string, policyValue: string, request: Substitution) => boolean;

/** Values of policy variables. Without `variables` (an earlier Version) they are literal text. */
export interface Substitution {
  readonly context: RequestContext;
  readonly variables: boolean;
}

/** A literal character, or a wildcard. */
export type Character = { readonly literal: string } | '*' | '?';

/**
 * Returns the characters of a policy's text, with variables replaced by their values. Undefined if a variable has no value; the
 * text then matches nothing.
 */
export function charactersOf(text: string, { context, variables }: Substitution): Character[] | undefined {
  const characters: Character[] = [];
  const literally = (value: string): number => characters.push(...[...value].map((literal) => ({ literal })));
  for (const [part] of text.matchAll(variables ? /\$\{[^}]*\}|[^]/gu : /[^]/gu)) {
    if (part === '*' || part === '?') characters.push(part);
    else if (!part.startsWith('${')) literally(part);
    else if (['${*}', '${?}', '${$}'].includes(part)) literally(part.slice(2, 3));
    else {
      const [, key = '', preset] = /^\$\{\s*([^,]*?)\s*(?:,\s*'([^']*)'\s*)?\}$/.exec(part) ?? [];
      const value = context.get(key.toLowerCase()) ?? preset;
      if (typeof value !== 'string') return undefined;
      literally(value);
    }
  }
  return characters;
}

/** Whether a text matches a pattern. `any` returns the expression for one character of a wildcard at a place in the pattern. */
export function isLike(
  text: string,
  pattern: readonly Character[],
  any: (place: number) => string = () => '[^]',
): boolean {
  const parts = pattern.map((character, place) => {
    if (typeof character !== 'string') return character.literal.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    return character === '*' ? `${any(place)}*` : any(place);
  });
  return new RegExp(`^${parts.join('')}$`, 'u').test(text);
}

const textOf = (value: string, request: Substitution): string | undefined =>
  charactersOf(value, request)
    ?.map((character) => (typeof character === 'string' ? character : character.literal))
    .join('');

const equals: Matches = (actual, value, request) => actual === textOf(value, request);
const equalsIgnoreCase: Matches = (actual, value, request) =>
  actual.toLowerCase() === textOf(value, request)?.toLowerCase();
const like: Matches = (actual, value, request) => {
  const pattern = charactersOf(value, request);
  return pattern !== undefined && isLike(actual, pattern);
};

/** Compares the six parts of an ARN separately. The last one may contain colons. */
const arnLike: Matches = (actual, value, request) => {
  const six = (arn: string): string[] => {
    const parts = arn.split(':');
    return [...parts.slice(0, 5), parts.slice(5).join(':')];
  };
  const parts = six(actual);
  if (value === '*') return actual.split(':').length >= 6;
  return actual.split(':').length >= 6 && six(value).every((part, index) => like(parts[index] ?? '', part, request));
};

/** Parses seconds since the epoch, or an ISO 8601 format of the W3C note. Returns milliseconds. */
const moment = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));

const comparing =
  (read: (text: string) => number, holds: (actual: number, value: number) => boolean): Matches =>
  (actual, value) =>
    holds(read(actual), read(value));

const bytes = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

const inRange: Matches = (actual, value) => {
  const [network = '', prefix] = value.split('/');
  if (isIP(actual) !== isIP(network)) return false;
  const bits = Number(prefix ?? (isIP(actual) === 4 ? 32 : 128));
  return binary(actual).slice(0, bits) === binary(network).slice(0, bits);
};

/** Returns the bits of an IP address. */
function binary(address: string): string {
  if (isIP(address) === 4)
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}

/** How one value matches each operator, and whether the operator is negated. */
export const CONDITION_OPERATORS: Readonly<Record<string, { readonly matches: Matches; readonly negated?: true }>> = {
  StringEquals: { matches: equals },
  StringNotEquals: { matches: equals, negated: true },
  StringEqualsIgnoreCase: { matches: equalsIgnoreCase },
  StringNotEqualsIgnoreCase: { matches: equalsIgnoreCase, negated: true },
  StringLike: { matches: like },
  StringNotLike: { matches: like, negated: true },
  ...comparisons('Numeric', Number),
  ...comparisons('Date', moment),
  Bool: { matches: (actual, value) => actual.toLowerCase() === value.toLowerCase() },
  BinaryEquals: { matches: (actual, value) => bytes(actual) === bytes(value) },
  IpAddress: { matches: inRange },
  NotIpAddress: { matches: inRange, negated: true },
  ArnEquals: { matches: arnLike },
  ArnLike: { matches: arnLike },
  ArnNotEquals: { matches: arnLike, negated: true },
  ArnNotLike: { matches: arnLike, negated: true },
};

function comparisons(type: string, read: (text: string) => number): typeof CONDITION_OPERATORS {
  return {
    [`${type}Equals`]: { matches: comparing(read, (actual, value) => actual === value) },
    [`${type}NotEquals`]: { matches: comparing(read, (actual, value) => actual === value), negated: true },
    [`${type}LessThan`]: { matches: comparing(read, (actual, value) => actual < value) },
    [`${type}LessThanEquals`]: { matches: comparing(read, (actual, value) => actual <= value) },
    [`${type}GreaterThan`]: { matches: comparing(read, (actual, value) => actual > value) },
    [`${type}GreaterThanEquals`]: { matches: comparing(read, (actual, value) => actual >= value) },
  };
}

/** Whether a condition is true. `operator` is written as in a policy, such as `ForAnyValue:StringLikeIfExists`. */
export function conditionIsTrue(operator: string, key: string, policyValues: string[], request: Substitution): boolean {
  const found = request.context.get(key.toLowerCase()) ?? [];
  const values = typeof found === 'string' ? [found] : found;
  // The values of a multivalued key can resolve to a null data set, such as an empty string.
  const set = typeof found === 'string' || found.some((value) => value !== '') ? values : [];
  if (operator === 'Null') return policyValues.some((value) => (value === 'true') === (set.length === 0));
  const [, setOperator, name = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(operator) ?? [];
  const { matches, negated = false } = CONDITION_OPERATORS[name] ?? {};
  if (matches === undefined) throw new Error(`The IAM User Guide has no condition operator ${operator}.`);
  if (ifExists !== undefined && values.length === 0) return true;
  const holds = (actual: string): boolean => policyValues.some((value) => matches(actual, value, request)) !== negated;
  // For set operators, a single empty string resolves to a null data set as well.
  const members = values.some((value) => value !== '') ? values : [];
  if (setOperator === 'ForAllValues') return members.every(holds);
  if (setOperator === 'ForAnyValue') return members.some(holds);
  return values[0] === undefined ? negated : holds(values[0]);
}
