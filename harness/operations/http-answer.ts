import type { Layer, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { RawAnswer } from '../kubernetes-client/client.ts';

/** Granted for a status of 2xx, else refused with the reason and message of a Kubernetes Status. */
export function httpResult(layer: Layer, answer: RawAnswer): ProbeResult {
  const facts = {
    status: answer.status,
    body: answer.body.slice(0, 20_000),
    ...(answer.contentType !== undefined && { contentType: answer.contentType }),
  };
  if (answer.status >= 200 && answer.status < 300) return { outcome: 'granted', status: answer.status, facts };
  return { ...refusal(layer, answer), facts };
}

export function refusal(layer: Layer, { status, body }: RawAnswer): ProbeResult {
  const { reason = String(status), message = body.slice(0, 500).trim() } = parsed(body);
  return { outcome: 'refused', layer, code: reason, status, message };
}

function parsed(body: string): { readonly reason?: string; readonly message?: string } {
  try {
    return JSON.parse(body) as { readonly reason?: string; readonly message?: string };
  } catch {
    return {};
  }
}
