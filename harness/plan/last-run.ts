import { HarnessError } from '../../foundation/node/errors.ts';
import { readRun, type Run } from '../results/read-results.ts';
import { ownTime } from '../results/results.ts';
import { REPORTS, resultsFiles } from './results-files.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Scenario } from '../scenario/spec.ts';

/** The newest run in the report folder or, if none, in `reports/`. `isOne` filters. Throws `HarnessError` BAD_FILE. */
function lastRun(configuration: Configuration, isOne: (run: Run) => boolean = () => true): Run | undefined {
  for (const file of resultsFiles(configuration)) {
    const run = readRun(file);
    if (isOne(run)) return run;
  }
  return undefined;
}

/** The scenarios that the last run did not pass. Throws `HarnessError` NOTHING_SELECTED if there are none. */
export function lastFailed(
  scenarios: readonly Scenario[],
  configuration: Configuration,
  note: (sentence: string) => void,
): readonly Scenario[] {
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
  const { faults } = last.results.environment;
  if (faults.length > 0 && configuration.list('fault').length === 0)
    note(`The last run had --fault ${faults.join(',')}, which is off in this run.`);
  if (selected.length > 0 || configuration.flag('pass-with-no-scenarios')) return selected;
  throw nothing(
    failed.length === 0
      ? `Nothing failed in the last run (${last.file}): leave out --last-failed.`
      : `What failed in the last run (${last.file}: ${failed.slice(0, 5).join(', ')}) is not selected: loosen the other flags, or leave out --last-failed.`,
  );
}

/** Milliseconds of scenarios by id, in the run of `--times`, or else the last run that was no shard. */
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
