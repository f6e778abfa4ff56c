/** A place of a pattern: a character, or a wildcard. */
export interface Place {
  readonly character?: string;
  /** Whether the character also matches in the other case (ASCII). */
  readonly foldCase?: boolean;
  readonly isStar?: boolean;
  /** Characters that the wildcard does not match. */
  readonly except?: string;
  /** The only characters that the wildcard matches. */
  readonly among?: string;
}

/** Returns a character in both cases. Only ASCII letters have another case here. */
const bothCases = (character: string): readonly string[] =>
  /^[A-Za-z]$/.test(character) ? [character.toLowerCase(), character.toUpperCase()] : [character];

const accepts = ({ character, foldCase = false, except = '', among }: Place, read: string): boolean =>
  character === undefined
    ? !except.includes(read) && (among === undefined || among.includes(read))
    : character === read || (foldCase && bothCases(character).includes(read));

let lastId = 0;

/** The deterministic automaton of a pattern, whose states are made when they are reached. */
export class Automaton {
  /** Distinguishes automata. */
  readonly id = (lastId += 1);
  readonly start: number;
  /** All characters that the pattern names. */
  readonly characters: ReadonlySet<string>;
  readonly #places: readonly Place[];
  readonly #states: { readonly at: readonly number[]; readonly named: readonly string[] }[] = [];
  readonly #next: Map<string, number>[] = [];
  readonly #ids = new Map<string, number>();

  constructor(places: readonly Place[]) {
    this.#places = places;
    this.characters = new Set(places.flatMap(namedBy));
    this.start = this.#state([0]);
  }

  isEnd(state: number): boolean {
    return this.#states[state]!.at.includes(this.#places.length);
  }

  isDead(state: number): boolean {
    return this.#states[state]!.at.length === 0;
  }

  named(state: number): readonly string[] {
    return this.#states[state]!.named;
  }

  step(state: number, character: string): number {
    const known = this.#next[state]!.get(character);
    if (known !== undefined) return known;
    const after = this.#states[state]!.at.flatMap((at) => {
      const place = this.#places[at];
      if (place === undefined || !accepts(place, character)) return [];
      return place.isStar ? at : at + 1;
    });
    const next = this.#state(after);
    this.#next[state]!.set(character, next);
    return next;
  }

  read(text: string, from = this.start): number {
    return [...text].reduce((state, character) => this.step(state, character), from);
  }

  /** Returns the state of these places. Includes the place after each `*`, because `*` may match nothing. */
  #state(places: readonly number[]): number {
    const all = new Set(places);
    for (const at of all) if (this.#places[at]?.isStar) all.add(at + 1);
    const at = [...all].sort((a, b) => a - b);
    const key = at.join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#ids.set(key, id);
    this.#next.push(new Map());
    this.#states.push({ at, named: at.flatMap((one) => namedBy(this.#places[one] ?? {})) });
    return id;
  }
}

const automata = new Map<string, Automaton>();

/** Returns the automaton of a pattern. The last ones are kept, because comparisons of one program repeat patterns. */
export function automatonOf(all: readonly Place[]): Automaton {
  let key = '';
  for (const { character, foldCase = false, isStar = false, except = '', among = '' } of all)
    key +=
      character === undefined
        ? `\0${isStar ? '*' : '?'}${except}\0${among}\0`
        : foldCase
          ? `\x01${character}`
          : character;
  let automaton = automata.get(key);
  if (automaton === undefined) {
    if (automata.size > 2_000) automata.clear();
    automata.set(key, (automaton = new Automaton(all)));
  }
  return automaton;
}

const namedBy = ({ character, foldCase = false, except = '', among = '' }: Place): readonly string[] =>
  character === undefined ? [...except, ...among] : foldCase ? bothCases(character) : [character];

/** Limit of combined states, far above those of real policies. */
const STATES = 4_000;
/** These represent every character that no pattern contains. */
const OTHERS = [...'xyzabcdefghijklmnopqrstuvwXYZ0123456789_-~'];

interface Combined {
  readonly states: readonly number[];
  /** The shortest text that leads to these states. */
  readonly text: string;
}

/**
 * Follows automata side by side, from the given states, as long as the first one can still match. Returns each combination of states
 * with its shortest text. Returns undefined if there are too many.
 */
export function combinations(
  automata: readonly Automaton[],
  starts = automata.map(({ start }) => start),
): readonly Combined[] | undefined {
  const other = OTHERS.find((one) => automata.every(({ characters }) => !characters.has(one))) ?? '\u{fffd}';
  const queue: Combined[] = [{ states: starts, text: '' }];
  const seen = new Set([starts.join()]);
  for (const { states, text } of queue) {
    const next = new Set([other]);
    for (const [index, state] of states.entries())
      for (const character of automata[index]!.named(state)) next.add(character);
    for (const character of next) {
      const first = automata[0]!.step(states[0]!, character);
      if (automata[0]!.isDead(first)) continue;
      const after = [first];
      let key = String(first);
      for (let index = 1; index < automata.length; index += 1) {
        const state = automata[index]!.step(states[index]!, character);
        after.push(state);
        key += `,${state}`;
      }
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ states: after, text: text + character });
    }
    if (seen.size > STATES) return undefined;
  }
  return queue;
}

/** Texts that match the same patterns. */
export interface Part {
  /** The shortest of the texts. */
  readonly example: string;
  /** Whether the texts match, for each pattern. */
  readonly matches: readonly boolean[];
}

const divisions = new Map<string, readonly Part[] | undefined>();

/** Divides the texts that match the first automaton by the others that they match. Returns undefined if there are too many states. */
export function divide(asked: Automaton, patterns: readonly Automaton[]): readonly Part[] | undefined {
  const key = [asked, ...patterns].map(({ id }) => id).join();
  if (divisions.has(key)) return divisions.get(key);
  const all = combinations([asked, ...patterns]);
  const parts = new Map<string, Part>();
  for (const { states, text } of all ?? []) {
    if (!asked.isEnd(states[0]!)) continue;
    const matches = patterns.map((automaton, index) => automaton.isEnd(states[index + 1]!));
    const vector = matches.join();
    if (!parts.has(vector)) parts.set(vector, { example: text, matches });
  }
  if (divisions.size > 2_000) divisions.clear();
  divisions.set(key, all && [...parts.values()]);
  return divisions.get(key);
}
