import { causeFromMessage } from '../../foundation/denial-cause.ts';
import type { ProbeReport, ProbeResult, Settling } from '../../foundation/probe-protocol.ts';

/** Between tries: nothing of AWS is asked more often than once a second. */
const PAUSE_MILLISECONDS = 1000;

/** Whether a result is what a probe must come to, as far as `Settling` tells. */
export function meets(result: ProbeResult, settle: Settling): boolean {
  const { outcome, by, codes, status, policy, explicit, roleArn } = settle;
  const cause = causeFromMessage(result.message ?? '');
  return (
    result.outcome === outcome &&
    (by === undefined || (result.layer !== undefined && by.includes(result.layer))) &&
    (codes === undefined || (result.code !== undefined && codes.includes(result.code))) &&
    (status === undefined || result.status === status) &&
    (policy === undefined || cause === undefined || cause.policy === policy) &&
    (explicit === undefined || cause === undefined || cause.explicit === explicit) &&
    (roleArn === undefined || result.identity === undefined || isSessionOf(result.identity.arn, roleArn))
  );
}

/** Whether an ARN of STS is that of a session of a role; STS leaves the role's path out. */
function isSessionOf(sessionArn: string, roleArn: string): boolean {
  const session = /^arn:[^:]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(sessionArn);
  const role = /^arn:[^:]+:iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(roleArn);
  return session !== null && role !== null && session[1] === role[1] && session[2] === role[2];
}

/**
 * Whether a result may be another one when changes of IAM and of associations have reached all of AWS. What was put into the
 * pod when it was admitted stays as it is, and an agent that cannot be reached is no matter of AWS. An error says
 * nothing, unless a service did not answer: it may the next time.
 */
export function mayChange(result: ProbeResult, settle: Settling): boolean {
  const fixed = (layer: string | undefined): boolean => layer === 'injection' || layer === 'network';
  if (result.outcome === 'error') return result.layer !== undefined && result.status === undefined;
  return !fixed(result.layer) && !settle.by?.every(fixed);
}

export interface Tries {
  /** Makes the probe; `isFirst` is false for one that must take nothing over from the try before. */
  readonly run: (isFirst: boolean) => Promise<ProbeReport>;
  /** When the probe's phase was opened, milliseconds since the epoch. */
  readonly openedAt: number;
  readonly pauseMilliseconds?: number;
}

/** Repeats a probe until it comes to what it must, or its time is over; gives the last report, with how many tries it took. */
export async function untilSettled(
  settle: Settling | undefined,
  { run, openedAt, pauseMilliseconds = PAUSE_MILLISECONDS }: Tries,
): Promise<ProbeReport> {
  const first = await run(true);
  if (settle === undefined) return first;
  let report = first;
  for (let count = 2; !meets(report, settle) && mayChange(report, settle); count += 1) {
    if (Date.now() + pauseMilliseconds > openedAt + settle.seconds * 1000) break;
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    report = { ...(await run(false)), tries: { count, firstStartedAt: first.startedAt } };
  }
  return report;
}
