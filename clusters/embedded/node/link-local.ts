import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * A loopback port that stands for a link-local address of the node. Connections are handed to the server behind that
 * address, which sees the Host that a pod would send; without a server they are reset, since no one is there to accept them.
 */
export class LinkLocalAddress {
  readonly url: string;
  readonly #host: string;
  readonly #listener: Server;
  readonly #connections = new Set<Socket>();
  #target: HttpServer | undefined;

  private constructor(host: string, listener: Server) {
    this.#host = host;
    this.#listener = listener;
    this.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    listener.on('connection', (socket) => this.#accept(socket));
  }

  /** `host`: the address as it stands in a URL, such as `[fd00:ec2::23]`. */
  static async open(host: string): Promise<LinkLocalAddress> {
    // As node:http has it: a caller may end its half once the request is sent.
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    return new LinkLocalAddress(host, listener);
  }

  /** Sets the server behind the address, in this process; undefined when there is none. */
  setTarget(target: HttpServer | undefined): void {
    this.#target?.off('request', this.#translate);
    this.#target = target?.prependListener('request', this.#translate);
  }

  async close(): Promise<void> {
    this.setTarget(undefined);
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#target !== undefined) this.#target.emit('connection', socket);
    else {
      // Once the request is there: reset before, a caller that still writes would meet another error.
      socket.on('error', () => undefined);
      socket.once('data', () => socket.resetAndDestroy());
    }
  }

  /** The Host as a pod would send it, in place of the address that the workload was told. */
  readonly #translate = ({ socket, rawHeaders }: IncomingMessage): void => {
    if (!this.#connections.has(socket)) return;
    const own = this.url.slice('http://'.length);
    for (let index = 0; index < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() === 'host' && rawHeaders[index + 1] === own)
        rawHeaders[index + 1] = this.#host;
    }
  };
}
