import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { applyGate } from '../gate/apply-gate.ts';
import { isFine, type ScenarioResult } from '../results/results.ts';
import { earlierTimes } from '../plan/earlier-times.ts';
import type { Scenario } from '../scenario/spec.ts';
import { conclude, gatedRun } from './conclusion.ts';
import { runRepeatedly, type ScenarioOptions } from './scenario.ts';
import { schedule, shuffle } from './schedule.ts';
import { waitForIdleEventLoop } from './back-pressure.ts';
import type { Opened } from './environment.ts';
import { hasSecondCluster, laneFor, lanesOf, needsOtherAgent } from './lanes.ts';
import { reasonOf, scenarioResult } from './scenario-result.ts';
import { environmentsOf, type Session } from './session.ts';
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
  const lanes = lanesOf(session);
  const gate = (result: ScenarioResult): ScenarioResult => applyGate(options.gate, result, gatedRun(session));
  await schedule(
    seed === undefined ? scenarios : shuffle(scenarios, seed),
    configuration.number('parallel'),
    async (scenario, turn, lane) => {
      const { id, suite, title, file } = scenario;
      reporters.tell('scenarioStarted', { id, suite, title, file });
      session.underWay.set(id, Date.now());
      const around = suites.around(scenario);
      const result = await laneFor(session, lane, scenario).then(
        (environment) => {
          const scenarioOptions = optionsFor(session, environment, scenario, { hooks: around, turn });
          return runRepeatedly(scenario, scenarioOptions, { times, attempt: firstAttempt(session), gate });
        },
        (error: unknown) => gate(notProvisioned(scenario, error)),
      );
      end(session, result);
      await around.after().catch((error: unknown) => {
        session.failure ??= error;
      });
    },
    {
      inOrder: seed !== undefined,
      lanes,
      secondCluster: hasSecondCluster(session),
      exactNamesBeside: lanes === 0 && configuration.number('parallel') > 1,
      otherAgent: (scenario) => needsOtherAgent(session, scenario),
      // Only lanes use them.
      ...(lanes > 0 && seed === undefined && { earlier: earlierTimes(configuration) }),
      headStart: HEAD_START_MILLISECONDS,
      // Only on real AWS: scenarios may move the clock of an emulated one, which would disturb early arranging.
      arrangeEarly: opened.environment.aws.propagation !== undefined,
      admit: () => waitForIdleEventLoop(session.signal),
    },
  );
}

/** Returns the round's first attempt number. Numbers are unique, so that no attempt finds the leftovers of another. */
const firstAttempt = ({ roundNumber, options: { configuration } }: Session): number =>
  1 + (roundNumber - 1) * configuration.number('repeat-each') * (configuration.number('retries') + 1);

const notProvisioned = (scenario: Scenario, error: unknown): ScenarioResult => ({
  ...scenarioResult(scenario, 'error', reasonOf(error)),
  errorCode: error instanceof HarnessError ? error.code : null,
});

function optionsFor(
  session: Session,
  opened: Opened,
  { spec, scope }: Scenario,
  hooksAndTurn: Pick<ScenarioOptions, 'hooks' | 'turn'>,
): ScenarioOptions {
  const { directory, signal, prefetch, options } = session;
  const { configuration, interrupted, aroundProbes, observe, podStarted } = options;
  const isCovered =
    scope === undefined ||
    configuration.flag('policy-coverage') ||
    configuration.values.get('min-policy-coverage')?.value !== undefined;
  return {
    environment: opened.environment,
    available: opened.capabilities,
    unavailable: opened.unavailable,
    workload: options.workload,
    timeoutMilliseconds: Math.max(configuration.number('timeout'), spec.allowSeconds ?? 0) * 1000,
    retries: configuration.number('retries'),
    signal,
    keep: configuration.text('keep') as ScenarioOptions['keep'],
    diagnostics: {
      directory,
      interrupted,
      round: { number: session.roundNumber, firstAttempt: firstAttempt(session) },
    },
    prefetch,
    aroundProbes,
    ...((isCovered || observe !== undefined) && {
      observe: (observation) => {
        observe?.(observation);
        if (isCovered) session.observations.set(observation.scenario.id, observation);
      },
    }),
    podStarted,
    ...hooksAndTurn,
  };
}

/** Stores a result, and drops recorded AWS calls that are older than the running scenarios. */
function keepResult(session: Session, result: ScenarioResult): void {
  const { underWay, resultsJournal, reporters } = session;
  underWay.delete(result.id);
  const before = Math.min(Date.now(), ...underWay.values());
  for (const { environment } of environmentsOf(session)) environment.aws.controls?.forgetCalls(before);
  try {
    resultsJournal.add(result, () => conclude(session));
  } catch (error) {
    reporters.tell('note', `The result of ${result.id} could not be written to disk yet (${unreadable(error)}).`);
  }
}

export function noteResult(session: Session, result: ScenarioResult): void {
  session.results.set(result.id, result);
  if (result.verdict !== 'skipped') session.firstVerdict ??= Math.round(performance.now());
  keepResult(session, result);
  session.reporters.tell('scenarioOver', result);
}

/** Records a result, and stops the other scenarios once --max-failures is reached. */
function end(session: Session, result: ScenarioResult): void {
  const { results, stop, options } = session;
  noteResult(session, result);
  // With further rounds, failures are expected to be fixed and to run again.
  const maxFailures = options.rounds === undefined ? options.configuration.number('max-failures') : 0;
  const failures = [...results.values()].filter((one) => one.verdict === 'failed' && !isFine(one)).length;
  if (maxFailures > 0 && failures >= maxFailures)
    stop.abort(new HarnessError('STOPPED', `--max-failures ${maxFailures} was reached.`));
}
