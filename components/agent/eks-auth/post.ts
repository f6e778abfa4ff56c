import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
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
  readonly #proxy: URL | undefined;

  constructor({ protocol }: URL, proxy?: URL) {
    const https = protocol === 'https:';
    const keepAlive = { keepAlive: true };
    this.#proxy = proxy;
    if (proxy === undefined) this.#agent = https ? new HttpsAgent(keepAlive) : new HttpAgent(keepAlive);
    else this.#agent = https ? new HttpsProxyAgent(proxy, keepAlive) : new HttpProxyAgent(proxy, keepAlive);
  }

  close(): void {
    this.#agent.destroy();
  }

  post(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<UpstreamResponse> {
    const https = url.protocol === 'https:';
    const dialled = this.#proxy ?? url;
    const { hostname } = dialled;
    const port = Number(dialled.port) || (dialled.protocol === 'https:' ? 443 : 80);
    const dialling = this.#proxy ? 'proxyconnect tcp: ' : '';
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
      const failed = (error: Error): void => {
        const message = goNetworkError(error, hostname, port);
        end(new NoAnswer(message.startsWith('dial ') ? dialling + message : message));
      };
      const cancel = (): void => end(new NoAnswer('context canceled', true));
      const attempt = setTimeout(() => {
        const while_ = answering
          ? 'Client.Timeout or context cancellation while reading body'
          : 'Client.Timeout exceeded while awaiting headers';
        end(new NoAnswer(`context deadline exceeded (${while_})`));
      }, ATTEMPT_TIMEOUT);
      const timedOut = (): void => end(new NoAnswer(`dial tcp ${hostname}:${port}: i/o timeout`));
      // A proxy's agent reports its socket only once it is connected to EKS Auth.
      const dial = this.#proxy ? undefined : setTimeout(timedOut, DIAL_TIMEOUT);
      request.on('socket', (socket) => {
        const connected = (): void => clearTimeout(dial);
        if (socket.connecting) socket.once('connect', connected);
        else connected();
      });
      // Add this listener first: a request that is aborted before it has a socket also emits an error.
      request.on('error', failed);
      // The proxy's agent would pass on this answer to CONNECT as if it came from EKS Auth.
      request.on(
        'proxyConnect',
        ({ statusCode = 200, statusText = '' }: { statusCode?: number; statusText?: string }) => {
          if (statusCode !== 200) end(new NoAnswer(statusText));
        },
      );
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
