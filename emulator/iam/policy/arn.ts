import {
  matchesPattern,
  matchesTokens,
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
  return /^(arn):([^:]*):([^:]*):([^:]*):([^:]*):(.*)$/s.exec(text)?.slice(1);
}

/**
 * An ARN with wildcards and variables. Each of the six fields is matched apart, so that no wildcard reaches over a colon
 * into the next field. A text without six fields is `whole`: `*` matches every ARN; one that gets its colons from a
 * variable's value is split when that is known.
 */
export interface ArnPattern {
  readonly whole: Pattern;
  readonly fields: readonly Pattern[] | undefined;
}

export function compileArnPattern(source: string, syntax: { readonly variables: boolean }): ArnPattern {
  const tokens = tokenize(source, { wildcards: true, variables: syntax.variables });
  const fields = splitTokens(tokens);
  return {
    whole: { source, tokens },
    fields: fields.length === FIELDS ? fields.map((field) => ({ source, tokens: field })) : undefined,
  };
}

/** `arn` are the fields of the ARN, undefined for a text that is none: that only the pattern `*` matches. */
export function matchesArn(
  { whole, fields }: ArnPattern,
  arn: readonly string[] | undefined,
  variables: VariableSource,
): boolean {
  if (whole.source === '*') return true;
  if (arn === undefined) return false;
  if (fields !== undefined) {
    // The resource differs most often: looking at it first answers most questions.
    const different = fields.findLast((field, index) => !matchesPattern(field, arn[index] as string, variables));
    return different === undefined;
  }
  const resolved = resolveVariables(whole.tokens, variables);
  if (resolved === undefined) return false;
  const split = splitTokens(resolved);
  return split.length === FIELDS && split.every((field, index) => matchesTokens(field, arn[index] as string));
}

function splitTokens<T extends Token>(tokens: readonly T[]): (T | string)[][] {
  const parts = tokens.flatMap((token): (T | string)[] => (typeof token === 'string' ? token.split(/(:)/) : [token]));
  let current: (T | string)[] = [];
  const fields = [current];
  for (const part of parts) {
    if (part === ':' && fields.length < FIELDS) {
      current = [];
      fields.push(current);
    } else current.push(part);
  }
  return fields;
}
