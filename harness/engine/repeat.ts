import type { ScenarioResult, Verdict } from '../report/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import { runScenario, type ScenarioOptions } from './scenario.ts';

/** What counts of a scenario whose verdicts differ: the first of these that there is. */
const ORDER = ['failed', 'error', 'inconclusive', 'passed'] as const satisfies readonly Verdict[];

/**
 * Runs a scenario so many times, one after the other, until the run is stopped. The result is that of the first repetition with
 * the verdict that counts, with the verdict of each, the time of all and what was collected of all.
 *
 * @param attempt number of the first attempt
 */
export async function runRepeatedly(
  scenario: Scenario,
  options: ScenarioOptions,
  times: number,
  attempt = 1,
): Promise<ScenarioResult> {
  const first = await runScenario(scenario, options, attempt);
  if (times === 1 || first.verdict === 'skipped') return first;
  const results = [first];
  for (let next = attempt + first.attempts; results.length < times;) {
    const result = await runScenario(scenario, options, next);
    if (result.verdict === 'skipped') break;
    results.push(result);
    next += result.attempts;
  }
  const counts = ORDER.find((verdict) => results.some((result) => result.verdict === verdict));
  const sum = (phase: keyof ScenarioResult['durations']): number =>
    results.reduce((total, { durations }) => total + durations[phase], 0);
  return {
    ...(results.find(({ verdict }) => verdict === counts) ?? first),
    durations: { arranging: sum('arranging'), probing: sum('probing'), teardown: sum('teardown') },
    attachments: results.flatMap(({ attachments }) => attachments),
    repetitions: results.map(({ verdict, reason, durations }) => ({ verdict, reason, durations })),
  };
}
