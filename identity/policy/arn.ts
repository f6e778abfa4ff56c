import { remembered } from '../../foundation/node/remembered.ts';
import { automatonOf, type Automaton } from './automaton.ts';
import { places, type ValueOf } from './overlap.ts';
import {
  isVariable,
  matchesPattern,
  matchesTokens,
  resolveVariables,
  STAR,
  tokenize,
  type Pattern,
  type Token,
  type VariableSource,
} from './pattern.ts';

/** `arn:partition:service:region:account:resource`; the resource may contain colons. */
const FIELDS = 6;

/** Returns the six fields, or undefined if there are fewer. */
export function splitArn(text: string): readonly string[] | undefined {
  return /^(arn):([^:]*):([^:]*):([^:]*):([^:]*):(.*)$/s.exec(text)?.slice(1);
}

/**
 * A pattern whose six fields are matched separately, so a wildcard does not cross a colon. `whole` is the pattern of a text
 * without six fields: `*` matches every ARN; a text with colons in variables is split once their values are known.
 */
export interface ArnPattern {
  readonly whole: Pattern;
  readonly fields: readonly Pattern[] | undefined;
}

export function compileArnPattern(source: string, syntax: { readonly variables: boolean }): ArnPattern {
  return arnPatternOf({ source, tokens: tokenize(source, { wildcards: true, variables: syntax.variables }) });
}

export function arnPatternOf({ source, tokens }: Pattern): ArnPattern {
  const fields = splitTokens(tokens);
  return {
    whole: { source, tokens },
    fields: fields.length === FIELDS ? fields.map((field) => ({ source, tokens: field })) : undefined,
  };
}

/** `arn` is undefined for a text that is not an ARN, which only `*` matches. */
export function matchesArn(
  { whole, fields }: ArnPattern,
  arn: readonly string[] | undefined,
  variables: VariableSource,
): boolean {
  if (whole.source === '*') return true;
  if (arn === undefined) return false;
  if (fields !== undefined) {
    // The resource is compared first, because it differs most often.
    const different = fields.findLast((field, index) => !matchesPattern(field, arn[index] as string, variables));
    return different === undefined;
  }
  const resolved = resolveVariables(whole.tokens, variables);
  if (resolved === undefined) return false;
  const split = splitTokens(resolved);
  return split.length === FIELDS && split.every((field, index) => matchesTokens(field, arn[index] as string));
}

/** Like `matchesArn`, for a `Resource`: a `*` that ends a field also matches colons (IAM User Guide, "IAM JSON policy elements: Resource"). */
export function matchesResource(
  pattern: ArnPattern,
  arn: readonly string[] | undefined,
  variables: VariableSource,
): boolean {
  if (matchesArn(pattern, arn, variables)) return true;
  const { whole, fields = [] } = pattern;
  const [first] = whole.tokens;
  const isOpen = fields.slice(0, -1).some(({ tokens }) => tokens.at(-1) === STAR);
  const text = isOpen ? (arn?.join(':') ?? '') : '';
  if (typeof first !== 'string' || !text.startsWith(first)) return false;
  const automaton = resourceAutomaton(pattern, (key) => variables.variable({ name: key, lowerCase: key }));
  return automaton?.isEnd(automaton.read(text)) === true;
}

const automata = new WeakMap<ArnPattern, Automaton | undefined>();

/** Returns the automaton of a `Resource`; undefined if it matches nothing. */
export function resourceAutomaton(pattern: ArnPattern, valueOf: ValueOf): Automaton | undefined {
  const { tokens } = pattern.whole;
  const make = (): Automaton | undefined => {
    const all = places(tokens, valueOf, { arn: 'resource' });
    return all && automatonOf(all);
  };
  return tokens.some(isVariable) ? make() : remembered(automata, pattern, make);
}

function splitTokens<T extends Token>(tokens: readonly T[]): (T | string)[][] {
  const parts = tokens.flatMap((token): (T | string)[] => (typeof token === 'string' ? token.split(/(:)/) : [token]));
  let current: (T | string)[] = [];
  const fields = [current];
  for (const part of parts) {
    if (part === ':' && fields.length < FIELDS) {
      current = [];
      fields.push(current);
    } else if (part !== '') current.push(part);
  }
  return fields;
}
