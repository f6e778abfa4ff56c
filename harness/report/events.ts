import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Output, Reporter, ScenarioStart } from './reporter.ts';
import type { Phase, RunResults, ScenarioResult } from '../results/results.ts';

/** What a runner in a cluster tells on its log: a line each, numbered from 1, so that a log that is read again or has a gap is no riddle. */
export type RunnerEvent =
  | { readonly event: 'runStarted' }
  | { readonly event: 'phaseStarted'; readonly phase: Phase; readonly detail?: string }
  | { readonly event: 'note'; readonly line: string }
  | ({ readonly event: 'scenarioStarted' } & ScenarioStart)
  | { readonly event: 'scenarioOver'; readonly scenario: ScenarioResult }
  /** A file of the report folder: its path from there, and what it says. */
  | { readonly event: 'attachment'; readonly path: string; readonly text: string }
  | { readonly event: 'runOver'; readonly results: Omit<RunResults, 'scenarios'> };

/** What each line begins with: other lines of the log are of no event. */
const BEGINNING = '{"runner":';

/** Tells all that whoever follows the log needs to write the same reports. */
export function runnerReporter(stdout: Output): Reporter {
  let line = 0;
  let directory = '';
  const tell = (event: RunnerEvent): void =>
    void stdout.write(`${BEGINNING}${(line += 1)},${JSON.stringify(event).slice(1)}\n`);
  return {
    runStarted: (run) => {
      directory = run.directory;
      tell({ event: 'runStarted' });
    },
    phaseStarted: (phase, detail) => tell({ event: 'phaseStarted', phase, ...(detail !== undefined && { detail }) }),
    note: (text) => tell({ event: 'note', line: text }),
    scenarioStarted: ({ id, suite, title, file }) => tell({ event: 'scenarioStarted', id, suite, title, file }),
    scenarioOver: (scenario) => {
      for (const { path } of scenario.attachments)
        tell({ event: 'attachment', path, text: readFileSync(join(directory, path), 'utf8') });
      tell({ event: 'scenarioOver', scenario });
    },
    runOver: ({ scenarios: _told, ...results }) => tell({ event: 'runOver', results }),
  };
}

/** Reads the lines of a log, also of one that is read from its beginning again: gives each event once. */
export class RunnerLog {
  /** Events that are missing, since the log was rotated before they were read. */
  lost = 0;
  /** The last lines that are of no event: what a program says that cannot begin. */
  readonly said: string[] = [];
  #last = 0;

  /** The event of a line; undefined for one that is known, or is none. */
  read(line: string): RunnerEvent | undefined {
    if (!line.startsWith(BEGINNING)) {
      if (line.trim() !== '' && this.#last === 0) this.said.push(line.trim());
      this.said.splice(0, this.said.length - LAST_LINES);
      return undefined;
    }
    let parsed: { readonly runner: number } & RunnerEvent;
    try {
      parsed = JSON.parse(line) as typeof parsed;
    } catch {
      // Cut off: the stream broke, and the line comes again.
      return undefined;
    }
    const { runner, ...event } = parsed;
    if (runner <= this.#last) return undefined;
    this.lost += runner - this.#last - 1;
    this.#last = runner;
    return event;
  }
}

const LAST_LINES = 5;
