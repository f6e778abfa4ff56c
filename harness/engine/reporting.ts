import { join } from 'node:path';
import { policyCoverage } from '../policies/coverage.ts';
import type { RunResults } from '../results/results.ts';
import { COVERAGE_FILE, writeResults, writeWhole } from '../report/write.ts';
import { conclude } from './conclusion.ts';
import type { Session } from './session.ts';

/** Writes results.json, then the reporters' files. Returns the verdicts even if writing fails. */
export async function report(session: Session): Promise<RunResults> {
  const { options, reporters } = session;
  const files: string[] = [];
  const observations = session.round.scenarios.flatMap(({ id }) => session.observations.get(id) ?? []);
  if (session.opened?.environment.aws.controls !== undefined && observations.length > 0)
    session.policyCoverage = policyCoverage(observations);
  let results = store(session, files);
  files.push(...(await reporters.runOver(results)));
  const [error] = reporters.errors;
  if (session.failure === undefined && error !== undefined) {
    session.failure = error;
    // The error changes the exit code in the results.
    results = store(session, files);
  }
  await reporters.ask('reportsWritten', results, files);
  if (options.configuration.flag('verbose') && session.failure instanceof Error)
    process.stderr.write(`${session.failure.stack}\n`);
  return results;
}

function store(session: Session, files: string[]): RunResults {
  const results = conclude(session);
  try {
    files[0] = writeResults(session.directory, results);
    if (session.policyCoverage !== undefined)
      files[1] = writeWhole(
        join(session.directory, COVERAGE_FILE),
        `${JSON.stringify(session.policyCoverage, null, 2)}\n`,
      );
    session.resultsJournal.close();
    return results;
  } catch (error) {
    session.failure ??= error;
    return conclude(session);
  }
}
