import { Reporters } from '../report/reporter.ts';
import { writeResults } from '../report/write.ts';
import { isFine, type RunResults } from '../results/results.ts';
import { leftBehind, sweepCommand } from '../cleanup/leftovers.ts';
import { conclude, nothingRan } from './conclusion.ts';
import { keepUntilInterrupted } from './keep.ts';
import { provision, provisionMore } from './provision.ts';
import { report } from './reporting.ts';
import { runScenarios } from './scenarios.ts';
import {
  environmentsOf,
  inPhase,
  openSession,
  resultsOf,
  tellStart,
  type Round,
  type Rounds,
  type RunOptions,
  type Session,
} from './session.ts';
import { rethrowUncaughtErrors } from './uncaught-errors.ts';

/** Runs the selected scenarios as docs/architecture.md describes. Writes reports even after failures. */
export async function run(options: RunOptions): Promise<RunResults> {
  const session = openSession(options);
  tellStart(session);
  try {
    await inPhase(session, 'provisioning', () => provision(session));
    await runRounds(session);
    await keep(session);
  } catch (error) {
    // An interrupt during provisioning can cause any error.
    session.failure = options.interrupted.aborted && !session.isProvisioned ? options.interrupted.reason : error;
  }
  await tearDown(session);
  return report(session);
}

/** Runs all scenarios. With `rounds`, runs further rounds on the same clusters. */
async function runRounds(session: Session): Promise<void> {
  const { rounds, interrupted } = session.options;
  if (rounds === undefined) return runRound(session);
  do
    try {
      await provisionMore(session);
      await runRound(session);
    } catch (error) {
      session.failure = error;
    }
  while (!interrupted.aborted && (await hasNext(session, rounds)));
}

async function runRound(session: Session): Promise<void> {
  session.reporters.tell('phaseStarted', 'scenarios');
  await inPhase(session, 'scenarios', () => rethrowUncaughtErrors(() => runScenarios(session)));
  session.failure ??= nothingRan(session, resultsOf(session));
}

/** Reports the finished round and begins the next. Returns false without a next round; the run then reports once more. */
async function hasNext(session: Session, rounds: Rounds): Promise<boolean> {
  const { results, options, round } = session;
  await report(session);
  session.isOver = true;
  const bad = [...results.values()].filter((result) => !isFine(result)).map(({ id }) => id);
  let next: Round | undefined;
  let stray: unknown;
  try {
    await rethrowUncaughtErrors(async () => {
      const waiting = performance.now();
      next = await rounds.next(new Set(bad), options.interrupted).finally(() => {
        session.idle += performance.now() - waiting;
      });
    });
  } catch (error) {
    stray = error;
  }
  const ends = next === undefined;
  session.reporters = new Reporters(await rounds.reporters());
  session.round = next ?? { ...round, run: [] };
  session.roundNumber += 1;
  session.isOver = ends;
  session.failure = stray ?? (ends ? session.failure : undefined);
  tellStart(session);
  return !ends;
}

async function keep(session: Session): Promise<void> {
  const { options, directory, opened, reporters } = session;
  const keeping = options.configuration.text('keep');
  const isBad = [...session.results.values()].some((result) => !isFine(result));
  const isKept = keeping === 'always' || (keeping === 'on-failure' && isBad);
  if (!isKept || options.interrupted.aborted || opened === undefined) return;
  session.isOver = true;
  reporters.tell('phaseStarted', 'kept');
  writeResults(directory, conclude(session));
  await keepUntilInterrupted(session, opened);
}

async function tearDown(session: Session): Promise<void> {
  const { options, id, directory, reporters, journal, prefetch } = session;
  reporters.tell('phaseStarted', 'teardown');
  await inPhase(session, 'teardown', async () => {
    // Lanes first, because they use the host of the shared environment.
    const environments = environmentsOf(session).toReversed();
    for (const end of [() => prefetch?.end(), ...environments.map(({ teardown }) => teardown)]) {
      try {
        await end();
      } catch (error) {
        session.failure ??= error;
      }
    }
  });
  const left = journal.left();
  const command = left.length > 0 ? sweepCommand(left, id, directory, options.configuration) : undefined;
  const behind = leftBehind(
    environmentsOf(session).flatMap(({ environment }) => environment.leftovers),
    command,
  );
  if (session.failure === undefined) session.failure = behind;
  else if (behind !== undefined) reporters.tell('note', behind.message);
  if (command !== undefined)
    reporters.tell('note', `Some resources of the run could not be removed. To try again, run \`${command}\`.`);
}
