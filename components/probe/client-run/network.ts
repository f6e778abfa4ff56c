/**
 * A network of a client's own, where the machine allows one: Linux' namespaces, in which the loopback device has the addresses that
 * a pod finds on its node. Nothing else can be reached from it, so neither the machine's own instance metadata.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

/** A port of the client's network, and the loopback port of the machine that stands behind it. */
export interface Relayed {
  readonly host: string;
  readonly port: number;
  readonly to: number;
}

export interface NetworkPlan {
  /** Path of the socket that leads out. */
  readonly socket: string;
  readonly relayed: readonly Relayed[];
  /** Names that resolve to addresses of this network, in the form of /etc/hosts. */
  readonly hosts: string;
}

/** Variable that holds the plan of a network, for the program that sets it up. */
export const NETWORK_PLAN = 'CLIENT_NETWORK';

/** The way out of a network: connections that say which loopback port they are for. */
export class WayOut {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async open(folder: string): Promise<WayOut> {
    const path = join(folder, 'out');
    const server = createServer({ allowHalfOpen: true });
    await once(server.listen(path), 'listening');
    const out = new WayOut(path, server);
    server.on('connection', (socket) => out.#accept(socket));
    return out;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      const end = first.indexOf('\n');
      const inner = connect({ host: '127.0.0.1', port: Number(first.subarray(0, end)), allowHalfOpen: true });
      this.#keep(inner);
      inner.write(first.subarray(end + 1));
      joined(socket, inner);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Joins two connections: what one says goes to the other, and when one breaks, so does the other. */
export function joined(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.once('close', () => from.errored !== null && to.destroy());
  }
}

/** Ports of the machine's loopback that values name, such as that of an AWS endpoint. */
export function loopbackPorts(values: Iterable<string | undefined>): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const value of values)
    for (const [, port] of (value ?? '').matchAll(/\/\/(?:127\.0\.0\.1|localhost):(\d+)/g)) ports.add(Number(port));
  return ports;
}
