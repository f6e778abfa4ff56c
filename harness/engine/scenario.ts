import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { isUsage } from '../../foundation/node/errors.ts';
import { unmetRequirements } from '../scenario/requirements.ts';
import type { Attachment, ScenarioPhase, ScenarioResult } from '../results/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import { attemptScenario, type AttemptOptions } from './attempt.ts';
import { reasonOf, scenarioResult } from './scenario-result.ts';
import type { ScenarioHooks } from './suite-runs.ts';

export interface ScenarioOptions extends AttemptOptions {
  readonly available: ReadonlySet<string>;
  /** Why something is not available, by capability, where that is known. */
  readonly unavailable?: ReadonlyMap<string, string>;
  /** What makes the probes of pods. Default: one that knows every operation. */
  readonly workload?: Pick<WorkloadProgram, 'name' | 'operations'>;
  /** How often an error of the environment is tried again. */
  readonly retries: number;
  /** Of the scenario's suite. */
  readonly hooks?: ScenarioHooks;
}

/**
 * Runs one scenario, again after an error of the environment. Never rejects: what goes wrong is the result's verdict.
 *
 * @param first number of its first attempt: more than 1 where the scenario was run before
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
    // Stopped while it ran: it has no verdict, and that is no error of the environment.
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
        return scenarioResult(scenario, 'skipped', `Skipped by a hook "${name}" of suite ${scenario.suite}.`);
  } catch (error) {
    return ended(scenarioResult(scenario, 'error', ''), error);
  }
  const outcome = await attemptScenario(scenario, options, attempt);
  return hooks.afterEach().then(
    () => outcome,
    (error: unknown) => ended(outcome, error),
  );
}

/** A result that a hook turns into an error. */
const ended = (result: ScenarioResult, error: unknown): ScenarioResult => ({
  ...result,
  verdict: 'error',
  reason: reasonOf(error),
  errorCode: 'HOOK_FAILED',
});

/** Only a failure of the environment is tried again: a verdict stands, and so does what is wrong in the suite itself. */
const stands = ({ verdict, errorCode, probes }: ScenarioResult): boolean =>
  verdict !== 'error' ||
  isUsage(errorCode) ||
  errorCode === 'HOOK_FAILED' ||
  probes.some((probe) => probe.verdict === 'failed');

const sentence = (reason: unknown): string => `${reasonOf(reason).replace(/\.$/, '')}.`;
