import { Automaton, divide, type Part, type Place } from './automaton.ts';
import { STAR, type ANY_CHARACTER, type ResolvedToken } from './pattern.ts';

/**
 * Divides the texts that match a pattern by the other patterns that they match. Each part has its shortest text. Returns undefined if
 * there are too many states.
 */
export const partsOf = (
  asked: readonly ResolvedToken[],
  patterns: readonly (readonly ResolvedToken[])[],
): readonly Part[] | undefined => {
  const [first, ...others] = [asked, ...patterns].map((tokens) => new Automaton(placesOf(tokens)));
  return divide(first!, others);
};

/** Divides a pattern into fields, if it is an ARN. Wildcards in a field do not match colons. */
function placesOf(tokens: readonly ResolvedToken[]): readonly Place[] {
  const isWhole = tokens.length === 1 && tokens[0] === STAR;
  let colons = isWhole || !startsArn(tokens) ? Infinity : 0;
  return tokens.flatMap((token): Place | readonly Place[] => {
    if (typeof token !== 'string') return wildcard(token, colons < 5 ? ':' : '');
    colons += token.split(':').length - 1;
    return literal(token);
  });
}

export const wildcard = (token: typeof STAR | typeof ANY_CHARACTER, except = ''): Place => ({
  isStar: token === STAR,
  except,
});

export const literal = (text: string, foldCase = false): readonly Place[] =>
  [...text].map((character) => ({ character, foldCase }));

/** Whether the text is an ARN. Only resources are; patterns of actions have no fields. */
const startsArn = ([first]: readonly ResolvedToken[]): boolean => typeof first === 'string' && first.startsWith('arn:');
