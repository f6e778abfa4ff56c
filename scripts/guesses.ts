/** Writes the tables of docs/guesses.md (`npm run guesses`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GUESSES, type Guess } from '../harness/record/guesses.ts';
import { table, withTables } from './tables.ts';

export const PAGE = fileURLToPath(new URL('../docs/guesses.md', import.meta.url));

/** Returns the page: guesses that a run can settle, then those that need a manual check. */
export function guessesPage(): Promise<string> {
  const tableOf = (isMeant: (guess: Guess) => boolean, head: string, settles: (guess: Guess) => string): string =>
    table(
      ['id', "the emulator's guess", head, 'what changes if AWS answers otherwise'],
      GUESSES.filter(isMeant).map((guess) => [guess.id, guess.guess, settles(guess), guess.otherwise]),
    );
  return withTables(PAGE, [
    tableOf(
      ({ byHand }) => byHand === undefined,
      'settled by',
      (one) => `${one.scenario}, probe ${one.probe}`,
    ),
    tableOf(
      ({ byHand }) => byHand !== undefined,
      'what to do',
      ({ byHand = '' }) => byHand,
    ),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await guessesPage());
