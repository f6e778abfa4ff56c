import { once } from 'node:events';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { listenOnReservedPort } from '../../../foundation/node/reserved-port.ts';

/**
 * A loopback port that stands for a link-local address of the node. Connections are handed to the server behind that
 * address, which sees the Host that a pod would send; without a server they are refused, as of an address that nobody has.
 */
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

  /** `host`: the address as it stands in a URL, such as `[fd00:ec2::23]`. */
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

  /** Sets the server behind the address, in this process; undefined when there is none. */
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
    // As node:http has it: a caller may end its half once the request is sent.
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
    // One that came just as the server went away.
    if (this.#target === undefined) socket.resetAndDestroy();
    else this.#target.emit('connection', socket);
  }

  /** The Host as a pod would send it, in place of the address that the workload was told; AWS's Common Runtime leaves out the port. */
  readonly #translate = ({ socket, rawHeaders }: IncomingMessage): void => {
    if (!this.#connections.has(socket)) return;
    const { host, hostname } = new URL(this.url);
    for (let index = 0; index < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() === 'host' && [host, hostname].includes(rawHeaders[index + 1] ?? ''))
        rawHeaders[index + 1] = this.#host;
    }
  };
}
