import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Output, Reporter, ScenarioStart } from './reporter.ts';
import type { Phase, RunResults, ScenarioResult } from '../results/results.ts';

/** Events of a runner in a cluster, as lines of its log. They are numbered from 1 to detect repetitions and gaps. */
export type RunnerEvent =
  | { readonly event: 'runStarted' }
  | { readonly event: 'phaseStarted'; readonly phase: Phase; readonly detail?: string }
  | { readonly event: 'note'; readonly line: string }
  | ({ readonly event: 'scenarioStarted' } & ScenarioStart)
  | { readonly event: 'scenarioOver'; readonly scenario: ScenarioResult }
  /** A file of the report folder, with its path in the folder. */
  | { readonly event: 'attachment'; readonly path: string; readonly text: string }
  | { readonly event: 'runOver'; readonly results: Omit<RunResults, 'scenarios'> };

/** The prefix of an event's line. */
const BEGINNING = '{"runner":';

/** Prints everything that another process needs to write the same reports. */
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

/** Reads the lines of a log, even repeatedly, and returns each event once. */
export class RunnerLog {
  /** Number of missing events: the log was rotated before they were read. */
  lost = 0;
  /** The last lines before the first event: output of a program that failed to start. */
  readonly firstLines: string[] = [];
  #last = 0;

  /** Returns the event of a line; undefined for known events and other lines. */
  read(line: string): RunnerEvent | undefined {
    if (!line.startsWith(BEGINNING)) {
      if (line.trim() !== '' && this.#last === 0) this.firstLines.push(line.trim());
      this.firstLines.splice(0, this.firstLines.length - LAST_LINES);
      return undefined;
    }
    let parsed: { readonly runner: number } & RunnerEvent;
    try {
      parsed = JSON.parse(line) as typeof parsed;
    } catch {
      // A broken stream cut off the line, which will be read again.
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
