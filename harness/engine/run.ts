import { writeResults } from '../report/write.ts';
import { isFine, type RunResults } from '../report/results.ts';
import { leftBehind, sweepCommand } from '../cleanup/leftovers.ts';
import { conclude, nothingRan } from './conclusion.ts';
import { keepUntilInterrupted } from './keep.ts';
import { provision } from './provision.ts';
import { inPhase, openSession, resultsOf, type RunOptions, type Session } from './session.ts';
import { runScenarios } from './scenarios.ts';

/**
 * Runs the selected scenarios, step by step as docs/architecture.md tells: plan, provision, install, then arrange, probe, judge
 * and diagnose each scenario, tear down, report. Reports are written whatever happens.
 */
export async function run(options: RunOptions): Promise<RunResults> {
  const session = openSession(options);
  const { id, directory, reporters } = session;
  reporters.tell('runStarted', { id, directory, scenarios: options.scenarios });
  try {
    await inPhase(session, 'provisioning', () => provision(session));
    reporters.tell('phaseStarted', 'scenarios');
    await inPhase(session, 'scenarios', () => withStrays(() => runScenarios(session)));
    session.failure ??= nothingRan(session, resultsOf(session));
    await keep(session);
  } catch (error) {
    // An interrupt while clusters are made ends in errors of whatever was under way.
    session.failure = options.interrupted.aborted && !session.isProvisioned ? options.interrupted.reason : error;
  }
  await tearDown(session);
  return report(session);
}

/** With --keep, leaves clusters and fixtures as they are until an interrupt. */
async function keep(session: Session): Promise<void> {
  const { options, directory, opened, reporters } = session;
  const keeping = options.configuration.text('keep');
  const isBad = [...session.results.values()].some((result) => !isFine(result));
  const isKept = keeping === 'always' || (keeping === 'on-failure' && isBad);
  if (!isKept || options.interrupted.aborted || opened === undefined) return;
  session.wasKept = true;
  reporters.tell('phaseStarted', 'kept');
  writeResults(directory, conclude(session));
  await keepUntilInterrupted(session, opened);
}

/** Removes what the run made; what cannot be removed is a failure of the run. */
async function tearDown(session: Session): Promise<void> {
  const { options, id, directory, reporters, journal, prefetch, opened } = session;
  reporters.tell('phaseStarted', 'teardown');
  await inPhase(session, 'teardown', async () => {
    for (const end of [() => prefetch?.end(), () => opened?.teardown()]) {
      try {
        await end();
      } catch (error) {
        session.failure ??= error;
      }
    }
  });
  const left = journal.left();
  const command = left.length > 0 ? sweepCommand(left, id, directory, options.configuration) : undefined;
  const behind = leftBehind(opened?.environment.leftovers ?? [], command);
  if (session.failure === undefined) session.failure = behind;
  else if (behind !== undefined) reporters.tell('note', behind.message);
  if (command !== undefined)
    reporters.tell('note', `Not all that the run made could be removed: \`${command}\` tries again.`);
}

/** Writes results.json, then all that reporters make of it. What cannot be written loses no verdict. */
async function report(session: Session): Promise<RunResults> {
  const { options, reporters } = session;
  const files: string[] = [];
  let results = store(session, files);
  files.push(...(await reporters.runOver(results)));
  const [error] = reporters.errors;
  if (session.failure === undefined && error !== undefined) {
    session.failure = error;
    // The exit code is in the results too.
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
    return results;
  } catch (error) {
    session.failure ??= error;
    return conclude(session);
  }
}

/**
 * Does work, and throws what was thrown meanwhile outside of it, such as in a timer of a suite file: that ends no process, and
 * is no scenario's. The first such error counts.
 */
async function withStrays(work: () => Promise<void>): Promise<void> {
  const strays: unknown[] = [];
  const notice = (error: unknown): void => void strays.push(error);
  process.on('uncaughtException', notice);
  process.on('unhandledRejection', notice);
  try {
    await work();
  } finally {
    process.off('uncaughtException', notice);
    process.off('unhandledRejection', notice);
  }
  const [first] = strays;
  if (strays.length > 0)
    throw new Error(
      `Something failed outside of every scenario: ${first instanceof Error ? first.message : String(first)}`,
      { cause: first },
    );
}
