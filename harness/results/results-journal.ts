import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../foundation/node/errors.ts';
import { summarize, type RunResults, type ScenarioResult } from './results.ts';

/** A run's results so far, in its report folder until results.json is written. */
export const JOURNAL_FILE = 'results.jsonl';

type Whole = Omit<RunResults, 'scenarios'>;

/** Stores each result at once, so that a killed run loses none: JSON lines, the run's first. */
export class ResultsJournal {
  readonly #file: string;
  #begun = false;

  constructor(directory: string) {
    this.#file = join(directory, JOURNAL_FILE);
    // A file of an earlier run in the same folder.
    this.close();
  }

  /** Adds a result. `whole` returns the results so far, to begin the journal. Throws Node's Error. */
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

/** Turns the journal of a killed run into the form of results.json. Throws SyntaxError for anything else. */
export function resultsOfJournal(text: string): object {
  const [first = '', ...lines] = text.split('\n');
  const whole = JSON.parse(first) as Whole;
  const last = lines.pop();
  // A truncated line is ignored.
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
