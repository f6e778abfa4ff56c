import type { output } from 'zod';
import type { Frozen } from '../../foundation/node/validate.ts';
import type { policyCoverageSchema, resultsSchema } from './results-schema.ts';

/** The content of results.json; `resultsSchema` documents the fields. */
export type RunResults = Frozen<output<typeof resultsSchema>>;
/** The content of policy-coverage.json. */
export type PolicyCoverage = Frozen<output<typeof policyCoverageSchema>>;
export type ScenarioResult = RunResults['scenarios'][number];
export type Verdict = ScenarioResult['verdict'];
export type ProbeOutcome = ScenarioResult['probes'][number];
export type Attachment = ScenarioResult['attachments'][number];
export type ScenarioPhase = ScenarioResult['timeline'][number];
export type Policy = ScenarioResult['policies'][number];
export type ReceivedCall = ScenarioResult['calls'][number];
export type ReceivedDecision = ReceivedCall['decisions'][number];
export type ExaminedStatement = ReceivedDecision['deciding'][number];

/** Version of results.json (harness/report/results.schema.json). It increases when a field changes its meaning. */
export const RESULTS_VERSION: RunResults['version'] = 2;

/** `kept`: the scenarios are over, and the clusters are kept until an interrupt. */
export type Phase = 'planning' | 'provisioning' | 'scenarios' | 'kept' | 'teardown';

/** Whether a scenario passed, was skipped, or may fail by the gate. */
export const isFine = ({ verdict, allowed }: Pick<ScenarioResult, 'verdict' | 'allowed'>): boolean =>
  verdict === 'passed' || verdict === 'skipped' || allowed !== undefined;

export const isFlaky = ({ repetitions }: Pick<ScenarioResult, 'repetitions'>): boolean =>
  new Set(repetitions?.map(({ verdict }) => verdict)).size > 1;

/** Returns the milliseconds of a scenario without waiting for others. */
export const ownTime = ({ durations }: Pick<ScenarioResult, 'durations'>): number =>
  durations.arranging + durations.probing + durations.teardown;

/** Whether a probe is a failed control, so that denials of its scenario prove nothing. */
export const isFailedControl = ({ control, verdict }: ProbeOutcome): boolean =>
  control === true && verdict === 'inconclusive';

/** Returns the worst verdict of probes: errors of the harness, then failures, then inconclusive ones. */
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
