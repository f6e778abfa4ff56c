import { isFine, type ScenarioResult, type Verdict } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import { runScenario, type ScenarioOptions } from './scenario.ts';

/** What counts of a scenario whose verdicts differ: the first of these that there is. */
const ORDER = ['failed', 'error', 'inconclusive', 'passed'] as const satisfies readonly Verdict[];

export interface Repetition {
  /** How often the scenario is run. */
  readonly times: number;
  /** Number of the first attempt. Default: 1. */
  readonly attempt?: number;
  /** What a gate says of the result of one repetition. Default: nothing. */
  readonly gate?: (result: ScenarioResult) => ScenarioResult;
}

/**
 * Runs a scenario so many times, one after the other, until the run is stopped. The result is that of the first repetition with
 * the verdict that counts, of those that are not as expected where there are any; with the verdict of each, the time of all and
 * what was collected of all.
 */
export async function runRepeatedly(
  scenario: Scenario,
  options: ScenarioOptions,
  { times, attempt = 1, gate = (result) => result }: Repetition,
): Promise<ScenarioResult> {
  const first = gate(await runScenario(scenario, options, attempt));
  if (times === 1 || first.verdict === 'skipped') return first;
  const results = [first];
  for (let next = attempt + first.attempts; results.length < times;) {
    const result = gate(await runScenario(scenario, options, next));
    if (result.verdict === 'skipped') break;
    results.push(result);
    next += result.attempts;
  }
  const sum = (phase: keyof ScenarioResult['durations']): number =>
    results.reduce((total, { durations }) => total + durations[phase], 0);
  return {
    ...worst(results),
    durations: { arranging: sum('arranging'), probing: sum('probing'), teardown: sum('teardown') },
    attachments: results.flatMap(({ attachments }) => attachments),
    repetitions: results.map(({ verdict, reason, durations }) => ({ verdict, reason, durations })),
  };
}

/** What a gate allows of one repetition allows nothing of another. */
function worst(results: readonly ScenarioResult[]): ScenarioResult {
  const bad = results.filter((result) => !isFine(result));
  const counting = bad.length > 0 ? bad : results;
  const verdict = ORDER.find((one) => counting.some((result) => result.verdict === one));
  return counting.find((result) => result.verdict === verdict)!;
}
