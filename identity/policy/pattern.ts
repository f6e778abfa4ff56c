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

export type ResolvedToken = string | typeof STAR | typeof ANY_CHARACTER;
export type Token = ResolvedToken | PolicyVariable;

export interface VariableSource {
  /** Returns undefined if the key is absent or has several values. */
  variable(key: ContextKey): string | undefined;
}

interface PatternSyntax {
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;
  /** Whether `${…}` are policy variables, which needs Version 2012-10-17. */
  readonly variables: boolean;
}

export interface Pattern {
  readonly source: string;
  readonly tokens: readonly Token[];
}

const PARTS = /[*?]|[^*?]+/g;
// `${*}`, `${?}` and `${$}` are literal characters. Others have a key and optionally a default in single quotes.
const PARTS_AND_VARIABLES = /\$\{(?:([*?$])|\s*([^,}']*?)\s*(?:,\s*'([^']*)'\s*)?)\}|[*?$]|[^*?$]+/g;

/** Splits a text into literals, wildcards and variables. An invalid `${` is literal. */
export function tokenize(source: string, { wildcards, variables }: PatternSyntax): Token[] {
  const parts = source.matchAll(variables ? PARTS_AND_VARIABLES : PARTS);
  return Array.from(parts, ([text, itself, key, defaultValue]) => {
    if (key !== undefined) return { key: contextKey(key), defaultValue };
    if (wildcards && text === '*') return STAR;
    if (wildcards && text === '?') return ANY_CHARACTER;
    return itself ?? text;
  });
}

export function compilePattern(source: string, syntax: PatternSyntax): Pattern {
  return { source, tokens: tokenize(source, syntax) };
}

export function isVariable(token: Token): token is PolicyVariable {
  return typeof token === 'object';
}

/**
 * Replaces variables by literal values; a `*` in a tag value is not a wildcard. Returns undefined if a variable has
 * neither value nor default, in which case nothing matches (IAM User Guide, "Policy variables with no value").
 */
export function resolveVariables(
  tokens: readonly Token[],
  source: VariableSource,
): readonly ResolvedToken[] | undefined {
  if (!tokens.some(isVariable)) return tokens as readonly ResolvedToken[];
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

export function matchesPattern({ tokens }: Pattern, value: string, variables: VariableSource): boolean {
  const resolved = resolveVariables(tokens, variables);
  return resolved !== undefined && matchesTokens(resolved, value);
}

/** Not recursive: it retries only the last `*`, so the time is at most quadratic. */
export function matchesTokens(tokens: readonly ResolvedToken[], text: string): boolean {
  let token = 0;
  let at = 0;
  let afterStar = 0;
  /** The end of the text that the last `*` matches. */
  let starEnd = Infinity;
  for (;;) {
    const current = tokens[token];
    if (current === STAR) {
      starEnd = at;
      token += 1;
      afterStar = token;
      continue;
    }
    if (current === undefined && at === text.length) return true;
    const length = matchedLength(current, text, at);
    if (length !== undefined) {
      at += length;
      token += 1;
      continue;
    }
    if (starEnd >= text.length) return false;
    starEnd += 1;
    at = starEnd;
    token = afterStar;
  }
}

/** Returns the matched length for a literal or `?`, or undefined if it does not match. */
function matchedLength(token: string | typeof ANY_CHARACTER | undefined, text: string, at: number): number | undefined {
  if (typeof token === 'string') return text.startsWith(token, at) ? token.length : undefined;
  // A character outside the basic plane has two UTF-16 units.
  const character = token === ANY_CHARACTER ? text.codePointAt(at) : undefined;
  return character === undefined ? undefined : String.fromCodePoint(character).length;
}
