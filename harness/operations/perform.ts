import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesError } from '../../foundation/protocols/kubernetes-connection.ts';
import type { ServiceError } from '../../components/probe/service-error.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { isAwsItself } from '../aws-target/capabilities.ts';
import { watchRefusals } from '../world/association.ts';
import { waitForIam } from '../world/iam.ts';
import type { ActionStep, Expectation, HarnessOperation, Operation } from '../scenario/spec.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import type { HarnessDescriptor, StepContext } from '../scenario/descriptor.ts';
import { ofHarness, stepOf } from '../scenario/operation-registry.ts';

/** Performs a step, and waits until the change is effective. */
export async function performStep(stepContext: StepContext, step: ActionStep): Promise<void> {
  const { context, expectsRefusal } = stepContext;
  const descriptor = stepOf(step);
  const role = descriptor.changesRole?.(step);
  const untilRefused = role === undefined ? undefined : await watchRefusals(context, role, expectsRefusal);
  await descriptor.perform(stepContext, step);
  if (descriptor.changesIam) await waitForIam(context);
  await untilRefused?.();
}

/**
 * Runs a probe of the harness. Throws failures of an API server or service, and rejections of the harness's credentials.
 * A failure at every attempt counts as the answer, unless it is an overload or comes from AWS itself.
 */
export async function performOperation(
  context: ScenarioContext,
  operation: HarnessOperation,
  expectation: Pick<Expectation, 'status' | 'code'> & Partial<Pick<Expectation, 'outcome'>>,
): Promise<ProbeResult> {
  const descriptor = ofHarness(operation);
  if (descriptor === undefined) throw new Error(`${operation.do} is performed by pods`);
  const once = (): Promise<Performed> => perform(context, descriptor, operation);
  const { result, failure } = await once();
  const isAnswer = result.status === expectation.status || !isOfApiServer(descriptor, result);
  if (failure === undefined && isAnswer) return result;
  // A failure must not match an expected refusal without a code.
  const isDistinguishable = expectation.outcome === 'granted' || expectation.code !== undefined;
  if (isDistinguishable && isFailure(result) && (await isSame(result, once, context.signal))) return result;
  if (failure !== undefined) throw failure;
  throw new KubernetesError(
    result.status ?? 0,
    result.code ?? 'Unknown',
    `the API server answered ${result.status} to ${operation.do}: ${result.message}`,
  );
}

interface Performed {
  readonly result: ProbeResult;
  readonly failure?: Error;
}

async function perform(
  context: ScenarioContext,
  descriptor: HarnessDescriptor<Operation>,
  operation: HarnessOperation,
): Promise<Performed> {
  try {
    return { result: await descriptor.perform(context, context.names.expandAll<Operation>(operation)) };
  } catch (error) {
    const failure = error as ServiceError;
    const { name, message, $metadata } = failure;
    const refused = { outcome: 'refused', status: 500, message } as const;
    if (error instanceof KubernetesError && error.status === 500)
      return { result: { ...refused, layer: 'kubernetes', code: error.reason }, failure };
    if ($metadata?.httpStatusCode !== 500 || isAwsItself(context.environment.aws)) throw error;
    return { result: { ...refused, code: name }, failure };
  }
}

const TRIES = 3;
const PAUSE_MILLISECONDS = 1000;
/** Messages of API servers and services for a 500 that is caused by others or an overload. */
const BUSY = /\btime|timeout|deadline|etcd|leader|unavailable|overload|rpc error/i;

/** Whether an API server (500 StatusInternalServerError) or service ("InternalFailure") failed itself. */
const isFailure = ({ status, message = '' }: ProbeResult): boolean => status === 500 && !BUSY.test(message);

async function isSame(
  { status, message }: ProbeResult,
  again: () => Promise<Performed>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    await sleep(PAUSE_MILLISECONDS, undefined, { signal });
    const { result: next } = await again();
    if (next.status !== status || next.message !== message) return false;
  }
  return true;
}

/** An API server's messages for failures of webhook and agent, which are results. */
const WEBHOOK_AND_AGENT_ERRORS = /failed calling webhook|error trying to reach/;

/** Whether the API server failed, was overloaded or rejected the harness's credentials. */
function isOfApiServer(
  { asScenario }: HarnessDescriptor<Operation>,
  { outcome, layer, status = 0, message, facts }: ProbeResult,
): boolean {
  if (outcome !== 'refused' || WEBHOOK_AND_AGENT_ERRORS.test(message ?? '')) return false;
  const isItsAnswer =
    layer === 'kubernetes' || (layer === 'agent' && /"kind": ?"Status"/.test(String(facts?.['body'])));
  return isItsAnswer && (status >= 500 || status === 429 || (status === 401 && asScenario !== true));
}
