/** Writes docs/guesses.md from the table of guesses (`npm run guesses`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { GUESSES, type Guess } from '../harness/record/guesses.ts';

export const PAGE = fileURLToPath(new URL('../docs/guesses.md', import.meta.url));

/** The page, formatted. */
export function guessesPage(): Promise<string> {
  const [settled, byHand] = [GUESSES.filter(({ scenario }) => scenario), GUESSES.filter(({ scenario }) => !scenario)];
  const table = (guesses: readonly Guess[], head: string, settles: (guess: Guess) => string): string =>
    [
      `| id | the emulator's guess | ${head} | what changes if AWS answers otherwise |`,
      '| --- | --- | --- | --- |',
      ...guesses.map((guess) => `| ${guess.id} | ${guess.guess} | ${settles(guess)} | ${guess.otherwise} |`),
    ].join('\n');
  return format(
    `# What only AWS can settle

Where AWS's documentation is silent, or does not say it exactly, the emulator guesses
([emulator.md](emulator.md#decisions-where-aws-is-silent)); so do some expectations of scenarios. No run on AWS has been made.
Each guess has an id here, which is never given to another. \`npm run guesses\` writes this page from
\`harness/record/guesses.json\`; [first-run.md](first-run.md) says how to turn guesses into facts.

Where AWS answers as guessed, the guess leaves this list, the recording becomes its source, and a scenario that leaves
several codes open asks for that one from then on.

## By a run

\`--record FILE\` writes what AWS answered at these places, and \`npm run replay -- FILE\` compares it with the emulator.
Outcome, layer, code and status count; the wording of messages is recorded, and counts where the guess is about it.

${table(settled, 'settled by', ({ scenario, probe }) => `${scenario}, probe ${probe}`)}

## By hand

No scenario settles these.

${table(byHand, 'what to do', ({ byHand: what }) => what ?? '')}
`,
    { filepath: PAGE, printWidth: 120 },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await guessesPage());
