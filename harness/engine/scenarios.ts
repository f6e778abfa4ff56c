import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { gated } from '../gate/judge.ts';
import { isFine, type ScenarioResult } from '../results/results.ts';
import { isExclusive, isExclusiveFromTheStart, waitOf } from '../scenario/requirements.ts';
import type { Scenario } from '../scenario/spec.ts';
import { conclude, gatedRun } from './conclusion.ts';
import { runRepeatedly, type ScenarioOptions } from './scenario.ts';
import { shuffle } from './shuffle.ts';
import { processKeepsUp } from './admission.ts';
import type { Opened } from './environment.ts';
import type { Session } from './session.ts';
import { SuiteRuns } from './suite-runs.ts';

const HEAD_START_MILLISECONDS = 400;

export async function runScenarios(session: Session): Promise<void> {
  const { options, opened, reporters, round } = session;
  if (opened === undefined) return;
  const { configuration } = options;
  const { run: scenarios, hooks } = round;
  const suites = new SuiteRuns(scenarios, hooks ?? new Map(), configuration.number('timeout') * 1000);
  const seed = configuration.text('shuffle');
  const times = configuration.number('repeat-each');
  // Unique attempt numbers, so that no attempt meets leftovers of another.
  const attempt = 1 + (session.roundNumber - 1) * times * (configuration.number('retries') + 1);
  const gate = (result: ScenarioResult): ScenarioResult => gated(options.gate, result, gatedRun(session));
  await schedule(
    seed === undefined ? scenarios : shuffle(scenarios, seed),
    configuration.number('parallel'),
    async (scenario, turn) => {
      const { id, suite, title, file } = scenario;
      reporters.tell('scenarioStarted', { id, suite, title, file });
      session.underWay.set(id, Date.now());
      const around = suites.around(scenario);
      const scenarioOptions = optionsFor(session, opened, scenario, { hooks: around, turn });
      end(session, await runRepeatedly(scenario, scenarioOptions, { times, attempt, gate }));
      await around.after().catch((error: unknown) => {
        session.failure ??= error;
      });
    },
    {
      inOrder: seed !== undefined,
      headStart: HEAD_START_MILLISECONDS,
      // Scenarios move only the clock of an emulated AWS in this process, which would interfere.
      arrangeEarly: opened.environment.aws.propagation !== undefined,
      admit: () => processKeepsUp(session.signal),
    },
  );
}

function optionsFor(
  session: Session,
  opened: Opened,
  { spec }: Scenario,
  own: Pick<ScenarioOptions, 'hooks' | 'turn'>,
): ScenarioOptions {
  const { directory, signal, prefetch, options } = session;
  const { configuration, interrupted, aroundProbes } = options;
  return {
    environment: opened.environment,
    available: opened.capabilities,
    unavailable: opened.unavailable,
    workload: options.workload,
    timeoutMilliseconds: Math.max(configuration.number('timeout'), spec.allowSeconds ?? 0) * 1000,
    retries: configuration.number('retries'),
    signal,
    keep: configuration.text('keep') as ScenarioOptions['keep'],
    diagnostics: { directory, interrupted },
    prefetch,
    aroundProbes,
    ...own,
  };
}

/** Stores a result, and forgets AWS's records of calls before the running scenarios. */
function keepResult(session: Session, result: ScenarioResult): void {
  const { underWay, resultsJournal, opened, reporters } = session;
  underWay.delete(result.id);
  opened?.environment.aws.controls?.forgetCalls(Math.min(Date.now(), ...underWay.values()));
  try {
    resultsJournal.add(result, () => conclude(session));
  } catch (error) {
    reporters.tell('note', `The result of ${result.id} could not be kept on disk yet (${unreadable(error)}).`);
  }
}

export function noteResult(session: Session, result: ScenarioResult): void {
  session.results.set(result.id, result);
  if (result.verdict !== 'skipped') session.firstVerdict ??= Math.round(performance.now());
  keepResult(session, result);
  session.reporters.tell('scenarioOver', result);
}

