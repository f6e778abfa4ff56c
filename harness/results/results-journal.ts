import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../foundation/node/errors.ts';
import { summarize, type RunResults, type ScenarioResult } from './results.ts';

/** What a run came to so far, in its report folder: there until results.json is. */
export const JOURNAL_FILE = 'results.jsonl';

type Whole = Omit<RunResults, 'scenarios'>;

/** Keeps each result on disk from when it is known, so that a run that is killed loses none: JSON lines, of the run first. */
export class ResultsJournal {
  readonly #file: string;
  #begun = false;

  constructor(directory: string) {
    this.#file = join(directory, JOURNAL_FILE);
    // Of an earlier run in the same folder.
    this.close();
  }

  /**
   * Adds a result. `whole` gives the results so far, by which the journal begins.
   *
   * @throws Error of Node when it cannot be written
   */
  add(result: ScenarioResult, whole: () => RunResults): void {
    if (this.#begun) return appendFileSync(this.#file, lineOf(result));
    const { scenarios, ...rest } = whole();
    writeFileSync(this.#file, [rest, ...scenarios].map(lineOf).join(''));
    this.#begun = true;
  }

  /** Removes it: all of it stands in results.json. */
  close(): void {
    rmSync(this.#file, { force: true });
    this.#begun = false;
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;

/** The file of a report folder that has its newest results. */
export const resultsFileIn = (directory: string): string =>
  [JOURNAL_FILE, 'results.json'].map((name) => join(directory, name)).find((file) => existsSync(file)) ??
  join(directory, 'results.json');

/** The results of a run that left its journal, in the form of results.json. Throws SyntaxError when it is none. */
export function resultsOfJournal(text: string): object {
  const [first = '', ...lines] = text.split('\n');
  const whole = JSON.parse(first) as Whole;
  const last = lines.pop();
  // Of a line that was cut off nothing is known.
  const results = lines.map((line) => JSON.parse(line) as ScenarioResult);
  if (last === undefined) throw new SyntaxError('the first line is cut off');
  const scenarios = [...new Map(results.map((result) => [result.id, result])).values()];
  const error = `The run did not come to its end: it was killed, or goes on. These are the ${scenarios.length} results that it had by then.`;
  return {
    ...whole,
    run: { ...whole.run, exitCode: EXIT.environment, error, interrupted: true },
    scenarios,
    summary: summarize(scenarios),
  };
}
