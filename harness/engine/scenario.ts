import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { isUsage } from '../../foundation/node/errors.ts';
import { unmetRequirements } from '../scenario/requirements.ts';
import { isFine, type Attachment, type ScenarioPhase, type ScenarioResult, type Verdict } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import { attemptScenario, type AttemptOptions } from './attempt.ts';
import { reasonOf, scenarioResult } from './scenario-result.ts';
import type { ScenarioHooks } from './suite-runs.ts';

export interface ScenarioOptions extends AttemptOptions {
  readonly available: ReadonlySet<string>;
  readonly unavailable?: ReadonlyMap<string, string>;
  /** The program that runs the probes in pods. Default: one that supports every operation. */
  readonly workload?: Pick<WorkloadProgram, 'name' | 'operations'>;
  readonly retries: number;
  readonly hooks?: ScenarioHooks;
}

/**
 * Runs one scenario, and retries it after environment errors. Never rejects: failures become the verdict. `first`:
 * number of its first attempt; more than 1 if the scenario ran before.
 */
export async function runScenario(scenario: Scenario, options: ScenarioOptions, first = 1): Promise<ScenarioResult> {
  const { signal, retries } = options;
  const unmet = unmetRequirements(scenario, options.available, options.unavailable, options.workload);
  if (unmet !== undefined) return scenarioResult(scenario, 'skipped', unmet);
  const failure = scenario.client?.failure;
  if (failure !== undefined)
    return { ...scenarioResult(scenario, 'error', failure), errorCode: 'CLIENT_NOT_INSTALLED' };
  const attachments: Attachment[] = [];
  const timeline: ScenarioPhase[] = [];
  for (let attempt = first; ; attempt += 1) {
    if (signal.aborted)
      return { ...scenarioResult(scenario, 'skipped', `Not run: ${sentence(signal.reason)}`), attachments, timeline };
    const attempts = attempt - first + 1;
    const outcome = { ...(await attemptWithHooks(scenario, options, attempt)), attempts };
    attachments.push(...outcome.attachments);
    timeline.push(...outcome.timeline);
    // The run stopped it, so there is no verdict and no environment error.
    if (outcome.verdict === 'error' && signal.aborted) {
      const reason = `Not finished: ${sentence(signal.reason)}`;
      return { ...outcome, verdict: 'skipped', reason, errorCode: null, attachments, timeline };
    }
    if (stands(outcome) || attempts > retries || signal.aborted) return { ...outcome, attachments, timeline };
  }
}

async function attemptWithHooks(
  scenario: Scenario,
  options: ScenarioOptions,
  attempt: number,
): Promise<ScenarioResult> {
  const { hooks } = options;
  if (hooks === undefined) return attemptScenario(scenario, options, attempt);
  try {
    for (const name of ['before', 'beforeEach'] as const)
      if (await hooks[name]())
        return scenarioResult(scenario, 'skipped', `Skipped by a "${name}" hook of suite ${scenario.suite}.`);
  } catch (error) {
    return ended(scenarioResult(scenario, 'error', ''), error);
  }
  const outcome = await attemptScenario(scenario, options, attempt);
  return hooks.afterEach().then(
    () => outcome,
    (error: unknown) => ended(outcome, error),
  );
}

const ended = (result: ScenarioResult, error: unknown): ScenarioResult => ({
  ...result,
  verdict: 'error',
  reason: reasonOf(error),
  errorCode: 'HOOK_FAILED',
});

/** Whether a result is final. Only environment failures are retried. */
const stands = ({ verdict, errorCode, probes }: ScenarioResult): boolean =>
  verdict !== 'error' ||
  isUsage(errorCode) ||
  errorCode === 'HOOK_FAILED' ||
  probes.some((probe) => probe.verdict === 'failed');

const sentence = (reason: unknown): string => `${reasonOf(reason).replace(/\.$/, '')}.`;

/** If repetitions differ, the first of these verdicts applies. */
const ORDER = ['failed', 'error', 'inconclusive', 'passed'] as const satisfies readonly Verdict[];

export interface Repetition {
  readonly times: number;
  /** Number of the first attempt. Default: 1. */
  readonly attempt?: number;
  /** Applies a gate to the result of one repetition. Default: none. */
  readonly gate?: (result: ScenarioResult) => ScenarioResult;
}

/**
 * Runs a scenario `times` times in sequence, unless the run is stopped. Returns the decisive repetition, with all
 * verdicts, the total durations and all attachments.
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

/** Returns the decisive repetition. Those that a gate allows do not excuse the others. */
function worst(results: readonly ScenarioResult[]): ScenarioResult {
  const bad = results.filter((result) => !isFine(result));
  const counting = bad.length > 0 ? bad : results;
  const verdict = ORDER.find((one) => counting.some((result) => result.verdict === one));
  return counting.find((result) => result.verdict === verdict)!;
}
