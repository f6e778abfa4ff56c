import { poll } from '../../foundation/node/poll.ts';
import type { ProbeResult, RetryUntil } from '../../foundation/protocols/probe-protocol.ts';
import { ofHarness, ofWorkload } from '../scenario/operation-registry.ts';
import type { Expectation, HarnessOperation, ProbeStep } from '../scenario/spec.ts';
import { identityExpected } from '../scenario/expected-identity.ts';
import { AWS_POLL_MILLISECONDS } from './iam.ts';
import type { ScenarioWorld } from '../scenario/world.ts';

/** What the probe program is to repeat a probe for, where AWS takes a while to put changes in force. */
export function retryUntil(world: ScenarioWorld, step: ProbeStep): RetryUntil | undefined {
  const { propagation } = world.environment.aws;
  if (propagation === undefined || ofWorkload(step.operation)?.withoutAws === true) return undefined;
  // Of facts a pod knows a part, and messages are for people.
  const { as: _as, facts: _facts, message: _message, ...expected } = step.expectation;
  const role = identityExpected(world.scenario.spec, step);
  // The node's role and keys of a user's own are no roles of the scenario.
  const own = Object.keys(world.scenario.spec.roles ?? {}).find((name) => name === role);
  return {
    expected,
    ...(own !== undefined && { roleArn: world.names.roleArn(own) }),
    seconds: propagation.boundSeconds,
  };
}

/**
 * The probes of one pod between two steps, in the order that it makes them: those that must be granted come first where AWS
 * takes a while to put changes in force, so that a denial does not come of a change that is still to come. Probes that write,
 * or whose order is what they are about, stay where the scenario has them.
 */
export function probingOrder<T extends { readonly step: ProbeStep }>(world: ScenarioWorld, probes: readonly T[]): T[] {
  const isFree = probes.every(({ step }) => ofWorkload(step.operation)?.readOnly);
  if (world.environment.aws.propagation === undefined || !isFree) return [...probes];
  const isGrant = ({ step: { expectation } }: T): boolean =>
    expectation.outcome === 'granted' || expectation.outcome === 'absent';
  return [...probes.filter(isGrant), ...probes.filter((probe) => !isGrant(probe))];
}

/** A probe of the harness: what it does, and what it must meet. */
export interface OwnProbe {
  readonly operation: HarnessOperation;
  readonly expectation: Pick<Expectation, 'outcome' | 'status'>;
}

/** Whether another try of a probe of the harness may come to another result, and does no harm. */
function mayChange({ operation, expectation }: OwnProbe, result: ProbeResult): boolean {
  const { outcome, status } = result;
  if (outcome === 'error') return false;
  const refusedAlike = outcome === 'refused' && expectation.outcome === 'refused' && status === expectation.status;
  // An answer of the expected status with other words, or what is wrong with a request itself, does not come of a delay.
  if (status !== undefined && refusedAlike) return false;
  return ofHarness(operation)?.mayDiffer?.(result, expectation) === true;
}

/** A try of a probe, held against its expectation. */
export interface JudgedTry {
  readonly result: ProbeResult;
  readonly judgement: { readonly matches: boolean };
}

/**
 * Makes a probe of the harness, and repeats it while it does not match its expectation and propagation may be why. Gives the
 * last try, and how many there were.
 */
export async function retryUntilExpected<Try extends JudgedTry>(
  world: ScenarioWorld,
  own: OwnProbe,
  probe: () => Promise<Try>,
  pauseMilliseconds = AWS_POLL_MILLISECONDS,
): Promise<Try & { readonly tries: number }> {
  const { propagation } = world.environment.aws;
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
      signal: world.signal,
      late: (error) => last ?? (error as Error),
    },
  );
}
