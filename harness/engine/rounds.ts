import { Reporters } from '../report/reporter.ts';
import { isFine } from '../results/results.ts';
import { nothingRan } from './conclusion.ts';
import { provisionMore } from './provision.ts';
import { report } from './reporting.ts';
import { runScenarios } from './scenarios.ts';
import { inPhase, resultsOf, tellStart, type Round, type Rounds, type Session } from './session.ts';
import { withStrays } from './strays.ts';

/** Runs all scenarios, and with `rounds` those of further rounds on the same clusters, until these or the run are ended. */
export async function runRounds(session: Session): Promise<void> {
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
  await inPhase(session, 'scenarios', () => withStrays(() => runScenarios(session)));
  session.failure ??= nothingRan(session, resultsOf(session));
}

/** Reports of the round that is over, and begins the next one. Gives false where there is none; the run then reports once more. */
async function hasNext(session: Session, rounds: Rounds): Promise<boolean> {
  const { results, options, round } = session;
  await report(session);
  session.isOver = true;
  const bad = [...results.values()].filter((result) => !isFine(result)).map(({ id }) => id);
  let next: Round | undefined;
  let stray: unknown;
  try {
    await withStrays(async () => {
      next = await rounds.next(new Set(bad), options.interrupted);
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
