import { request as requestByHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Failure } from './failure.ts';
import { unbracketed } from '../../../foundation/node/unbracketed.ts';

export interface Outgoing {
  readonly url: URL;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMilliseconds: number;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request. Throws a transient `Failure` if the response is incomplete or late. */
export async function send(outgoing: Outgoing): Promise<RawResponse> {
  const { url, timeoutMilliseconds } = outgoing;
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  try {
    return await answerTo(outgoing, signal);
  } catch (error) {
    const { code = 'ConnectionFailed' } = error as NodeJS.ErrnoException;
    const reason = signal.aborted ? 'TimeoutError' : code;
    const message = signal.aborted ? `no answer within ${timeoutMilliseconds} ms` : `no answer (${code})`;
    throw new Failure(reason, `${url.host}: ${message}`, { isTransient: true });
  }
}

async function answerTo({ url, method = 'GET', headers, body }: Outgoing, signal: AbortSignal): Promise<RawResponse> {
  const request = url.protocol === 'https:' ? (await import('node:https')).request : requestByHttp;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const target = { hostname: unbracketed(url.hostname), port: url.port, path: url.pathname + url.search };
    request({ ...target, method, headers: { ...headers, ...length }, signal }, resolve)
      .on('error', reject)
      .end(body);
  });
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() };
}

export const isTransientStatus = (status: number): boolean => status === 429 || status >= 500;
