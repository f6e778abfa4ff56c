import { poll } from '../../foundation/node/poll.ts';
import type { ProbeResult, RetryUntil } from '../../foundation/protocols/probe-protocol.ts';
import { ofHarness, ofWorkload } from '../scenario/operation-registry.ts';
import type { Expectation, HarnessOperation, ProbeStep } from '../scenario/spec.ts';
import { identityExpected } from '../scenario/expected-identity.ts';
import { AWS_POLL_MILLISECONDS } from './iam.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

/** Returns the result until which the probe program retries a probe; undefined if AWS is consistent. */
export function retryUntil(context: ScenarioContext, step: ProbeStep): RetryUntil | undefined {
  const { propagation } = context.environment.aws;
  if (propagation === undefined || ofWorkload(step.operation)?.withoutAws === true) return undefined;
  // A pod knows only some of the facts, and messages are for people.
  const { as: _as, facts: _facts, message: _message, ...expected } = step.expectation;
  const role = identityExpected(context.scenario.spec, step);
  // The node's role and static keys are not roles of the scenario.
  const declaredRole = Object.keys(context.scenario.spec.roles ?? {}).find((name) => name === role);
  return {
    expected,
    ...(declaredRole !== undefined && { roleArn: context.names.roleArn(declaredRole) }),
    seconds: propagation.boundSeconds,
  };
}

/**
 * Orders the probes of one pod between two steps. If AWS is eventually consistent, expected grants come first, so that
 * denials are not premature. Keeps the order if a probe writes or tests an order.
 */
export function probingOrder<T extends { readonly step: ProbeStep }>(
  context: ScenarioContext,
  probes: readonly T[],
): T[] {
  const isFree = probes.every(({ step }) => ofWorkload(step.operation)?.readOnly);
  if (context.environment.aws.propagation === undefined || !isFree) return [...probes];
  const isGrant = ({ step: { expectation } }: T): boolean =>
    expectation.outcome === 'granted' || expectation.outcome === 'absent';
  return [...probes.filter(isGrant), ...probes.filter((probe) => !isGrant(probe))];
}

interface OwnProbe {
  readonly operation: HarnessOperation;
  readonly expectation: Pick<Expectation, 'outcome' | 'status'>;
}

/** Whether another attempt of a probe is harmless and may have another result. */
function mayChange({ operation, expectation }: OwnProbe, result: ProbeResult): boolean {
  const { outcome, status } = result;
  if (outcome === 'error') return false;
  const refusedAlike = outcome === 'refused' && expectation.outcome === 'refused' && status === expectation.status;
  // Propagation explains neither another message with the expected status, nor a bad request.
  if (status !== undefined && refusedAlike) return false;
  return ofHarness(operation)?.mayDiffer?.(result, expectation) === true;
}

interface JudgedTry {
  readonly result: ProbeResult;
  readonly judgement: { readonly matches: boolean };
}

/** Retries a probe while propagation may explain its mismatch. Returns the last attempt and the number of tries. */
export async function retryUntilExpected<Try extends JudgedTry>(
  context: ScenarioContext,
  ownProbe: OwnProbe,
  probe: () => Promise<Try>,
  pauseMilliseconds = AWS_POLL_MILLISECONDS,
): Promise<Try & { readonly tries: number }> {
  const { propagation } = context.environment.aws;
  if (propagation === undefined) return { ...(await probe()), tries: 1 };
  let last: (Try & { readonly tries: number }) | undefined;
  return poll(
    async () => {
      last = { ...(await probe()), tries: (last?.tries ?? 0) + 1 };
      return last.judgement.matches || !mayChange(ownProbe, last.result) ? last : undefined;
    },
    {
      every: pauseMilliseconds,
      within: propagation.boundSeconds * 1000,
      signal: context.signal,
      late: (error) => last ?? (error as Error),
    },
  );
}
