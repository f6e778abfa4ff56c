import { automatonOf, combinations, type Automaton, type Place } from '../policy/automaton.ts';
import type { Condition } from '../policy/conditions/condition.ts';
import { parseDate } from '../policy/conditions/scalars.ts';
import { places, type ValueOf } from '../policy/overlap.ts';
import type { Token } from '../policy/pattern.ts';
import type { EvaluationRequest } from '../policy/request.ts';
import { arnPatternOf, compileArnPattern } from '../policy/arn.ts';
import { arnPlaces, firstText, isFolded, joined, NOT_EMPTY, operatorOf, WHOLE } from './patterns.ts';
import { addressesAround, numbersAround, secondsAround } from './scalar-values.ts';

/** A value of a condition key; undefined: the request does not have the key. */
export type KeyValue = string | readonly string[] | undefined;

/** A place where a pattern of another part of the request has a key's value. */
interface VariableUse {
  readonly pre: readonly Place[];
  readonly post: readonly Token[];
  /** The other patterns of that part. */
  readonly met: readonly Automaton[];
}

export interface KeyQuestion {
  /** In lower case. */
  readonly key: string;
  readonly conditions: readonly Condition[];
  readonly uses: readonly VariableUse[];
  /** Further patterns that must be distinguished. */
  readonly refinements: readonly (readonly Place[])[];
  readonly valueOf: ValueOf;
  readonly request: EvaluationRequest;
}

/** Values that stand for all others. `limits` says which are missing. */
export interface KeyValues {
  readonly values: readonly KeyValue[];
  readonly limits: readonly string[];
}

const BOOLEAN =
  /^aws:(securetransport|viaawsservice|multifactorauthpresent|principalisawsservice|viaawsmcpservice|ismcpserviceaction|assumedroot)$/;
/** Keys of every request that can have them (IAM User Guide, "AWS global" and "IAM and AWS STS condition context keys"). */
const ALWAYS = /^(aws:(currenttime|epochtime|securetransport|viaawsservice|requestedregion)|sts:rolesessionname)$/;
const MULTIVALUED =
  /^(aws:(tagkeys|calledvia|\w*orgpaths|principalservicenameslist)|sts:transitivetagkeys|s3:requestobjecttagkeys|dynamodb:(leadingkeys|attributes))$/;
/** Lists of keys of tags, which have 1 to 128 characters (STS API Reference, "Tag"). */
const TAG_KEYS = /tagkeys$/;
const TAGS = /^\w+:(principaltag|requesttag|resourcetag)\//;

/** Returns values of a key, one for each way in which the patterns treat them. */
export function valuesOf(question: KeyQuestion): KeyValues {
  const { key, conditions } = question;
  const isList = MULTIVALUED.test(key) || (!key.startsWith('aws:') && conditions.some(({ set }) => set !== undefined));
  const isMixed = isList && conditions.some(({ set, absence }) => set === undefined && absence === undefined);
  // A token of OpenID Connect has both (OpenID Connect Core 1.0, "ID Token").
  const isAlways =
    ALWAYS.test(key) || (question.request.input.principal.kind === 'federated' && /:(sub|aud)$/.test(key));
  const { texts: all, limit } = textsOf(question);
  const texts = TAG_KEYS.test(key) ? all.filter((one) => one !== '') : all;
  const limits = [
    ...(limit === undefined ? [] : [limit]),
    ...(isMixed ? [`a plain operator on the multivalued key ${key}`] : []),
  ];
  const lists = isList ? listsOf(question, texts) : texts;
  if (lists === undefined) limits.push(`the sets of values of ${key}, which are too many`);
  return { values: [...(lists ?? texts), ...(isAlways ? [] : [undefined])], limits };
}

interface Texts {
  readonly texts: readonly string[];
  readonly limit?: string;
}

