import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { goNetworkError } from './explain-network-error.ts';

const DIAL_TIMEOUT = 500;
const ATTEMPT_TIMEOUT = 1000;

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** There was no complete response. The message is that of Go's HTTP client. */
export class NoAnswer extends Error {
  /** Whether the caller disconnected, so that a retry is useless. */
  readonly cancelled: boolean;

  constructor(message: string, cancelled = false) {
    super(message);
    this.cancelled = cancelled;
  }
}

export class Poster {
  readonly #agent: HttpAgent;

  constructor({ protocol }: URL) {
    this.#agent = new (protocol === 'https:' ? HttpsAgent : HttpAgent)({ keepAlive: true });
  }

  close(): void {
    this.#agent.destroy();
  }

  post(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<UpstreamResponse> {
    const https = url.protocol === 'https:';
    const { hostname } = url;
    const port = Number(url.port) || (https ? 443 : 80);
    const options: RequestOptions = { method: 'POST', headers, agent: this.#agent };
    return new Promise<UpstreamResponse>((resolve, reject) => {
      const request = (https ? httpsRequest : httpRequest)(url, options);
      let answering = false;
      const end = (error?: NoAnswer): void => {
        clearTimeout(attempt);
        clearTimeout(dial);
        signal.removeEventListener('abort', cancel);
        if (error === undefined) return;
        request.destroy();
        reject(error);
      };
      const failed = (error: Error): void => end(new NoAnswer(goNetworkError(error, hostname, port)));
      const cancel = (): void => end(new NoAnswer('context canceled', true));
      const attempt = setTimeout(() => {
        const while_ = answering
          ? 'Client.Timeout or context cancellation while reading body'
          : 'Client.Timeout exceeded while awaiting headers';
        end(new NoAnswer(`context deadline exceeded (${while_})`));
      }, ATTEMPT_TIMEOUT);
      const timedOut = (): void => end(new NoAnswer(`dial tcp ${hostname}:${port}: i/o timeout`));
      const dial = setTimeout(timedOut, DIAL_TIMEOUT);
      request.on('socket', (socket) => {
        const connected = (): void => clearTimeout(dial);
        if (socket.connecting) socket.once('connect', connected);
        else connected();
      });
      // Add this listener first: a request that is aborted before it has a socket also emits an error.
      request.on('error', failed);
      signal.addEventListener('abort', cancel);
      if (signal.aborted) return cancel();
      request.on('response', (response) => {
        answering = true;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', failed);
        response.on('end', () => {
          end();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      request.end(body);
    });
  }
}
