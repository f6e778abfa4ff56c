/** Many requests at once to the agent, as fast as one connection takes them. */
import { connect } from 'node:net';
import type { AgentRequest, ProbeResult } from '../../foundation/probe-protocol.ts';

const TIMEOUT_MILLISECONDS = 20_000;

/**
 * Writes requests to one connection without waiting for answers (RFC 9112, 9.3.2), and counts these by their status:
 * `answers.400`. The result is the most severe: of the agent's limit where one request met it. Throws where the answers came slower
 * than `perSecond`.
 */
export async function pipelined(
  base: string,
  { method = 'GET', path, host, perSecond = 0 }: AgentRequest,
  authorization: string | undefined,
  count: number,
): Promise<ProbeResult> {
  const url = new URL(base);
  const head = [
    `${method} ${path ?? url.pathname} HTTP/1.1`,
    `Host: ${host ?? url.host}`,
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
  ].join('\r\n');
  const text = `${`${head}\r\n\r\n`.repeat(count - 1)}${head}\r\nConnection: close\r\n\r\n`;
  const started = performance.now();
  const answers = await exchange(url, text);
  const rate = (count * 1000) / (performance.now() - started);
  if (rate < perSecond)
    throw new Error(
      `${Math.round(rate)} requests a second were answered, and ${perSecond} must be: this machine is too busy`,
    );
  const counts = new Map<string, number>();
  for (const [, status = ''] of answers.matchAll(/HTTP\/1\.1 (\d{3}) /g))
    counts.set(status, (counts.get(status) ?? 0) + 1);
  const code = counts.has('429') ? '429' : ([...counts.keys()][0] ?? 'no answer');
  const facts = { requests: count, ...Object.fromEntries([...counts].map(([status, n]) => [`answers.${status}`, n])) };
  if (code === '200') return { outcome: 'granted', status: 200, facts };
  return { outcome: 'refused', layer: 'agent', code, message: `${counts.get(code) ?? 0} of ${count} answers`, facts };
}

/** All that comes back until the other side ends. */
function exchange(url: URL, text: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const port = url.port === '' ? 80 : Number(url.port);
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: TIMEOUT_MILLISECONDS });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('timeout', () => socket.destroy());
    // What came until then counts.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(text);
  });
}