export function textsOf(question: KeyQuestion): Texts {
  const { key, conditions, uses, refinements } = question;
  const compared = conditions.filter(({ absence }) => absence === undefined);
  const unclear = compared.find(
    (one) =>
      operatorOf(one) === 'Bool' && one.values.some(({ source }) => /[A-Z]/.test(source) && !source.includes('$')),
  );
  const limited = unclear && { limit: `Bool on ${key} with a value in upper case` };
  if (BOOLEAN.test(key)) return { texts: ['true', 'false'], ...limited };
  const families = new Set(compared.map((one) => familyOf(operatorOf(one))));
  const isText = families.has('text') || uses.length > 0 || refinements.length > 0;
  const [family, ...others] = [...families];
  if (others.length > 0 || (isText && families.size > 0 && family !== 'text'))
    return { texts: ['x'], limit: `${key}, whose values are compared in several types` };
  const sources = compared.flatMap(({ values }) => values.map(({ source }) => source));
  switch (family) {
    case 'number':
      return { texts: [...numbersAround(sources), ...(TAGS.test(key) ? ['x'] : [])] };
    case 'date':
      return { texts: secondsAround(sources.map((one) => parseDate(one)!)).map((one) => timeOf(key, one)) };
    case 'address':
      return { texts: addressesAround(sources) };
    case 'binary':
      return { texts: ['eA=='], limit: `BinaryEquals on ${key}` };
    default:
      return /^aws:(currenttime|epochtime)$/.test(key) && sources.length > 0
        ? { texts: ['x'], limit: `${key}, compared as text` }
        : { ...wordsOf(question, compared), ...limited };
  }
}

export const timeOf = (key: string, seconds: number): string =>
  key === 'aws:epochtime' ? String(seconds) : new Date(seconds * 1000).toISOString().replace('.000', '');

const familyOf = (operator: string): string =>
  operator.startsWith('Numeric')
    ? 'number'
    : operator.startsWith('Date')
      ? 'date'
      : operator.endsWith('IpAddress')
        ? 'address'
        : operator === 'BinaryEquals'
          ? 'binary'
          : 'text';

const digits = (count: number): readonly Place[] => Array.from({ length: count }, () => ({ among: '0123456789' }));
const ARN = arnPlaces(compileArnPattern('arn:aws*:?*:*:*:?*', { variables: false }), () => undefined)!;
const part: readonly Place[] = [{ except: ':' }, { isStar: true, except: ':' }];
const SERVICE_ACCOUNT = joined('system:', part, ':', part, ':', part);

const OF_NAMES = /tag\/kubernetes-(namespace|service-account)$|:sub$/;
/** Names of namespaces and service accounts begin and end with a letter or a digit (Kubernetes, "Object Names and IDs"). */
const NO_NAMES = [joined('-', WHOLE), joined(WHOLE, ':-', WHOLE), joined(WHOLE, '-:', WHOLE), joined(WHOLE, '-')];

function domainOf(key: string, conditions: readonly Condition[]): readonly Place[] {
  if (/^\w+:\w*account$/.test(key)) return digits(12);
  const isArn = conditions.length > 0 && conditions.every((one) => operatorOf(one).startsWith('Arn'));
  return key === 'aws:sourcearn' || (isArn && !TAGS.test(key)) ? ARN : NOT_EMPTY;
}

/** Returns the patterns that a condition compares a key's value with. */
export function patternsOf(condition: Condition, valueOf: ValueOf, foldCase = isFolded(condition)): readonly Place[][] {
  return condition.values.flatMap(({ pattern, source }) => {
    const isArn = operatorOf(condition).startsWith('Arn');
    const all = isArn
      ? arnPlaces(arnPatternOf(pattern!), valueOf)
      : places(pattern?.tokens ?? [source], valueOf, { foldCase });
    return all === undefined ? [] : [[...all]];
  });
}

function wordsOf({ key, uses, refinements, valueOf }: KeyQuestion, conditions: readonly Condition[]): Texts {
  const isSubject = key.endsWith(':sub');
  const patterns = [
    ...conditions.flatMap((one) => patternsOf(one, valueOf)),
    ...refinements,
    ...(isSubject ? [joined('system:', WHOLE), SERVICE_ACCOUNT] : []),
  ].map(automatonOf);
  const isBeyondAscii = conditions.some(
    (one) => isFolded(one) && one.values.some(({ source }) => /[^\0-\x7f]/.test(source)),
  );
  const domain = domainOf(key, conditions);
  const avoided = OF_NAMES.test(key) ? NO_NAMES.map(automatonOf) : [];
  const words = wordsBy(automatonOf(domain), patterns, uses.flatMap(meetingsOf), avoided);
  const possible = (words ?? ['x']).filter(
    (text) => !isSubject || !text.startsWith('system:') || text.split(':').length === 4,
  );
  const limit =
    words === undefined
      ? `the values of ${key}, which its patterns divide into too many classes`
      : isBeyondAscii
        ? `${key}, compared without case beyond ASCII`
        : undefined;
  return { texts: [...possible, ...(domain === NOT_EMPTY ? [''] : [])], ...(limit !== undefined && { limit }) };
}

