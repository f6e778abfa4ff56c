import { nearest } from '../../foundation/node/nearest.ts';
import { keysInPlaceOf } from './condition-keys.ts';
import type { ContextKey } from './context-key.ts';
import { isVariable, STAR, type Pattern, type VariableSource } from './pattern.ts';
import type { EvaluationRequest } from './request.ts';

/** Further values are only counted. */
const MOST_VALUES = 3;

export const quoted = (values: readonly string[]): string => values.map((value) => JSON.stringify(value)).join(' or ');

export function listed(values: readonly string[], none = 'none'): string {
  if (values.length === 0) return none;
  const more = values.length - MOST_VALUES;
  return quoted(values.slice(0, MOST_VALUES)) + (more > 0 ? ` (and ${more} more)` : '');
}

/** Renders a pattern with the values of its variables. A variable without a value is rendered as its name. */
export function describePattern({ source, tokens }: Pattern, variables: VariableSource): string {
  if (!tokens.some(isVariable)) return source;
  return tokens
    .map((token) => {
      if (isVariable(token)) return variables.variable(token.key) ?? token.defaultValue ?? `\${${token.key.name}}`;
      return typeof token === 'string' ? token : token === STAR ? '*' : '?';
    })
    .join('');
}

/** Lists variables without a value, in parentheses. */
export function valueless(patterns: readonly Pattern[], request: EvaluationRequest): string {
  const keys = new Map<string, ContextKey>();
  for (const token of patterns.flatMap(({ tokens }) => tokens))
    if (isVariable(token) && token.defaultValue === undefined && request.variable(token.key) === undefined)
      keys.set(token.key.lowerCase, token.key);
  const reasons = [...keys.values()].map((key) => {
    if (request.values(key) !== undefined) return `\${${key.name}} has several values`;
    const hint = without(key, request);
    return `\${${key.name}} has no value${hint && `; ${hint}`}`;
  });
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}

/** The missing tags' owner, by the key's prefix. */
const TAGS: Readonly<Record<string, string>> = {
  'aws:principaltag': 'the session has no tags',
  'aws:requesttag': 'the request passes no tags',
  'aws:resourcetag': 'the resource has no tags',
  'iam:resourcetag': 'the resource has no tags',
  's3:existingobjecttag': 'the object has no tags',
  's3:buckettag': 'the bucket has no tags',
};

/** Explains a missing key by the nearest existing tag, or by the absence of any. */
export function without(key: ContextKey, { input: { action }, contexts }: EvaluationRequest): string {
  const { name, lowerCase } = key;
  const others = keysInPlaceOf(key, action);
  if (others !== undefined) {
    const meant = nearest(name.replace(/\/.*/, '/'), others);
    return `requests of ${action} never have it${meant === undefined ? '' : `; nearest: ${meant}`}`;
  }
  const [family = ''] = lowerCase.split('/');
  if (TAGS[family] === undefined) return '';
  const all = contexts.flatMap((context) => Object.entries(context));
  const tags = all.filter(([key]) => key.toLowerCase().startsWith(`${family}/`));
  if (tags.length === 0) return TAGS[family];
  const near = nearest(
    name.slice(family.length + 1),
    tags.map(([key]) => key.slice(family.length + 1)),
  );
  const [meant, value] = tags.find(([key]) => key.slice(family.length + 1) === near) ?? [];
  return value === undefined ? '' : `nearest: ${meant}, ${quoted([value].flat())}`;
}
