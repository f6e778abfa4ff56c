import { orAborted } from '../../foundation/aborted.ts';
import { awsFailure } from '../aws/failure.ts';
import { HarnessError, isUsage } from '../../foundation/errors.ts';
import { unmetRequirements } from '../plan/requirements.ts';
import { worst, type Attachment, type ProbeOutcome, type ScenarioResult, type Verdict } from '../report/results.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { Prefetch } from '../world/prefetch.ts';
import { diagnose, isSecretName, redactor, type DiagnosticsOptions } from '../diagnostics/index.ts';
import { tearDown } from '../cleanup/teardown.ts';
import { probeAll } from './probe.ts';
import { arrange } from '../world/fixtures/index.ts';
import { makeWorld, type Environment, type ScenarioWorld } from '../world/world.ts';

export interface ScenarioOptions {
  readonly environment: Environment;
  readonly available: ReadonlySet<string>;
  /** Why something is not available, by capability, where that is known. */
  readonly lacking?: ReadonlyMap<string, string>;
  readonly timeoutMilliseconds: number;
  readonly retries: number;
  /** Fires when the run was interrupted, or stops for another reason that it names. */
  readonly signal: AbortSignal;
  readonly keep: 'never' | 'on-failure' | 'always';
  readonly diagnostics: DiagnosticsOptions;
  /** What was arranged before the clusters were there. */
  readonly ahead?: Prefetch;
  /** Awaited between arranging and probing: others must be over by then. Default: at once. */
  readonly turn?: Promise<unknown>;
}

/** Runs one scenario from arranging to teardown. Never rejects: what goes wrong is the result's verdict. */
export async function runScenario(scenario: Scenario, options: ScenarioOptions): Promise<ScenarioResult> {
  const lacking = unmetRequirements(scenario, options.available, options.lacking);
  if (lacking !== undefined) return result(scenario, 'skipped', lacking);
  const attachments: Attachment[] = [];
  for (let attempt = 1; ; attempt += 1) {
    if (options.signal.aborted)
      return { ...result(scenario, 'skipped', `Not run: ${reasonOf(options.signal.reason)}`), attachments };
    const outcome = await attemptScenario(scenario, options, attempt);
    attachments.push(...outcome.attachments);
    // Only a failure of the environment is tried again: a verdict stands, and so does what is wrong in the scenario itself.
    const stands =
      outcome.verdict !== 'error' ||
      isUsage(outcome.errorCode) ||
      outcome.probes.some((probe) => probe.verdict === 'failed');
    if (stands || attempt > options.retries || options.signal.aborted) return { ...outcome, attachments };
  }
}

async function attemptScenario(scenario: Scenario, options: ScenarioOptions, attempt: number): Promise<ScenarioResult> {
  const timeUp = new AbortController();
  const startTimer = (): NodeJS.Timeout =>
    setTimeout(
      () =>
        timeUp.abort(
          new HarnessError(
            'TIMED_OUT',
            `${scenario.id} was not over within ${options.timeoutMilliseconds / 1000} s: raise --timeout, or see which probe is missing.`,
          ),
        ),
      options.timeoutMilliseconds,
    );
  let timer = startTimer();
  const signal = AbortSignal.any([options.signal, timeUp.signal]);
  // Later attempts have names of their own.
  const ahead = attempt === 1 ? options.ahead?.take(scenario) : undefined;
  const world = makeWorld(scenario, options.environment, attempt, signal, ahead?.resources);
  const startedAt = Date.now();
  const started = performance.now();
  let arranged = started;
  let probing: number | undefined;
  let probed = started;
  let probes: readonly ProbeOutcome[] = [];
  let failure: unknown;
  try {
    await orAborted(arrange(world, ahead?.inAws), signal);
    arranged = performance.now();
    if (options.turn !== undefined) {
      // Waiting for others is not the scenario's own time.
      clearTimeout(timer);
      await orAborted(options.turn, signal);
      timer = startTimer();
    }
    probing = performance.now();
    probes = await orAborted(probeAll(world), signal);
  } catch (error) {
    failure = awsFailure(error) ?? error;
    if (arranged === started) arranged = performance.now();
  }
  probed = performance.now();
  clearTimeout(timer);
  const redact = redactor(secretsOf(world));
  probes = redact.value(probes);
  const verdict = failure === undefined ? worst(probes.map((probe) => probe.verdict)) : 'error';
  const kept = options.keep === 'always' || (options.keep === 'on-failure' && verdict !== 'passed');
  // An attempt that was stopped has no verdict, and nothing to explain.
  const stopped = failure !== undefined && options.signal.aborted;
  const attachments =
    verdict === 'passed' || stopped
      ? []
      : await diagnose(
          world,
          { verdict, reason: redact.text(reasonFor(scenario, failure, probes)), probes, attempt, startedAt },
          redact,
          options.diagnostics,
        );
  const tearing = performance.now();
  // An attempt that may be made again, and one with names that another scenario may have too, leave nothing in its way.
  const makesRoom = (verdict === 'error' && !stopped) || scenario.spec.exactNames === true;
  await tearDown(world, { kept, makesRoom }).catch((error: unknown) => {
    failure ??= error;
  });
  return {
    ...result(scenario, failure === undefined ? verdict : 'error', redact.text(reasonFor(scenario, failure, probes))),
    errorCode: failure instanceof HarnessError ? failure.code : null,
    attempts: attempt,
    durations: {
      arranging: Math.round(arranged - started),
      probing: Math.round(probed - (probing ?? probed)),
      teardown: Math.round(performance.now() - tearing),
    },
    probes,
    attachments,
  };
}

/** What was handed to the scenario's workloads and must not be seen: tokens that were minted, keys in their environment. */
function secretsOf({ tokens, scenario }: ScenarioWorld): string[] {
  const environments = Object.values(scenario.spec.workloads ?? {}).flatMap(({ env = {} }) => Object.entries(env));
  return [...tokens.values(), ...environments.filter(([name]) => isSecretName(name)).map(([, value]) => value)];
}

const reasonFor = (scenario: Scenario, failure: unknown, probes: readonly ProbeOutcome[]): string =>
  failure === undefined ? scenarioReason(probes) : `${scenario.id} could not be judged: ${reasonOf(failure)}`;

function scenarioReason(probes: readonly ProbeOutcome[]): string {
  const bad =
    probes.find((probe) => probe.verdict === 'error') ??
    probes.find((probe) => probe.verdict === 'failed') ??
    probes.find((probe) => probe.verdict !== 'passed');
  if (bad === undefined) return `All ${probes.length} probes met what was expected.`;
  return `Probe ${bad.number + 1} (${bad.workload ?? 'harness'}: ${bad.operation}): ${bad.reason}`;
}

/** What stopped a scenario, in a sentence without secrets: the client's exceptions are put in words before they get here. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof HarnessError ? error.message : `${error.name}: ${error.message.split('\n')[0] ?? ''}`;
}

export function result(scenario: Scenario, verdict: Verdict, reason: string): ScenarioResult {
  return {
    id: scenario.id,
    suite: scenario.suite,
    title: scenario.title,
    file: scenario.file,
    verdict,
    reason,
    errorCode: null,
    finding: scenario.spec.finding ?? null,
    source: scenario.spec.source ?? null,
    attempts: 1,
    durations: { arranging: 0, probing: 0, teardown: 0 },
    probes: [],
    attachments: [],
  };
}
