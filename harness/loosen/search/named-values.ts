import { textsOf, conditionsOf, statementsOf } from '../../policies/statement-document.ts';

/** What two versions of a policy name, with real names. */
export class NamedValues {
  readonly #documents: readonly object[];

  constructor(documents: readonly object[]) {
    this.#documents = documents;
  }

  /** Returns the values of the condition keys that match, with the part of the key in parentheses. */
  of(key: RegExp): readonly (readonly [value: string, part: string])[] {
    return this.#documents
      .flatMap((document) => statementsOf(document).flatMap((statement) => conditionsOf(statement)))
      .flatMap((place) => {
        const [found, part = ''] = key.exec(place.key) ?? [];
        return found === undefined ? [] : place.values.map((value) => [value, part] as const);
      });
  }

  get resources(): readonly string[] {
    return this.#documents.flatMap((document) =>
      statementsOf(document).flatMap(({ Resource, NotResource }) => [...textsOf(Resource), ...textsOf(NotResource)]),
    );
  }

  get actions(): readonly string[] {
    return this.#documents.flatMap((document) =>
      statementsOf(document).flatMap(({ Action, NotAction }) => [...textsOf(Action), ...textsOf(NotAction)]),
    );
  }

  mentions(text: RegExp): boolean {
    return this.#documents.some((document) => text.test(JSON.stringify(document)));
  }
}

/** Returns texts that a pattern matches, as `ledger-2` and `ledger` for `ledger*`. */
export const instances = (pattern: string): readonly string[] => {
  const plain = pattern.replaceAll('?', 'x');
  if (plain === '*') return ['other'];
  return [...new Set([plain.replace(/(?<=\w)\*/g, '-2').replaceAll('*', 'x'), plain.replaceAll('*', '')])];
};

/** Returns texts that are easily confused with one: a longer one, and one with another beginning. */
export const nearMisses = (text: string): readonly string[] => [`${text}-2`, `not-${text}`];

export const withNearMisses = (texts: readonly string[]): readonly string[] => [
  ...new Set([...texts, ...texts.flatMap(nearMisses)]),
];
