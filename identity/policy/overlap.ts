import { automatonOf, divide, type Automaton, type Part, type Place } from './automaton.ts';
import { isVariable, STAR, type ANY_CHARACTER, type ResolvedToken, type Token } from './pattern.ts';

/**
 * Divides the texts that match a pattern by the other patterns that they match. Each part has its shortest text. Returns undefined if
 * there are too many states.
 */
export const partsOf = (
  pattern: readonly ResolvedToken[],
  others: readonly (readonly ResolvedToken[])[],
): readonly Part[] | undefined => {
  const compiled = (tokens: readonly ResolvedToken[], arn: PlaceOptions['arn']): Automaton =>
    automatonOf(places(tokens, () => undefined, startsArn(tokens) ? { arn } : {})!);
  return divide(
    compiled(pattern, 'fields'),
    others.map((tokens) => compiled(tokens, 'resource')),
  );
};

/** Returns the value of a key in lower case; undefined if it is absent or has several. */
export type ValueOf = (key: string) => string | undefined;

interface PlaceOptions {
  /** Whether letters also match in the other case. */
  readonly foldCase?: boolean;
  /**
   * `fields`: the first five fields match without colons. `resource`: as well, but a `*` that ends a field also matches colons (IAM
   * User Guide, "IAM JSON policy elements: Resource").
   */
  readonly arn?: 'fields' | 'resource' | undefined;
}

/** Returns the places of a pattern; undefined if it matches nothing. */
export function places(
  tokens: readonly Token[],
  valueOf: ValueOf,
  { foldCase = false, arn }: PlaceOptions = {},
): Place[] | undefined {
  const all: Place[] = [];
  let colons = arn === undefined ? Infinity : 0;
  for (const [index, token] of tokens.entries()) {
    const except = colons < 5 ? ':' : '';
    if (typeof token === 'symbol') {
      const next = tokens[index + 1] ?? ':';
      const endsField = token === STAR && typeof next === 'string' && next.startsWith(':');
      all.push(wildcard(token, arn === 'resource' && endsField ? '' : except));
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

const wildcard = (token: typeof STAR | typeof ANY_CHARACTER, except = ''): Place => ({
  isStar: token === STAR,
  except,
});

export const literal = (text: string, foldCase = false): readonly Place[] =>
  [...text].map((character) => ({ character, foldCase }));

/** Whether the text is an ARN. Only resources are; patterns of actions have no fields. */
const startsArn = ([first]: readonly ResolvedToken[]): boolean => typeof first === 'string' && first.startsWith('arn:');