/** Stops the other scenarios once --max-failures is reached. */
function end(session: Session, result: ScenarioResult): void {
  const { results, stop, options } = session;
  noteResult(session, result);
  // With further rounds, failures are about to be fixed.
  const maxFailures = options.rounds === undefined ? options.configuration.number('max-failures') : 0;
  const failures = [...results.values()].filter((one) => one.verdict === 'failed' && !isFine(one)).length;
  if (maxFailures > 0 && failures >= maxFailures)
    stop.abort(new HarnessError('STOPPED', `--max-failures ${maxFailures} was reached.`));
}

/** Runs a scenario; one that runs alone awaits its turn before it probes. Must not reject. */
export type RunInTurn = (scenario: Scenario, turn: Promise<unknown>) => Promise<unknown>;

export interface ScheduleOptions {
  /** Milliseconds for which the first scenario runs alone at most, for an early verdict. Default 0. */
  readonly headStart?: number;
  /**
   * Arranges scenarios that run alone while they await their turn: useful where arranging is slow, and running alone
   * does not interfere with it. Default false.
   */
  readonly arrangeEarly?: boolean;
  /** Starts scenarios in the given order instead of the longest waits first. Default false. */
  readonly inOrder?: boolean;
  /** Resolves when one more scenario may start. Default: at once. */
  readonly admit?: () => Promise<void>;
}

const NOW: Promise<void> = Promise.resolve();

/**
 * Runs at most `parallel` scenarios at once; those that change shared resources run last, one by one. The first one
 * starts first, then those that mostly wait, which costs other work nothing.
 */
export async function schedule(
  scenarios: readonly Scenario[],
  parallel: number,
  run: RunInTurn,
  { headStart = 0, arrangeEarly = false, inOrder = false, admit = () => NOW }: ScheduleOptions = {},
): Promise<void> {
  const ended = new Map(scenarios.map(({ id }) => [id, withResolvers()]));
  let under = 0;
  const runOne = async (scenario: Scenario, turn: Promise<unknown> = NOW): Promise<void> => {
    under += 1;
    await run(scenario, turn);
    ended.get(scenario.id)!.resolve();
    under -= 1;
  };
  let admission = NOW;
  /** In sequence, so that each sees the effect of the one before. */
  const admitted = (): Promise<void> =>
    (admission = admission.then(() => (under > 0 && queue.length > 0 ? admit() : NOW)));
  const shared = scenarios.filter((scenario) => !isExclusive(scenario));
  const alone = scenarios.filter((scenario) => isExclusive(scenario));
  const early = alone.filter((scenario) => arrangeEarly && !isExclusiveFromTheStart(scenario));
  const [first, ...others] = shared;
  const queue = others.map((scenario) => ({ scenario, wait: inOrder ? 0 : waitOf(scenario) }));
  queue.sort((a, b) => b.wait - a.wait);
  let before: Promise<unknown> = Promise.all(shared.map(({ id }) => ended.get(id)!.promise));
  const worker = async (): Promise<void> => {
    while (queue.length > 0) {
      await admitted();
      const next = queue.shift();
      if (next !== undefined) await runOne(next.scenario);
    }
    for (let next = early.shift(); next !== undefined; next = early.shift()) {
      const turn = before;
      // A skipped scenario ends before its turn.
      before = Promise.all([turn, ended.get(next.id)!.promise]);
      await runOne(next, turn);
    }
  };
  const later = alone.filter((scenario) => !early.includes(scenario));
  if (first !== undefined) {
    const over = runOne(first);
    if (headStart > 0) await Promise.race([over, pause(headStart)]);
    const workers = Array.from({ length: Math.min(parallel - 1, queue.length + early.length) }, worker);
    await Promise.all([over.then(worker), ...workers]);
  } else await Promise.all(Array.from({ length: Math.min(parallel, early.length) }, worker));
  for (const scenario of later) await runOne(scenario);
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}
