import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { listen, stopServer } from '../../../foundation/listen.ts';

/** A connection for each request: a kept one may be closed by the server behind just as it is used again. */
class Unpooled extends Agent {
  constructor() {
    // Requests are sent as those of a client that keeps its connections, whose headers they have.
    super({ keepAlive: true });
  }

  /** Answers nothing, which means no. */
  override keepSocketAlive(): void {}
}

/**
 * A loopback port that stands for a link-local address of the node. Requests go to the server behind that address with
 * the Host that a pod would send; without one the connection is reset, since no one is there to accept it.
 */
export class LinkLocalAddress {
  readonly url: string;
  readonly #host: string;
  readonly #server: Server;
  readonly #agent = new Unpooled();
  #target: URL | undefined;

  private constructor(host: string, server: Server, port: number) {
    this.#host = host;
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => this.#forward(incoming, answer));
  }

  /** `host`: the address as it stands in a URL, such as `[fd00:ec2::23]`. */
  static async open(host: string): Promise<LinkLocalAddress> {
    const server = createServer();
    return new LinkLocalAddress(host, server, await listen(server));
  }

  /** Sets the server behind the address; undefined when there is none. */
  setTarget(url: string | undefined): void {
    this.#target = url === undefined ? undefined : new URL(url);
    if (url === undefined) this.#server.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.#target = undefined;
    this.#agent.destroy();
    await stopServer(this.#server);
  }

  #forward(incoming: IncomingMessage, answer: ServerResponse): void {
    if (this.#target === undefined) {
      incoming.socket.resetAndDestroy();
      return;
    }
    const { hostname, port } = this.#target;
    const upstream = request({
      agent: this.#agent,
      host: hostname,
      port,
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: this.#headers(incoming.rawHeaders),
      setHost: false,
    });
    upstream.on('error', () => incoming.socket.resetAndDestroy());
    upstream.once('response', (response) => {
      response.on('error', () => incoming.socket.destroy());
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, response.rawHeaders);
      response.pipe(answer);
    });
    // A caller that leaves takes its request with it, as on a direct connection.
    incoming.on('error', () => upstream.destroy());
    answer.on('error', () => upstream.destroy());
    answer.once('close', () => {
      if (!answer.writableFinished) upstream.destroy();
    });
    incoming.pipe(upstream);
  }

  /** The headers as they came, but for the address that the workload was told in place of the link-local one. */
  #headers(raw: readonly string[]): string[] {
    const own = this.url.slice('http://'.length);
    return raw.map((text, index) =>
      index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'host' && text === own ? this.#host : text,
    );
  }
}
