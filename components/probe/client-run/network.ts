/**
 * Runs a client in its own network with Linux namespaces. Its loopback has the addresses that pods find on a node. Nothing
 * else is reachable, in particular not this machine's instance metadata.
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
  /** Host names of this network, in the format of /etc/hosts. */
  readonly hosts: string;
  /** File with trusted certificate authorities. Default: the system's. */
  readonly authorities?: string | undefined;
}

/** Lines in the format of /etc/hosts. */
export const LOCALHOST = '127.0.0.1 localhost\n::1 localhost\n';
/** Environment variable with the network's plan, for the program that sets it up. */
export const NETWORK_PLAN = 'CLIENT_NETWORK';

/** A client's own network, without the loopback ports that its environment names. */
export interface OwnNetwork extends Omit<NetworkPlan, 'socket'> {
  readonly out: Egress;
}

/** Returns the command of this program in another role: as a client, or to set up a network. */
export const itself = (role: 'client' | 'network'): string[] => [
  ...[process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  role,
];

/** Returns who may create networks on this node; undefined if nobody may. */
export const rightsHere = (): NetworkRights | undefined => process.env[NETWORK_RIGHTS] as NetworkRights | undefined;

/** Returns the command and environment of a client in its own network. `changes` are changes to the pod's environment. */
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

/** A socket that connects a client's network to the outside. Each connection names a loopback port. */
export class Egress {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async open(folder: string): Promise<Egress> {
    // Linux limits the paths of sockets to 108 characters.
    const path = relative(process.cwd(), join(folder, 'out'));
    const server = createServer({ allowHalfOpen: true });
    await once(server.listen(path), 'listening');
    // The server must not keep the process alive.
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

/** Exchanges data between two connections. If one breaks, closes the other. */
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

/** Returns the loopback ports in environment values, such as that of an AWS endpoint. */
function loopbackPorts(values: Iterable<string | undefined>): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const value of values)
    for (const [, port] of (value ?? '').matchAll(/\/\/(?:127\.0\.0\.1|localhost):(\d+)/g)) ports.add(Number(port));
  return ports;
}
