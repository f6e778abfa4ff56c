import { orAborted } from '../../foundation/node/aborted.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { awsFailure } from '../../aws/failure.ts';
import { tearDown } from '../world/teardown.ts';
import { diagnose, isSecretName, redactor, type DiagnosticsOptions, type Redactor } from '../diagnostics/index.ts';
import {
  isFailedControl,
  worst,
  type Attachment,
  type ProbeOutcome,
  type ScenarioPhase,
  type ScenarioResult,
} from '../results/results.ts';
import { probeSentence } from '../report/wrong-probes.ts';
import { counted } from '../../foundation/node/text.ts';
import type { Scenario } from '../scenario/spec.ts';
import { observationOf, type Observe } from '../policies/observation.ts';
import { receivedCalls, type Received } from '../verdict/received-calls.ts';
import { arrange } from '../world/fixtures/index.ts';
import type { Prefetch } from '../world/prefetch.ts';
import type { PodStarted } from '../world/running-pods.ts';
import { createScenarioContext, type Environment, type ScenarioContext } from '../scenario/scenario-context.ts';
import { probeAll } from './probe.ts';
import { reasonOf, scenarioResult } from './scenario-result.ts';

export interface AttemptOptions {
  readonly environment: Environment;
  /** Timeout of the attempt. Excludes the time spent waiting for `turn`. */
  readonly timeoutMilliseconds: number;
  /** Fires when the run is interrupted, or stops for another reason. */
  readonly signal: AbortSignal;
  readonly keep: 'never' | 'on-failure' | 'always';
  readonly diagnostics: DiagnosticsOptions;
  /** Resources created before the clusters existed. */
  readonly prefetch?: Prefetch | undefined;
  /** Awaited between arranging and probing, until other scenarios end. Default: no wait. */
  readonly turn?: Promise<unknown>;
  readonly aroundProbes?: AroundProbes | undefined;
  readonly observe?: Observe | undefined;
  readonly podStarted?: PodStarted | undefined;
}

/** Wraps the probes of a scenario, once its resources are arranged. */
export type AroundProbes = <T>(probes: () => Promise<T>) => Promise<T>;
type Attempt = ReturnType<typeof begin>;

/** Arranges a scenario, runs its probes and tears it down. Never rejects: failures become the verdict. */
export async function attemptScenario(
  scenario: Scenario,
  options: AttemptOptions,
  number: number,
): Promise<ScenarioResult> {
  const attempt = begin(scenario, options, number);
  await arrangeAndProbe(attempt);
  const redact = redactor(secretsOf(attempt.context));
  const { probes, calls, policies } = redact.value(receivedCalls(attempt.context, attempt.probes, attempt.startedAt));
  attempt.probes = probes;
  const observed = { probes, calls, verdict: verdictOf(attempt) };
  options.observe?.(observationOf(attempt.context, observed, attempt.startedAt));
  const attachments = await diagnoseAttempt(attempt, { probes, calls, policies }, redact);
  await remove(attempt);
  return {
    ...scenarioResult(scenario, verdictOf(attempt), redact.text(reasonFor(attempt))),
    errorCode: attempt.failure instanceof HarnessError ? attempt.failure.code : null,
    attempts: number,
    durations: attempt.durations,
    probes,
    attachments,
    calls,
    policies,
    timeline: attempt.timeline,
  };
}

function begin(scenario: Scenario, options: AttemptOptions, number: number) {
  const limit = timeLimit(scenario, options.timeoutMilliseconds);
  const signal = AbortSignal.any([options.signal, limit.signal]);
  // Later attempts use other names, so prefetched resources do not fit.
  const prefetched = number === 1 ? options.prefetch?.take(scenario) : undefined;
  return {
    scenario,
    options,
    number,
    prefetched,
    limit,
    context: createScenarioContext(scenario, options.environment, number, signal, prefetched?.resources),
    startedAt: Date.now(),
    durations: { arranging: 0, probing: 0, teardown: 0 },
    timeline: [] as ScenarioPhase[],
    probes: [] as readonly ProbeOutcome[],
    /** The failure that prevented probes or the teardown. */
    failure: undefined as unknown,
  };
}

