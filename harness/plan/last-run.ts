import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../../foundation/node/errors.ts';
import { readRun, type Run } from '../results/read-results.ts';
import { resultsFileIn } from '../results/results-journal.ts';
import { ownTime } from '../results/results.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Scenario } from '../scenario/spec.ts';

/** Where runs have no report folder of their own. */
export const REPORTS = 'reports';

/**
 * The newest run whose results lie in the report folder or a folder in it, or, where there are none, in `reports/`; undefined
 * where there are none either. `isOne`: which count. Throws `HarnessError` BAD_FILE where its results cannot be read.
 */
function lastRun(configuration: Configuration, isOne: (run: Run) => boolean = () => true): Run | undefined {
  const own = configuration.text('report-dir');
  for (const folder of [...(own === undefined ? [] : [own]), REPORTS])
    for (const { file } of resultsBelow(folder)) {
      const run = readRun(file);
      if (isOne(run)) return run;
    }
  return undefined;
}

/** The results in a folder and those in it, those that were written last first. */
function resultsBelow(folder: string): readonly { readonly file: string; readonly written: number }[] {
  const entries = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  return ['', ...entries.map(({ name }) => name)]
    .flatMap((name) => {
      const file = resultsFileIn(join(folder, name));
      const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      return written === undefined ? [] : [{ file, written }];
    })
    .sort((a, b) => b.written - a.written);
}

/** Of these scenarios, those that the last run could not pass. Throws `HarnessError` NOTHING_SELECTED where there are none. */
export function lastFailed(scenarios: readonly Scenario[], configuration: Configuration): readonly Scenario[] {
  const last = lastRun(configuration);
  const folder = configuration.text('report-dir') ?? REPORTS;
  if (last === undefined)
    throw nothing(
      `There are no results of a run below ${folder}, so --last-failed selects nothing: run without it first.`,
    );
  const failed = last.results.scenarios
    .filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')
    .map(({ id }) => id);
  const selected = scenarios.filter(({ id }) => failed.includes(id));
  if (selected.length > 0 || configuration.flag('pass-with-no-scenarios')) return selected;
  throw nothing(
    failed.length === 0
      ? `Nothing failed in the last run (${last.file}): leave out --last-failed.`
      : `What failed in the last run (${last.file}: ${failed.slice(0, 5).join(', ')}) is not selected: loosen the other flags, or leave out --last-failed.`,
  );
}

/** Milliseconds that scenarios took, by id: in the run of `--times`, else in the last one that was no shard; empty without one. */
export function timesOf(configuration: Configuration): ReadonlyMap<string, number> {
  const file = configuration.text('times');
  const run =
    file === undefined ? lastRun(configuration, ({ results }) => results.run.shard === undefined) : readRun(file);
  return new Map(
    run?.results.scenarios
      .filter(({ verdict }) => verdict !== 'skipped')
      .map((scenario) => [scenario.id, ownTime(scenario)]),
  );
}

const nothing = (message: string): HarnessError => new HarnessError('NOTHING_SELECTED', message);
