/** An HTTP endpoint on loopback, which answers by script or relays requests. */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedAnswer } from '../../../foundation/protocols/client-run.ts';
import { listenOnReservedPort } from '../../../foundation/node/reserved-port.ts';
import { listen } from '../../../foundation/node/listen.ts';
import type { Lateness } from '../../../foundation/node/lateness.ts';
import { unbracketed } from '../../../foundation/node/unbracketed.ts';

export interface Received {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  /** The original header names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Not a status: closes the connection without a response. */
const CUT = 0;

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string | Buffer;
  readonly delayMilliseconds?: number;
}

export type Handler = (request: Received) => Promise<Reply>;

interface EndpointOptions {
  /** Called with the host of each CONNECT request to a proxy, and with undefined for other connections. */
  readonly connected?: ((host?: string) => void) | undefined;
  /** Certificate and key as PEM. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export class Endpoint {
  readonly url: string;
  readonly port: number;
  readonly #server: Server;
  readonly #release: () => void;
  #back: NodeJS.Timeout | undefined;

  private constructor(server: Server, release: () => void) {
    this.#server = server;
    this.#release = release;
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  static async open(
    handler: Handler,
    late: Lateness,
    { connected = () => undefined, tls }: EndpointOptions = {},
  ): Promise<Endpoint> {
    const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
      const began = performance.now();
      void serve(incoming, response, handler).then((delay) => late.took(performance.now() - began - delay));
    };
    const server = tls ? (await import('node:https')).createServer(tls, handle) : createServer(handle);
    server.on('connection', () => connected());
    server.on('connect', ({ url = '' }: IncomingMessage, socket: Duplex) => {
      connected(url.replace(/:\d+$/, ''));
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    const release = await listenOnReservedPort((port) => listen(server, '127.0.0.1', port));
    return new Endpoint(server, release);
  }

  async away(seconds: number): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    this.#back = setTimeout(() => this.#server.listen(this.port, '127.0.0.1'), seconds * 1000);
  }

  close(): void {
    clearTimeout(this.#back);
    this.#server.close();
    this.#server.closeAllConnections();
    this.#release();
  }
}

async function serve(incoming: IncomingMessage, response: ServerResponse, handler: Handler): Promise<number> {
  try {
    const body = await readAll(incoming);
    const { method = '', url: target = '', headers, rawHeaders } = incoming;
    const reply = await handler({ method, target, headers, rawHeaders, body });
    const { status, headers: replyHeaders, body: content, delayMilliseconds = 0 } = reply;
    if (status === CUT) incoming.socket.destroy();
    else {
      // Set the length of changed bodies, which some clients require. HEAD keeps the object's length.
      const length = method === 'HEAD' ? undefined : { 'content-length': `${Buffer.byteLength(content ?? '')}` };
      const headers = { ...replyHeaders, ...length } as Record<string, string>;
      response.writeHead(status, headers).end(method === 'HEAD' ? undefined : content);
    }
    return delayMilliseconds;
  } catch {
    // If the client or the upstream fails, close the connection.
    incoming.socket.destroy();
    return 0;
  }
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Relays a request with its Host unchanged, because signatures cover it. Rejects if there is no response. */
export async function passOn(
  to: URL,
  { method, target, rawHeaders, body }: Received,
  others: Readonly<Record<string, string>> = {},
): Promise<Reply & { readonly body: Buffer }> {
  const request = to.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
  const sent = Object.entries(others).flat();
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (others[rawHeaders[at]?.toLowerCase() ?? ''] === undefined) sent.push(...rawHeaders.slice(at, at + 2));
  const hostname = unbracketed(to.hostname);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port: to.port, method, path: target, headers: sent, agent: false });
    outgoing.once('response', (answer: IncomingMessage) => {
      const { statusCode: status = 502, headers } = answer;
      readAll(answer).then((content) => resolve({ status, headers: plain(headers), body: content }), reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Returns the host of a Host header. Some clients send IPv6 addresses without brackets. */
export const withoutPort = (host = ''): string => host.replace(/^(\[.*\]|[^:]*):\d+$/, '$1');

/** Headers of a connection or of the body's transfer, which are not forwarded. */
const HOP_BY_HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding']);

const plain = (headers: IncomingMessage['headers']): NonNullable<Reply['headers']> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP_HEADERS.has(name)));

/** Scripted answers in order. The last one repeats. */
export class Script {
  #answers: readonly ScriptedAnswer[];

  constructor(answers: readonly ScriptedAnswer[]) {
    this.#answers = answers;
  }

  /** Returns the next answer. Without `lastStays`, returns undefined at the end. */
  next(lastStays = true): ScriptedAnswer | undefined {
    const [first, ...others] = this.#answers;
    if (others.length > 0 || !lastStays) this.#answers = others;
    return first;
  }

  replace(answers: readonly ScriptedAnswer[]): void {
    this.#answers = answers;
  }
}

/** Answers by the script. `made` creates default answers. */
export async function byScript(
  answer: ScriptedAnswer,
  made: (answer: ScriptedAnswer) => Promise<Reply>,
): Promise<Reply> {
  const { status = 200, body, headers, delaySeconds = 0, cut, aheadSeconds } = answer;
  const delayMilliseconds = delaySeconds * 1000;
  if (delaySeconds > 0) await sleep(delayMilliseconds);
  if (cut) return { status: CUT, delayMilliseconds };
  if (body === undefined) return { ...(await made(answer)), delayMilliseconds };
  const date = aheadSeconds === undefined ? {} : { date: new Date(Date.now() + aheadSeconds * 1000).toUTCString() };
  return { status, headers: { ...date, ...headers }, body, delayMilliseconds };
}
