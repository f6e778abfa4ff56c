/** Sends requests to the agent on a bare connection, pipelined or malformed. */
import { connect } from 'node:net';
import type { AgentRequest, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

export interface PipelinedResponse {
  /** 0 without a response. */
  readonly status: number;
  readonly contentType: string | undefined;
  /** Without a response, the reason, such as `ECONNREFUSED`. */
  readonly body: string;
}

const TIMEOUT_MILLISECONDS = 20_000;

/**
 * Pipelines requests on one connection (RFC 9112, 9.3.2). Counts responses by status (`answers.400`) and measures the
 * total `milliseconds`. The result is the most severe response. Throws if responses are slower than `perSecond`.
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
      `only ${Math.round(rate)} of the required ${perSecond} requests per second were answered: this machine is too busy`,
    );
  const counts = countStatuses(answers, new Map());
  const code = counts.has('429') ? '429' : ([...counts.keys()][0] ?? 'no answer');
  const byStatus = Object.fromEntries([...counts].map(([status, n]) => [`answers.${status}`, n]));
  const facts = { requests: count, milliseconds, ...byStatus };
  if (code === '200') return { outcome: 'granted', status: 200, facts };
  return { outcome: 'refused', layer: 'agent', code, message: `${counts.get(code) ?? 0} of ${count} answers`, facts };
}

/** Pipelines requests on successive connections until the timeout. Ignores broken connections. */
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

/**
 * Sends a request with these lines as its head. Lines after an empty one are its body. `{token}` marks where the token goes.
 * Without it, the token is sent in an Authorization header. `{length}` is the body's length in bytes. The status is 0 without
 * a complete response.
 */
export async function asWritten(
  url: URL,
  lines: readonly string[],
  authorization: string | undefined,
): Promise<PipelinedResponse> {
  const { answers, isTimeUp } = await exchange(url, requestText(lines, authorization));
  if (isTimeUp) return { status: 0, contentType: undefined, body: 'TIMEOUT' };
  const [head = '', ...body] = answers.replace(/^(HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '').split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    contentType: /^content-type: (.*)$/im.exec(head)?.[1]?.trim(),
    body: head === '' ? 'ECONNRESET' : body.join('\r\n\r\n'),
  };
}

function requestText(lines: readonly string[], authorization: string | undefined): string {
  const text = lines.join('\r\n');
  const [head = '', body = ''] = text.replaceAll('{token}', authorization ?? '').split(/\r\n\r\n([^]*)/);
  const isPlaced = authorization === undefined || text.includes('{token}');
  return [
    head.replace('{length}', String(Buffer.byteLength(body))),
    ...(isPlaced ? [] : [`Authorization: ${authorization}`]),
    ...['Connection: close', '', body],
  ].join('\r\n');
}

/** Returns everything received until the other side closes the connection, or until the timeout. */
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
    // Keep the data received before an error.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ answers: Buffer.concat(chunks).toString('latin1'), isTimeUp }));
    socket.write(text);
  });
}
