/**
 * A client's own network by Linux namespaces: its loopback has the addresses of a pod's node. Nothing else is
 * reachable, in particular not the machine's instance metadata.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { NETWORK_RIGHTS, UNSHARE, type NetworkRights } from '../../../foundation/protocols/client-run.ts';
import type { PlannedClient } from '../../../foundation/protocols/probe-protocol.ts';

export interface Relayed {
  readonly host: string;
  readonly port: number;
  readonly to: number;
}

export interface NetworkPlan {
  readonly socket: string;
  readonly relayed: readonly Relayed[];
  /** Names that resolve to addresses of this network, in the form of /etc/hosts. */
  readonly hosts: string;
  /** File of trusted certificate authorities. Default: the system's. */
  readonly authorities?: string | undefined;
}

/** In the form of /etc/hosts. */
export const LOCALHOST = '127.0.0.1 localhost\n::1 localhost\n';
/** Variable with a network's plan, for the program that sets it up. */
export const NETWORK_PLAN = 'CLIENT_NETWORK';

/** A client's own network, besides the loopback ports that its environment names. */
export interface OwnNetwork extends Omit<NetworkPlan, 'socket'> {
  readonly out: Egress;
}

/** This program in another role: as a client, or setting up a network. */
export const itself = (role: 'client' | 'network'): string[] => [
  ...[process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  role,
];

/** Who may make networks on this node; undefined if nobody may. */
export const rightsHere = (): NetworkRights | undefined => process.env[NETWORK_RIGHTS] as NetworkRights | undefined;

/** How a client is started in its own network. `changes`: to the pod's environment. */
export function inOwnNetwork(
  planned: PlannedClient,
  changes: Readonly<Record<string, string | undefined>>,
  { rights, out, relayed, ...names }: OwnNetwork & { readonly rights: NetworkRights },
) {
  const named = loopbackPorts(Object.values({ ...process.env, ...planned.environment, ...changes }));
  const loopback = [...named].map((port) => ({ host: '127.0.0.1', port, to: port }));
  const plan: NetworkPlan = { socket: out.path, relayed: [...relayed, ...loopback], ...names };
  return {
    command: [...UNSHARE[rights], ...itself('network'), ...planned.command],
    changes: { ...changes, [NETWORK_PLAN]: JSON.stringify(plan) },
  };
}

/** The way out of a client's network: connections name their loopback port. */
export class Egress {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async open(folder: string): Promise<Egress> {
    // Paths of sockets are limited to 108 characters on Linux.
    const path = relative(process.cwd(), join(folder, 'out'));
    const server = createServer({ allowHalfOpen: true });
    await once(server.listen(path), 'listening');
    // It keeps no process alive.
    server.unref();
    const out = new Egress(path, server);
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

/** Joins two connections: data is exchanged, and when one breaks, so does the other. */
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

/** Loopback ports in values, such as that of an AWS endpoint. */
function loopbackPorts(values: Iterable<string | undefined>): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const value of values)
    for (const [, port] of (value ?? '').matchAll(/\/\/(?:127\.0\.0\.1|localhost):(\d+)/g)) ports.add(Number(port));
  return ports;
}
