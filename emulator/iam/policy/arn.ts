import {
  compilePattern,
  matchesPattern,
  matchesTokens,
  patternOf,
  resolveVariables,
  tokenize,
  type Pattern,
  type Token,
  type VariableSource,
} from './pattern.ts';

/** `arn:partition:service:region:account:resource`; the resource keeps its colons. */
const FIELDS = 6;

/** The six fields of an ARN; undefined when the text is none. */
export function splitArn(text: string): readonly string[] | undefined {
  if (!text.startsWith('arn:')) return undefined;
  const fields: string[] = [];
  let from = 0;
  while (fields.length < FIELDS - 1) {
    const colon = text.indexOf(':', from);
    if (colon < 0) return undefined;
    fields.push(text.slice(from, colon));
    from = colon + 1;
  }
  fields.push(text.slice(from));
  return fields;
}

/**
 * An ARN with wildcards and variables. Each of the six fields is matched apart, so that no wildcard reaches over a colon
 * into the next field. A text without six fields is `whole`: `*` matches every ARN; one that gets its colons from a
 * variable's value is split when that is known.
 */
export interface ArnPattern {
  readonly source: string;
  readonly whole: Pattern;
  readonly fields: readonly Pattern[] | undefined;
}

export function compileArnPattern(source: string, syntax: { readonly variables: boolean }): ArnPattern {
  const tokens = tokenize(source, { wildcards: true, variables: syntax.variables });
  const fields = splitTokens(tokens);
  return {
    source,
    whole: compilePattern(source, { wildcards: true, variables: syntax.variables }),
    fields: fields.length === FIELDS ? fields.map((field) => patternOf(source, field)) : undefined,
  };
}

/** `arn` are the fields of the ARN, undefined for a text that is none: that only the pattern `*` matches. */
export function matchesArn(
  pattern: ArnPattern,
  arn: readonly string[] | undefined,
  variables: VariableSource,
): boolean {
  if (pattern.whole.form === 'anything') return true;
  if (arn === undefined) return false;
  const { fields } = pattern;
  if (fields !== undefined) {
    // The resource differs most often: looking at it first answers most questions.
    for (let index = FIELDS - 1; index >= 0; index -= 1) {
      if (!matchesPattern(fields[index] as Pattern, arn[index] as string, variables)) return false;
    }
    return true;
  }
  const resolved = resolveVariables(pattern.whole.tokens, variables);
  if (resolved === undefined) return false;
  const split = splitTokens(resolved);
  return split.length === FIELDS && split.every((field, index) => matchesTokens(field, arn[index] as string));
}

function splitTokens<T extends Token>(tokens: readonly T[]): (T | string)[][] {
  let current: (T | string)[] = [];
  const fields = [current];
  for (const token of tokens) {
    if (typeof token !== 'string') {
      current.push(token);
      continue;
    }
    let rest: string = token;
    while (fields.length < FIELDS) {
      const colon = rest.indexOf(':');
      if (colon < 0) break;
      if (colon > 0) current.push(rest.slice(0, colon));
      current = [];
      fields.push(current);
      rest = rest.slice(colon + 1);
    }
    if (rest !== '') current.push(rest);
  }
  return fields;
}
