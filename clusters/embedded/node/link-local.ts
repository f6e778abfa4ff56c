import { once } from 'node:events';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { listenOnReservedPort } from '../../../foundation/node/reserved-port.ts';

/** A loopback port that replaces a link-local address. Its server sees the pod's Host. Without one, connections fail. */
export class LinkLocalAddress {
  #port = 0;
  #release: () => void = () => undefined;
  readonly #host: string;
  readonly #connections = new Set<Socket>();
  #listener: Server | undefined;
  #target: HttpServer | undefined;

  private constructor(host: string) {
    this.#host = host;
  }

  /** @param host such as `[fd00:ec2::23]` */
  static async open(host: string): Promise<LinkLocalAddress> {
    const address = new LinkLocalAddress(host);
    address.#release = await listenOnReservedPort((port) => {
      address.#port = port;
      return address.#listen();
    });
    address.#stopListening();
    return address;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Sets or removes the server, which runs in this process. */
  async setTarget(target: HttpServer | undefined): Promise<void> {
    this.#target?.off('request', this.#translate);
    this.#target = target?.prependListener('request', this.#translate);
    if (target === undefined) this.#stopListening();
    else if (this.#listener === undefined) await this.#listen();
  }

  async close(): Promise<void> {
    await this.setTarget(undefined);
    this.#release();
    for (const socket of this.#connections) socket.destroy();
  }

  async #listen(): Promise<void> {
    // Callers may close their half after the request.
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    this.#listener = listener;
    await once(listener.listen(this.#port, '127.0.0.1'), 'listening');
  }

  #stopListening(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    // The server was just removed.
    if (this.#target === undefined) socket.resetAndDestroy();
    else this.#target.emit('connection', socket);
  }

  /** Sets the Host that a real pod would send. AWS's Common Runtime omits the port. */
  readonly #translate = ({ socket, rawHeaders }: IncomingMessage): void => {
    if (!this.#connections.has(socket)) return;
    const { host, hostname } = new URL(this.url);
    for (let index = 0; index < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() === 'host' && [host, hostname].includes(rawHeaders[index + 1] ?? ''))
        rawHeaders[index + 1] = this.#host;
    }
  };
}