async function arrangeAndProbe(attempt: Attempt): Promise<void> {
  const { context, limit, prefetched, options } = attempt;
  const { aroundProbes = (probes) => probes() } = options;
  try {
    await timed(attempt, 'arranging', () => orAborted(arrange(context, prefetched?.inAws), context.signal));
    await timed(attempt, 'waiting', () => awaitTurn(attempt));
    const probes = (): Promise<readonly ProbeOutcome[]> =>
      orAborted(probeAll(context, options.podStarted), context.signal);
    attempt.probes = await timed(attempt, 'probing', () => aroundProbes(probes));
  } catch (error) {
    attempt.failure = awsFailure(error) ?? error;
  }
  limit.stop();
}

/** Waits for other scenarios. The timeout does not run meanwhile. */
async function awaitTurn({ options, limit, context }: Attempt): Promise<void> {
  if (options.turn === undefined) return;
  limit.stop();
  await orAborted(options.turn, context.signal);
  limit.start();
}

async function diagnoseAttempt(attempt: Attempt, received: Received, redact: Redactor): Promise<readonly Attachment[]> {
  const { context, options, number, startedAt } = attempt;
  const verdict = verdictOf(attempt);
  if (verdict === 'passed' || isStopped(attempt)) return [];
  const failure = { verdict, reason: redact.text(reasonFor(attempt)), ...received, attempt: number, startedAt };
  return timed(attempt, 'diagnosing', () => diagnose(context, failure, redact, options.diagnostics));
}

async function remove(attempt: Attempt): Promise<void> {
  const { scenario, options, context } = attempt;
  const verdict = verdictOf(attempt);
  const kept = options.keep === 'always' || (options.keep === 'on-failure' && verdict !== 'passed');
  // Removes everything if the scenario may be retried, or if other scenarios may use its names.
  const makesRoom = (verdict === 'error' && !isStopped(attempt)) || scenario.spec.exactNames === true;
  try {
    await timed(attempt, 'teardown', () => tearDown(context, { kept, makesRoom }));
  } catch (error) {
    attempt.failure ??= error;
  }
}

const verdictOf = ({ failure, probes }: Attempt): ProbeOutcome['verdict'] =>
  failure === undefined ? worst(probes.map((probe) => probe.verdict)) : 'error';

/** Whether the attempt was stopped. It then has no verdict, and needs no diagnostics. */
const isStopped = ({ failure, options }: Attempt): boolean => failure !== undefined && options.signal.aborted;

/** Records the duration of a phase. Omits phases of 0 ms from the timeline. */
async function timed<T>(
  { durations, timeline, number: attempt }: Attempt,
  phase: ScenarioPhase['phase'],
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  const started = performance.now();
  try {
    return await work();
  } finally {
    const milliseconds = Math.round(performance.now() - started);
    if (phase in durations) durations[phase as keyof typeof durations] = milliseconds;
    if (milliseconds > 0) timeline.push({ phase, attempt, startedAt, milliseconds });
  }
}

/** `signal` fires at the timeout; `start` restarts it. */
function timeLimit({ id }: Scenario, milliseconds: number) {
  const timeUp = new AbortController();
  const expire = (): void =>
    timeUp.abort(
      new HarnessError(
        'TIMED_OUT',
        `${id} did not finish within ${milliseconds / 1000} s. Raise --timeout, or check which probe is missing.`,
      ),
    );
  let timer = setTimeout(expire, milliseconds);
  return {
    signal: timeUp.signal,
    start: () => {
      timer = setTimeout(expire, milliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Secrets of the scenario's workloads: minted tokens, and keys in environment variables. */
function secretsOf({ tokens, scenario }: ScenarioContext): string[] {
  const environments = Object.values(scenario.spec.workloads ?? {}).flatMap(({ env = {} }) => Object.entries(env));
  return [...tokens.values(), ...environments.filter(([name]) => isSecretName(name)).map(([, value]) => value)];
}

function reasonFor({ scenario, failure, probes }: Attempt): string {
  if (failure !== undefined) return `${scenario.id} could not be judged: ${reasonOf(failure)}`;
  const bad =
    probes.find((probe) => probe.verdict === 'error') ??
    probes.find((probe) => probe.verdict === 'failed') ??
    probes.find(isFailedControl) ??
    probes.find((probe) => probe.verdict !== 'passed');
  if (bad !== undefined) return probeSentence(bad);
  return probes.length === 1
    ? 'The probe had the expected result.'
    : `All ${counted(probes.length, 'probe')} had the expected results.`;
}
