/** Requests to the agent by a bare connection: many at once, as fast as it takes them, or one that no HTTP client would send. */
import { connect } from 'node:net';
import type { AgentRequest, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

/** What an agent, or STS, answers. */
export interface Answer {
  /** 0: nothing came. */
  readonly status: number;
  readonly contentType: string | undefined;
  /** Of no answer: why, such as `ECONNREFUSED`. */
  readonly body: string;
}

const TIMEOUT_MILLISECONDS = 20_000;

/**
 * Writes requests to one connection without waiting for answers (RFC 9112, 9.3.2), and counts these by their status
 * (`answers.400`) and the `milliseconds` until all were there. The result is the most severe: of the agent's limit where one
 * request met it. Throws where the answers came slower than `perSecond`.
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
  const { answers } = await exchange(url, text);
  const milliseconds = performance.now() - started;
  const rate = (count * 1000) / milliseconds;
  if (rate < perSecond)
    throw new Error(
      `${Math.round(rate)} requests a second were answered, and ${perSecond} must be: this machine is too busy`,
    );
  const counts = countStatuses(answers, new Map());
  const code = counts.has('429') ? '429' : ([...counts.keys()][0] ?? 'no answer');
  const byStatus = Object.fromEntries([...counts].map(([status, n]) => [`answers.${status}`, n]));
  const facts = { requests: count, milliseconds, ...byStatus };
  if (code === '200') return { outcome: 'granted', status: 200, facts };
  return { outcome: 'refused', layer: 'agent', code, message: `${counts.get(code) ?? 0} of ${count} answers`, facts };
}

/**
 * Writes so many requests to one connection, and again on another, until the time is up: counts answers by their status. Those of a
 * connection that broke are left out.
 */
export async function flood(
  url: URL,
  authorization: string,
  requests: number,
  milliseconds: number,
): Promise<{ readonly statuses: ReadonlyMap<string, number>; readonly milliseconds: number }> {
  const head = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: ${authorization}\r\n`;
  const text = `${`${head}\r\n`.repeat(requests - 1)}${head}Connection: close\r\n\r\n`;
  const statuses = new Map<string, number>();
  const started = performance.now();
  while (performance.now() - started < milliseconds) countStatuses((await exchange(url, text)).answers, statuses);
  return { statuses, milliseconds: performance.now() - started };
}

function countStatuses(answers: string, counts: Map<string, number>): Map<string, number> {
  for (const [, status = ''] of answers.matchAll(/HTTP\/1\.1 (\d{3}) /g))
    counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** Sends a request whose head is these lines. The status is 0 where the other side ends without an answer, or does not end. */
export async function asWritten(
  url: URL,
  lines: readonly string[],
  authorization: string | undefined,
): Promise<Answer> {
  const token = authorization === undefined ? [] : [`Authorization: ${authorization}`];
  const text = [...lines, ...token, 'Connection: close', '', ''].join('\r\n');
  const { answers, isTimeUp } = await exchange(url, text);
  if (isTimeUp) return { status: 0, contentType: undefined, body: 'TIMEOUT' };
  const [head = '', ...body] = answers.replace(/^(HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '').split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    contentType: /^content-type: (.*)$/im.exec(head)?.[1]?.trim(),
    body: head === '' ? 'ECONNRESET' : body.join('\r\n\r\n'),
  };
}

/** All that comes back until the other side ends, or nothing came for so long that the time is up. */
function exchange(url: URL, text: string): Promise<{ readonly answers: string; readonly isTimeUp: boolean }> {
  return new Promise((resolve) => {
    let isTimeUp = false;
    const chunks: Buffer[] = [];
    const port = url.port === '' ? 80 : Number(url.port);
    const socket = connect({ host: unbracketed(url.hostname), port, timeout: TIMEOUT_MILLISECONDS });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('timeout', () => {
      isTimeUp = true;
      socket.destroy();
    });
    // What came until then counts.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ answers: Buffer.concat(chunks).toString('latin1'), isTimeUp }));
    socket.write(text);
  });
}
