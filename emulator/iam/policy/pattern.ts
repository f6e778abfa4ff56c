import { contextKey, type ContextKey } from './context-key.ts';

/** `*`: any number of characters. */
export const STAR: unique symbol = Symbol('*');
/** `?`: any one character. */
export const ANY_CHARACTER: unique symbol = Symbol('?');

/** `${key}` or `${key, 'default'}`. */
interface PolicyVariable {
  readonly key: ContextKey;
  readonly defaultValue: string | undefined;
}

/** What remains when variables have been replaced: literal text and wildcards. */
export type ResolvedToken = string | typeof STAR | typeof ANY_CHARACTER;
export type Token = ResolvedToken | PolicyVariable;

/** Where the values of policy variables come from. */
export interface VariableSource {
  /** The value of a single-valued context key; undefined when it is absent or has several values. */
  variable(key: ContextKey): string | undefined;
}

interface PatternSyntax {
  /** `*` and `?` are wildcards. */
  readonly wildcards: boolean;
  /** `${…}` are policy variables: only in documents of Version 2012-10-17. */
  readonly variables: boolean;
}

/** A text with wildcards and policy variables, compiled so that the common forms need no search. */
export interface Pattern {
  readonly source: string;
  readonly tokens: readonly Token[];
  readonly form: 'anything' | 'exact' | 'prefix' | 'glob' | 'variable';
  /** The literal text of the forms `exact` and `prefix`. */
  readonly text: string;
}

// `${*}`, `${?}` and `${$}` stand for the character itself; else a key and, after a comma, a default in single quotes.
const VARIABLE = /\$\{(?:([*?$])|\s*([^,}']*?)\s*(?:,\s*'([^']*)'\s*)?)\}/y;

/** Splits a text of a policy into literals, wildcards and variables. A `${` that begins no variable is literal. */
export function tokenize(source: string, syntax: PatternSyntax): Token[] {
  const tokens: Token[] = [];
  let literal = '';
  const push = (token: Token): void => {
    if (literal !== '') tokens.push(literal);
    literal = '';
    tokens.push(token);
  };
  for (let at = 0; at < source.length;) {
    const character = source.charAt(at);
    if (syntax.variables && character === '$') {
      VARIABLE.lastIndex = at;
      const found = VARIABLE.exec(source);
      if (found) {
        if (found[1] !== undefined) literal += found[1];
        else push({ key: contextKey(found[2] ?? ''), defaultValue: found[3] });
        at += found[0].length;
        continue;
      }
    }
    if (syntax.wildcards && character === '*') push(STAR);
    else if (syntax.wildcards && character === '?') push(ANY_CHARACTER);
    else literal += character;
    at += 1;
  }
  if (literal !== '') tokens.push(literal);
  return tokens;
}

export function compilePattern(source: string, syntax: PatternSyntax): Pattern {
  return patternOf(source, tokenize(source, syntax));
}

/** The pattern of tokens that were cut out of a longer text. */
export function patternOf(source: string, tokens: readonly Token[]): Pattern {
  const [first, second] = tokens;
  const literal = typeof first === 'string' ? first : '';
  const form = tokens.some(isVariable)
    ? 'variable'
    : tokens.length === 0 || (tokens.length === 1 && literal !== '')
      ? 'exact'
      : tokens.length === 1 && first === STAR
        ? 'anything'
        : tokens.length === 2 && literal !== '' && second === STAR
          ? 'prefix'
          : 'glob';
  return { source, tokens, form, text: literal };
}

export function isVariable(token: Token): token is PolicyVariable {
  return typeof token === 'object';
}

/**
 * Replaces the variables by their values, which are literal: a tag value `*` is no wildcard.
 * Undefined when a variable has neither value nor default: then nothing is equal or like the text
 * (IAM User Guide, "Policy variables with no value").
 */
export function resolveVariables(tokens: readonly Token[], source: VariableSource): ResolvedToken[] | undefined {
  const resolved: ResolvedToken[] = [];
  for (const token of tokens) {
    if (!isVariable(token)) {
      resolved.push(token);
      continue;
    }
    const value = source.variable(token.key) ?? token.defaultValue;
    if (value === undefined) return undefined;
    resolved.push(value);
  }
  return resolved;
}

export function matchesPattern(pattern: Pattern, value: string, variables: VariableSource): boolean {
  switch (pattern.form) {
    case 'anything':
      return true;
    case 'exact':
      return value === pattern.text;
    case 'prefix':
      return value.startsWith(pattern.text);
    case 'glob':
      return matchesTokens(pattern.tokens as readonly ResolvedToken[], value);
    case 'variable': {
      const resolved = resolveVariables(pattern.tokens, variables);
      return resolved !== undefined && matchesTokens(resolved, value);
    }
  }
}

/** Matches without recursion: only the last `*` is ever tried again, so no pattern takes more than quadratic time. */
export function matchesTokens(tokens: readonly ResolvedToken[], text: string): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  for (;;) {
    const current = tokens[token];
    if (current === undefined) {
      if (at === text.length) return true;
    } else if (current === STAR) {
      star = token;
      starAt = at;
      token += 1;
      if (token === tokens.length) return true;
      continue;
    } else if (current === ANY_CHARACTER) {
      if (at < text.length) {
        // A character outside the basic plane is one character, though JavaScript counts two.
        at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
        token += 1;
        continue;
      }
    } else if (text.startsWith(current, at)) {
      at += current.length;
      token += 1;
      continue;
    }
    if (star < 0 || starAt >= text.length) return false;
    starAt += 1;
    at = starAt;
    token = star + 1;
  }
}

/** The pattern as a reader wants it in an explanation: variables by their values, as written where they have none. */
export function describePattern(pattern: Pattern, variables: VariableSource): string {
  if (pattern.form !== 'variable') return pattern.source;
  return pattern.tokens
    .map((token) => {
      if (isVariable(token)) return variables.variable(token.key) ?? token.defaultValue ?? `\${${token.key.name}}`;
      return typeof token === 'string' ? token : token === STAR ? '*' : '?';
    })
    .join('');
}
