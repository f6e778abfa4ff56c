import type { output } from 'zod';
import type { Frozen } from '../../foundation/node/validate.ts';
import type { resultsSchema } from './results-schema.ts';

/** A run's results, as results.json has them; `resultsSchema` documents the fields. */
export type RunResults = Frozen<output<typeof resultsSchema>>;
export type ScenarioResult = RunResults['scenarios'][number];
export type Verdict = ScenarioResult['verdict'];
export type ProbeOutcome = ScenarioResult['probes'][number];
export type Attachment = ScenarioResult['attachments'][number];
export type ScenarioPhase = ScenarioResult['timeline'][number];
export type Policy = ScenarioResult['policies'][number];
export type ReceivedCall = ScenarioResult['calls'][number];
export type ReceivedDecision = ReceivedCall['decisions'][number];
export type ExaminedStatement = ReceivedDecision['deciding'][number];
export type Repetition = NonNullable<ScenarioResult['repetitions']>[number];

/** Version of results.json (harness/report/results.schema.json): raised when a field changes its meaning. */
export const RESULTS_VERSION: RunResults['version'] = 2;

/** `kept`: the run is over, and its clusters are kept until an interrupt. */
export type Phase = 'planning' | 'provisioning' | 'scenarios' | 'kept' | 'teardown';

/** Whether a scenario passed, was skipped, or may fail. */
export const isFine = ({ verdict, allowed }: Pick<ScenarioResult, 'verdict' | 'allowed'>): boolean =>
  verdict === 'passed' || verdict === 'skipped' || allowed !== undefined;

export const isFlaky = ({ repetitions }: Pick<ScenarioResult, 'repetitions'>): boolean =>
  new Set(repetitions?.map(({ verdict }) => verdict)).size > 1;

/** Milliseconds of a scenario without waiting for others. */
export const ownTime = ({ durations }: Pick<ScenarioResult, 'durations'>): number =>
  durations.arranging + durations.probing + durations.teardown;

/** Whether it is a failed control, so that denials of its scenario prove nothing. */
export const isFailedControl = ({ control, verdict }: ProbeOutcome): boolean =>
  control === true && verdict === 'inconclusive';

/** Worst verdict of probes: errors of the harness before failures, failures before inconclusive ones. */
export function worst(verdicts: readonly ProbeOutcome['verdict'][]): ProbeOutcome['verdict'] {
  for (const verdict of ['error', 'failed', 'inconclusive'] as const) if (verdicts.includes(verdict)) return verdict;
  return 'passed';
}

export function summarize(scenarios: readonly ScenarioResult[]): RunResults['summary'] {
  const count = (verdict: Verdict): number => scenarios.filter((scenario) => scenario.verdict === verdict).length;
  return {
    total: scenarios.length,
    passed: count('passed'),
    failed: count('failed'),
    inconclusive: count('inconclusive'),
    skipped: count('skipped'),
    error: count('error'),
    probes: scenarios.reduce(
      (sum, scenario) => sum + scenario.probes.filter((probe) => probe.observed !== null).length,
      0,
    ),
  };
}
