import { writeResults } from '../report/write.ts';
import { isFine, type RunResults } from '../results/results.ts';
import { leftBehind, sweepCommand } from '../cleanup/leftovers.ts';
import { conclude } from './conclusion.ts';
import { keepUntilInterrupted } from './keep.ts';
import { provision } from './provision.ts';
import { report } from './reporting.ts';
import { runRounds } from './rounds.ts';
import { inPhase, openSession, tellStart, type RunOptions, type Session } from './session.ts';

/**
 * Runs the selected scenarios, step by step as docs/architecture.md tells: plan, provision, install, then arrange, probe, judge
 * and diagnose each scenario, tear down, report. Reports are written whatever happens.
 */
export async function run(options: RunOptions): Promise<RunResults> {
  const session = openSession(options);
  tellStart(session);
  try {
    await inPhase(session, 'provisioning', () => provision(session));
    await runRounds(session);
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
  session.isOver = true;
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
