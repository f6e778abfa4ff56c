import { HarnessError } from '../../foundation/node/errors.ts';
import { readRun, type Run } from '../results/read-results.ts';
import { ownTime } from '../results/results.ts';
import { REPORTS, resultsFiles } from './results-files.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Scenario } from '../scenario/spec.ts';

/** Returns the newest run in the report folder or, if none, in `reports/`. `isOne` filters. Throws `HarnessError` BAD_FILE. */
function lastRun(configuration: Configuration, isOne: (run: Run) => boolean = () => true): Run | undefined {
  for (const file of resultsFiles(configuration)) {
    const run = readRun(file);
    if (isOne(run)) return run;
  }
  return undefined;
}

/** Returns the scenarios that did not pass in the last run. Throws `HarnessError` NOTHING_SELECTED if all passed. */
export function lastFailed(
  scenarios: readonly Scenario[],
  configuration: Configuration,
  note: (sentence: string) => void,
): readonly Scenario[] {
  const last = lastRun(configuration);
  const folder = configuration.text('report-dir') ?? REPORTS;
  if (last === undefined)
    throw nothing(
      `No results of an earlier run exist below ${folder}, so --last-failed selects nothing. Run without it first.`,
    );
  const failed = last.results.scenarios
    .filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')
    .map(({ id }) => id);
  const selected = scenarios.filter(({ id }) => failed.includes(id));
  const { faults } = last.results.environment;
  if (faults.length > 0 && configuration.list('fault').length === 0)
    note(`The last run used --fault ${faults.join(',')}, but this run does not.`);
  if (selected.length > 0 || configuration.flag('pass-with-no-scenarios')) return selected;
  throw nothing(
    failed.length === 0
      ? `No scenario failed in the last run (${last.file}). Remove --last-failed.`
      : `The failed scenarios of the last run (${last.file}: ${failed.slice(0, 5).join(', ')}) are not selected. Relax the other flags, or remove --last-failed.`,
  );
}

/** Returns milliseconds of scenarios by id, from the run of `--times`, or else the last unsharded run. */
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
