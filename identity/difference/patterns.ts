import type { ArnPattern } from '../policy/arn.ts';
import type { Place } from '../policy/automaton.ts';
import type { Condition } from '../policy/conditions/condition.ts';
import { literal, places, type ValueOf } from '../policy/overlap.ts';
import { isVariable, matchesTokens, type ResolvedToken, type Token } from '../policy/pattern.ts';

/** Returns the places of a condition's ARN, whose first five fields match without colons; undefined if it matches nothing. */
export function arnPlaces({ whole, fields }: ArnPattern, valueOf: ValueOf): readonly Place[] | undefined {
  if (whole.source === '*') return [{ isStar: true }];
  if (fields === undefined) return undefined;
  const [scheme, ...others] = fields;
  if (!matchesTokens(scheme!.tokens as readonly ResolvedToken[], 'arn')) return undefined;
  const tokens = others.flatMap(({ tokens: field }) => [':', ...field]);
  return places(['arn', ...tokens], valueOf, { arn: 'fields' });
}

/** Returns the operator without its set and `IfExists`. */
export const operatorOf = ({ operator }: Condition): string =>
  operator.replace(/^For\w+:/, '').replace(/IfExists$/, '');

export const isFolded = (condition: Condition): boolean => /IgnoreCase$|^Bool/.test(operatorOf(condition));

/** Joins literal texts and places. */
export const joined = (...parts: readonly (string | readonly Place[])[]): readonly Place[] =>
  parts.flatMap((one) => (typeof one === 'string' ? literal(one) : one));

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
