import { ON_TIME_MILLISECONDS, PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';

/**
 * Connections that were reset, in the words of Node, of Go and of API servers. Where nobody is there at all, connections are
 * refused: that is none of these.
 */
const RESET = /\b(?:ECONNRESET|ECONNABORTED|EPIPE)\b|socket hang up|connection reset by peer|unexpected EOF/;
/** Times that were up, in their words. */
const TIME_UP = /\b(?:ETIMEDOUT|TIMEOUT|TimeoutError)\b|i\/o timeout|deadline exceeded|Client\.Timeout/;

/**
 * Whom a layer is about whose answer a proxy, a forwarder, an SDK's own limit of time or the harness' own connection stands
 * before. Others give answers of their own.
 */
const BEHIND_OTHERS: ReadonlyMap<string | undefined, string> = new Map([
  ['agent', 'agent'],
  ['webhook', 'webhook'],
  ['kubernetes', 'kubernetes'],
  ['injection', 'instance metadata service'],
]);

/** How late those who answer were while a probe went on. */
export interface Late {
  /** By how much within a second. */
  readonly milliseconds: number;
  /** Whether that is known of all who answer, and nothing stands between these and the pod. */
  readonly ofAll: boolean;
}

/**
 * Why a result that is not as expected tells nothing of the subject: its connection broke, or its time was up, which a busy
 * machine and what stands between do as well. Undefined where it tells.
 */
export function doubtOf(result: ProbeResult, { milliseconds, ofAll }: Late): string | undefined {
  const { outcome, layer, code, message } = result;
  if (outcome !== 'refused') return undefined;
  const asked = BEHIND_OTHERS.get(layer);
  const late = Math.max(milliseconds, Number(result.facts?.['lateMilliseconds'] ?? 0));
  const isOnTime = ofAll && late < ON_TIME_MILLISECONDS;
  const patterns = isOnTime ? [RESET] : [RESET, TIME_UP];
  const broken = asked && patterns.map((pattern) => pattern.exec(`${code} ${message}`)?.[0]).find(Boolean);
  if (broken) return `A connection broke or its time was up (${broken}), which says nothing of the ${asked}.`;
  return isGivenUp(result) && late >= PATIENCE_MILLISECONDS
    ? `This machine was ${late} ms late within a second, so that a client may have reached its own limit of time, which says nothing of it nor of whom it asked.`
    : undefined;
}

/**
 * Whether an SDK came back without credentials and without an answer of agent or STS that tells why: few say that a limit of time was
 * it. Whoever answers has a status, and who is not reached by hand one of 0.
 */
const isGivenUp = ({ layer, status, facts }: ProbeResult): boolean =>
  (layer === 'agent' || layer === 'sts') && status === undefined && facts?.['status'] === undefined;
