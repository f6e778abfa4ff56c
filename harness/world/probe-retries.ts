import { poll } from '../../foundation/node/poll.ts';
import type { ProbeResult, RetryUntil } from '../../foundation/protocols/probe-protocol.ts';
import { ofHarness, ofWorkload } from '../scenario/operation-registry.ts';
import type { Expectation, HarnessOperation, ProbeStep } from '../scenario/spec.ts';
import { identityExpected } from '../scenario/expected-identity.ts';
import { AWS_POLL_MILLISECONDS } from './iam.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';

/** The result for which the probe program repeats a probe, where AWS is eventually consistent. */
export function retryUntil(context: ScenarioContext, step: ProbeStep): RetryUntil | undefined {
  const { propagation } = context.environment.aws;
  if (propagation === undefined || ofWorkload(step.operation)?.withoutAws === true) return undefined;
  // A pod knows only some facts, and messages are for people.
  const { as: _as, facts: _facts, message: _message, ...expected } = step.expectation;
  const role = identityExpected(context.scenario.spec, step);
  // The node's role and users' own keys are no roles of the scenario.
  const own = Object.keys(context.scenario.spec.roles ?? {}).find((name) => name === role);
  return {
    expected,
    ...(own !== undefined && { roleArn: context.names.roleArn(own) }),
    seconds: propagation.boundSeconds,
  };
}

/**
 * The probes of one pod between two steps in order: expected grants come first where AWS is eventually consistent, so
 * that denials are not premature. Probes that write, or test an order, stay in place.
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

export interface OwnProbe {
  readonly operation: HarnessOperation;
  readonly expectation: Pick<Expectation, 'outcome' | 'status'>;
}

/** Whether another attempt of a probe may have another result, and is harmless. */
function mayChange({ operation, expectation }: OwnProbe, result: ProbeResult): boolean {
  const { outcome, status } = result;
  if (outcome === 'error') return false;
  const refusedAlike = outcome === 'refused' && expectation.outcome === 'refused' && status === expectation.status;
  // A delay does not cause the expected status with another message, or a bad request.
  if (status !== undefined && refusedAlike) return false;
  return ofHarness(operation)?.mayDiffer?.(result, expectation) === true;
}

export interface JudgedTry {
  readonly result: ProbeResult;
  readonly judgement: { readonly matches: boolean };
}

/** Repeats a probe while propagation may explain its mismatch. Returns the last attempt and their number. */
export async function retryUntilExpected<Try extends JudgedTry>(
  context: ScenarioContext,
  own: OwnProbe,
  probe: () => Promise<Try>,
  pauseMilliseconds = AWS_POLL_MILLISECONDS,
): Promise<Try & { readonly tries: number }> {
  const { propagation } = context.environment.aws;
  if (propagation === undefined) return { ...(await probe()), tries: 1 };
  let last: (Try & { readonly tries: number }) | undefined;
  return poll(
    async () => {
      last = { ...(await probe()), tries: (last?.tries ?? 0) + 1 };
      return last.judgement.matches || !mayChange(own, last.result) ? last : undefined;
    },
    {
      every: pauseMilliseconds,
      within: propagation.boundSeconds * 1000,
      signal: context.signal,
      late: (error) => last ?? (error as Error),
    },
  );
}