/** A pattern that goes on with the value of a variable. */
interface Meeting {
  readonly automaton: Automaton;
  readonly start: number;
  readonly after: (state: number) => string;
}

function meetingsOf({ pre, post, met }: VariableUse): readonly Meeting[] {
  const before = automatonOf(pre);
  const text = firstText(post);
  const isWhole = post.length === (text === '' ? 0 : 1);
  return met.flatMap((automaton) => {
    const reached = combinations([before, automaton])?.filter(({ states }) => before.isEnd(states[0]!)) ?? [];
    const starts = new Set(reached.map(({ states }) => states[1]!).filter((state) => !automaton.isDead(state)));
    return [...starts].map((start) => ({
      ...{ automaton, start },
      after: (state: number) => {
        const end = automaton.read(text, state);
        return String(isWhole ? automaton.isEnd(end) : end);
      },
    }));
  });
}

/**
 * Returns the shortest text for each class that the patterns distinguish; undefined if there are too many. A text that an avoided
 * pattern matches only stands for a class without another.
 */
function wordsBy(
  domain: Automaton,
  patterns: readonly Automaton[],
  meetings: readonly Meeting[],
  avoided: readonly Automaton[],
): readonly string[] | undefined {
  const all = [domain, ...patterns, ...meetings.map(({ automaton }) => automaton), ...avoided];
  const starts = [domain, ...patterns, ...meetings, ...avoided].map(({ start }) => start);
  const classes = new Map<string, string>();
  const reached = combinations(all, starts);
  const isAvoided = (states: readonly number[]): boolean =>
    avoided.some((automaton, index) => automaton.isEnd(states[all.length - avoided.length + index]!));
  const ordered = [false, true].flatMap((one) => reached?.filter(({ states }) => isAvoided(states) === one) ?? []);
  for (const { states, text } of ordered) {
    if (!domain.isEnd(states[0]!)) continue;
    const key = [
      ...patterns.map((automaton, index) => automaton.isEnd(states[index + 1]!)),
      ...meetings.map(({ after }, index) => after(states[1 + patterns.length + index]!)),
    ].join();
    if (!classes.has(key)) classes.set(key, text);
  }
  return reached && [...classes.values()];
}

const SETS = 500;

/** Returns a set for each combination of "some member" and "every member" of the conditions. */
function listsOf({ key, conditions, request }: KeyQuestion, texts: readonly string[]): readonly KeyValue[] | undefined {
  const tests = conditions.filter(({ set }) => set !== undefined);
  const members = texts.map((text) => ({
    texts: [text],
    bits: tests.map((one) => one.values.some((value) => value.matches(text, request)) !== one.negated),
  }));
  const keyOf = ({ some, every }: { some: readonly boolean[]; every: readonly boolean[] }): string =>
    `${some.join()} ${every.join()}`;
  const queue = members.map(({ texts: list, bits }) => ({ list, some: bits, every: bits }));
  const seen = new Set(queue.map(keyOf));
  for (const { list, some, every } of queue) {
    for (const { texts: more, bits } of members) {
      const next = {
        list: [...list, ...more],
        some: some.map((bit, index) => bit || bits[index]!),
        every: every.map((bit, index) => bit && bits[index]!),
      };
      if (list.includes(more[0]!) || seen.has(keyOf(next))) continue;
      seen.add(keyOf(next));
      queue.push(next);
    }
    if (queue.length > SETS) return undefined;
  }
  return [...queue.map(({ list }) => list), ...(TAG_KEYS.test(key) ? [] : [['']])];
}
