import type { ProbeResult } from '../../foundation/probe-protocol.ts';

/**
 * Connections that were reset, and times that were up, in the words of Node, of Go and of API servers. Where nobody is there
 * at all, connections are refused: that is none of these.
 */
const BROKEN =
  /\b(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|TIMEOUT|TimeoutError)\b|socket hang up|connection reset by peer|unexpected EOF|i\/o timeout|deadline exceeded|Client\.Timeout/;

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

/**
 * Why a result that is not as expected tells nothing of the subject: its connection broke, or its time was up, which a busy
 * machine and what stands between do as well. Undefined where it tells.
 */
export function doubtOf({ outcome, layer, code, message }: ProbeResult): string | undefined {
  const asked = BEHIND_OTHERS.get(layer);
  if (outcome !== 'refused' || asked === undefined) return undefined;
  const broken = BROKEN.exec(`${code} ${message}`)?.[0];
  return broken === undefined
    ? undefined
    : `A connection broke or its time was up (${broken}), which says nothing of the ${asked}.`;
}
