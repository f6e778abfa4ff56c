import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../foundation/node/errors.ts';
import { summarize, type RunResults, type ScenarioResult } from './results.ts';

/** The file in the report folder with a run's results so far, until results.json is written. */
export const JOURNAL_FILE = 'results.jsonl';

type Whole = Omit<RunResults, 'scenarios'>;

/** Stores each result at once as JSON lines, so that a killed run loses none. The first line describes the run. */
export class ResultsJournal {
  readonly #file: string;
  #begun = false;

  constructor(directory: string) {
    this.#file = join(directory, JOURNAL_FILE);
    // Deletes the file of an earlier run in the same folder.
    this.close();
  }

  /** Adds a result. `whole` returns the results so far, for the first lines of the journal. Throws Node's Error. */
  add(result: ScenarioResult, whole: () => RunResults): void {
    if (this.#begun) return appendFileSync(this.#file, lineOf(result));
    const { scenarios, ...rest } = whole();
    writeFileSync(this.#file, [rest, ...scenarios].map(lineOf).join(''));
    this.#begun = true;
  }

  close(): void {
    rmSync(this.#file, { force: true });
    this.#begun = false;
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;

export const resultsFileIn = (directory: string): string =>
  [JOURNAL_FILE, 'results.json'].map((name) => join(directory, name)).find((file) => existsSync(file)) ??
  join(directory, 'results.json');

/** Converts the journal of a killed run to the form of results.json. Throws SyntaxError for other texts. */
export function resultsOfJournal(text: string): object {
  const [first = '', ...lines] = text.split('\n');
  const whole = JSON.parse(first) as Whole;
  const last = lines.pop();
  // Ignores a truncated line.
  const results = lines.map((line) => JSON.parse(line) as ScenarioResult);
  if (last === undefined) throw new SyntaxError('the first line is incomplete');
  const scenarios = [...new Map(results.map((result) => [result.id, result])).values()];
  const error = `The run did not finish: it was killed, or is still running. These are its first ${scenarios.length} results.`;
  return {
    ...whole,
    run: { ...whole.run, exitCode: EXIT.environment, error, interrupted: true },
    scenarios,
    summary: summarize(scenarios),
  };
}
