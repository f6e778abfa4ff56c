import { ANY_CHARACTER, STAR, type ResolvedToken } from './pattern.ts';

/** A place of a pattern: a character, or a wildcard. In a field of an ARN, wildcards do not match colons. */
type Place = { readonly character?: string; readonly isStar?: boolean; readonly isInField?: boolean };

/** Texts that match the same patterns. */
export interface Part {
  /** The shortest of the texts. */
  readonly example: string;
  /** For each pattern, whether the texts match it. */
  readonly matches: readonly boolean[];
}

/** Limit of states, far above those of real policies. */
const STATES = 4_000;
/** Stand for every character that no pattern names. */
const OTHERS = [...'xyzabcdefghijklmnopqrstuvwXYZ0123456789_-~'];

/**
 * Divides the texts that match a pattern by the other patterns that they match. Follows the patterns' automata side by side, so that each
 * part is found, with its shortest text. Returns undefined if there are too many states.
 */
export function partsOf(
  asked: readonly ResolvedToken[],
  patterns: readonly (readonly ResolvedToken[])[],
): readonly Part[] | undefined {
  const all = [asked, ...patterns].map(placesOf);
  const characters = new Set(all.flatMap((places) => places.flatMap(({ character }) => character ?? [])));
  const other = OTHERS.find((one) => !characters.has(one)) ?? '\u{fffd}';
  const parts = new Map<string, Part>();
  const start = all.map((places) => closure(places, [0]));
  const seen = new Set([start.join('|')]);
  for (const queue = [{ states: start, text: '' }]; queue.length > 0;) {
    const { states, text } = queue.shift()!;
    const isEnd = states.map((state, index) => state.includes(all[index]!.length));
    const vector = isEnd.slice(1).join();
    if (isEnd[0] === true && !parts.has(vector)) parts.set(vector, { example: text, matches: isEnd.slice(1) });
    const named = states.flatMap((state, index) => state.flatMap((at) => all[index]![at]?.character ?? []));
    const next = new Set([other, ...named, ':', '/']);
    for (const character of next) {
      const after = states.map((state, index) => step(all[index]!, state, character));
      if (after[0]!.length === 0 || seen.has(after.join('|'))) continue;
      seen.add(after.join('|'));
      queue.push({ states: after, text: text + character });
    }
    if (seen.size > STATES) return undefined;
  }
  return [...parts.values()];
}

function placesOf(tokens: readonly ResolvedToken[]): readonly Place[] {
  const isWhole = tokens.length === 1 && tokens[0] === STAR;
  let colons = isWhole || !startsArn(tokens) ? Infinity : 0;
  return tokens.flatMap((token): Place | Place[] => {
    const isInField = colons < 5;
    if (token === STAR) return { isStar: true, isInField };
    if (token === ANY_CHARACTER) return { isInField };
    return [...token].map((character) => {
      if (character === ':') colons += 1;
      return { character };
    });
  });
}

/** Only resources are ARNs. Other patterns have no fields. */
const startsArn = ([first]: readonly ResolvedToken[]): boolean => typeof first === 'string' && first.startsWith('arn:');

/** Adds the places after a `*`, which may match nothing. */
function closure(places: readonly Place[], state: readonly number[]): readonly number[] {
  const all = new Set(state);
  for (const at of all) if (places[at]?.isStar) all.add(at + 1);
  return [...all].sort((a, b) => a - b);
}

function step(places: readonly Place[], state: readonly number[], character: string): readonly number[] {
  const next = state.flatMap((at) => {
    const place = places[at];
    if (place === undefined || (place.character ?? character) !== character) return [];
    if (place.character === undefined && place.isInField && character === ':') return [];
    return place.isStar ? at : at + 1;
  });
  return closure(places, [...new Set(next)]);
}
