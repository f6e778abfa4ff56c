import { ON_TIME_MILLISECONDS, PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import type { Mismatch } from '../../foundation/protocols/expectation.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';

/** Messages of Node, Go and API servers for reset connections, but not for refused ones. */
const RESET = /\b(?:ECONNRESET|ECONNABORTED|EPIPE)\b|socket hang up|connection reset by peer|unexpected EOF/;
/** Their messages for timeouts. */
const TIME_UP = /\b(?:ETIMEDOUT|TIMEOUT|TimeoutError)\b|i\/o timeout|deadline exceeded|Client\.Timeout/;

/** Layers whose answers a proxy, a client timeout or a dropped connection can mask. */
const BEHIND_OTHERS: ReadonlyMap<string | undefined, string> = new Map([
  ['agent', 'agent'],
  ['webhook', 'webhook'],
  ['kubernetes', 'API server'],
  ['injection', 'instance metadata service'],
]);

/** Event-loop delay of the answering services during a probe. */
export interface EventLoopDelay {
  /** Delay in the worst second. */
  readonly milliseconds: number;
  /** Whether all services are in this process, and nothing is between them and the pod. */
  readonly ofAll: boolean;
}

/** Returns why an unexpected result is inconclusive: a reset connection, or a timeout. Undefined if it is conclusive. */
export function inconclusiveReason(result: ProbeResult, { milliseconds, ofAll }: EventLoopDelay): string | undefined {
  const { outcome, layer, code, message } = result;
  if (outcome !== 'refused') return undefined;
  const subjectName = BEHIND_OTHERS.get(layer);
  const late = Math.max(milliseconds, Number(result.facts?.['lateMilliseconds'] ?? 0));
  const isOnTime = ofAll && late < ON_TIME_MILLISECONDS;
  const patterns = isOnTime ? [RESET] : [RESET, TIME_UP];
  const broken = subjectName && patterns.map((pattern) => pattern.exec(`${code} ${message}`)?.[0]).find(Boolean);
  if (broken) return `A connection broke or timed out (${broken}), which proves nothing about the ${subjectName}.`;
  return isGivenUp(result) && late >= PATIENCE_MILLISECONDS
    ? `The event loop stalled for ${late} ms, so the client may have timed out. This proves nothing about the client or the service.`
    : undefined;
}

/** Whether an SDK got no credentials without an error of agent or STS, as after a timeout. Real answers have a status. */
const isGivenUp = ({ layer, status, facts }: ProbeResult): boolean =>
  (layer === 'agent' || layer === 'sts') && status === undefined && facts?.['status'] === undefined;

/** Delay in milliseconds within a second that makes a subject time out. The shortest timeout of a subject is a second. */
const STALLED_MILLISECONDS = 1000;
/** What a timeout of the subject can change, such as a code, a count or a text. A denial or an identity is never its effect. */
const CHANGED_BY_TIMEOUT: ReadonlySet<Mismatch['member']> = new Set(['layer', 'code', 'status', 'message', 'fact']);

/**
 * Returns why a mismatch is inconclusive: since the scenario began, a second was so late that the subject may have timed
 * out. `milliseconds`: the delay of that second.
 */
export function lateReason({ outcome }: ProbeResult, mismatch: Mismatch, milliseconds: number): string | undefined {
  const isMissingGrant = mismatch.member === 'outcome' && outcome !== 'granted';
  if (milliseconds < STALLED_MILLISECONDS || outcome === 'denied') return undefined;
  if (!isMissingGrant && !CHANGED_BY_TIMEOUT.has(mismatch.member)) return undefined;
  return `The event loop stalled for ${milliseconds} ms during this scenario, so the subject may have timed out. This proves nothing about it.`;
}
