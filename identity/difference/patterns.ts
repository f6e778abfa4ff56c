import type { ArnPattern } from '../policy/arn.ts';
import { Automaton, type Place } from '../policy/automaton.ts';
import type { Condition } from '../policy/conditions/condition.ts';
import { literal, wildcard } from '../policy/overlap.ts';
import { isVariable, matchesTokens, type ResolvedToken, type Token } from '../policy/pattern.ts';

/** Returns the value of a key in lower case; undefined if it is absent or has several. */
export type ValueOf = (key: string) => string | undefined;

interface PlaceOptions {
  /** Whether letters also match in the other case. */
  readonly foldCase?: boolean;
  /** Whether the first five fields match without colons. */
  readonly isArn?: boolean;
}

/** Returns the places of a pattern; undefined if it matches nothing. */
export function places(tokens: readonly Token[], valueOf: ValueOf, options: PlaceOptions = {}): Place[] | undefined {
  const { foldCase = false, isArn = false } = options;
  const all: Place[] = [];
  let colons = isArn ? 0 : Infinity;
  for (const token of tokens) {
    const except = colons < 5 ? ':' : '';
    if (typeof token === 'symbol') {
      all.push(wildcard(token, except));
      continue;
    }
    const text = isVariable(token) ? (valueOf(token.key.lowerCase) ?? token.defaultValue) : token;
    if (text === undefined) return undefined;
    if (!isVariable(token)) colons += text.split(':').length - 1;
    else if (except !== '' && text.includes(except)) return undefined;
    all.push(...literal(text, foldCase));
  }
  return all;
}

/** Returns the places of a pattern of ARNs, whose first five fields match without colons; undefined if it matches nothing. */
export function arnPlaces({ whole, fields }: ArnPattern, valueOf: ValueOf): readonly Place[] | undefined {
  if (whole.source === '*') return [{ isStar: true }];
  if (fields === undefined) return undefined;
  const [scheme, ...others] = fields;
  if (!matchesTokens(scheme!.tokens as readonly ResolvedToken[], 'arn')) return undefined;
  const tokens = others.flatMap(({ tokens: field }) => [':', ...field]);
  return places(['arn', ...tokens], valueOf, { isArn: true });
}

/** Returns the operator without its set and `IfExists`. */
export const operatorOf = ({ operator }: Condition): string =>
  operator.replace(/^For\w+:/, '').replace(/IfExists$/, '');

export const isFolded = (condition: Condition): boolean => /IgnoreCase$|^Bool/.test(operatorOf(condition));

const automata = new Map<string, Automaton>();

/** Returns the automaton of a pattern. The last ones are kept, because comparisons of one program repeat patterns. */
export function automatonOf(all: readonly Place[]): Automaton {
  let key = '';
  for (const { character, foldCase = false, isStar = false, except = '', among = '' } of all)
    key +=
      character === undefined
        ? `\0${isStar ? '*' : '?'}${except}\0${among}\0`
        : foldCase
          ? `\x01${character}`
          : character;
  let known = automata.get(key);
  if (known === undefined) {
    if (automata.size > 2_000) automata.clear();
    automata.set(key, (known = new Automaton(all)));
  }
  return known;
}

export const WHOLE: readonly Place[] = [{ isStar: true }];
export const NOT_EMPTY: readonly Place[] = [{}, { isStar: true }];

/** Splits a pattern around the first place of a variable. */
export function around(
  tokens: readonly Token[],
  key: string,
): { readonly pre: readonly Token[]; readonly post: readonly Token[] } | undefined {
  const at = tokens.findIndex((token) => isVariable(token) && token.key.lowerCase === key);
  return at < 0 ? undefined : { pre: tokens.slice(0, at), post: tokens.slice(at + 1) };
}

/** Whether a wildcard or a second use of the variable makes the use too general to decide. */
export function isBesideWildcard({ pre, post }: NonNullable<ReturnType<typeof around>>, key: string): boolean {
  const again = post.some((token) => isVariable(token) && token.key.lowerCase === key);
  const segment = (side: readonly Token[], from: 'start' | 'end'): boolean => {
    const ordered = from === 'start' ? side : [...side].reverse();
    for (const token of ordered) {
      if (typeof token === 'symbol') return true;
      if (isVariable(token)) return true;
      if (/[/:]/.test(token)) return false;
    }
    return false;
  };
  return again || segment(pre, 'end') || segment(post, 'start');
}

/** Returns the literal text with which a pattern goes on. */
export const firstText = (tokens: readonly Token[]): string => (typeof tokens[0] === 'string' ? tokens[0] : '');
