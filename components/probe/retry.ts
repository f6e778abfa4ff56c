import { causeFromMessage } from '../../foundation/protocols/denial-cause.ts';
import { alternatives, firstMismatch } from '../../foundation/protocols/expectation.ts';
import { isSessionOf } from '../../foundation/aws/role-arn.ts';
import { poll } from '../../foundation/node/poll.ts';
import type { ProbeReport, ProbeResult, RetryUntil } from '../../foundation/protocols/probe-protocol.ts';

/** Limits calls of AWS to one per second. */
const PAUSE_MILLISECONDS = 1000;

/** Returns whether a result is the expected one, as far as the pod can know. */
export function isExpected(result: ProbeResult, { expected, roleArn }: RetryUntil): boolean {
  const { identity, message } = result;
  const observed = {
    result,
    cause: causeFromMessage(message),
    isExpectedIdentity: identity && roleArn !== undefined ? isSessionOf(identity.arn, roleArn) : undefined,
  };
  return firstMismatch(expected, observed) === undefined;
}

/**
 * Returns whether a result may change once AWS is consistent. The admitted pod and an unreachable agent do not depend on
 * AWS. An error may only change if a service did not answer.
 */
export function mayChange(result: ProbeResult, { expected }: RetryUntil): boolean {
  const fixed = (layer: string | undefined): boolean => layer === 'injection' || layer === 'network';
  if (result.outcome === 'error') return result.layer !== undefined && result.status === undefined;
  const layers = alternatives(expected.by);
  return !fixed(result.layer) && !(layers.length > 0 && layers.every(fixed));
}

export interface Tries {
  /** Runs the probe. If not `isFirst`, it must not use cached credentials. */
  readonly run: (isFirst: boolean) => Promise<ProbeReport>;
  /** When the probe's phase was opened, in milliseconds since the epoch. */
  readonly openedAt: number;
  readonly pauseMilliseconds?: number;
}

/** Repeats a probe until it has the expected result or times out. Returns the last report. */
export async function retryUntilExpected(
  until: RetryUntil | undefined,
  { run, openedAt, pauseMilliseconds = PAUSE_MILLISECONDS }: Tries,
): Promise<ProbeReport> {
  const first = await run(true);
  if (until === undefined) return first;
  let report = first;
  let count = 0;
  return poll(
    async () => {
      count += 1;
      if (count > 1) report = { ...(await run(false)), tries: { count, firstStartedAt: first.startedAt } };
      return isExpected(report, until) || !mayChange(report, until) ? report : undefined;
    },
    {
      every: pauseMilliseconds,
      within: openedAt + until.seconds * 1000 - Date.now(),
      late: () => report,
    },
  );
}
