import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { refuse, type ServeMux } from '../../go/mux.ts';
import { reply, shutdownOf } from '../../go/reply.ts';
import { cannotListen } from './explain-listening.ts';

/** A method is any token (RFC 9110, 5.6.2); Node's parser knows only those that are registered. */
const UNKNOWN_METHOD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) \S/;

/**
 * Serves a connection whose first request Node's parser refused for its method, as if that were POST: a method of which
 * nothing is known but that it is not GET or HEAD.
 *
 * @param packet what came first on the connection
 * @returns whether the method was all that was wrong with the beginning of the packet
 */
function serveAnyMethod(server: Server, socket: Duplex, packet: Buffer): boolean {
  const method = UNKNOWN_METHOD.exec(packet.toString('latin1', 0, 512))?.[1];
  if (method === undefined) return false;
  const relay = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  relay.push(Buffer.concat([Buffer.from('POST'), packet.subarray(method.length)]));
  socket.on('data', (chunk: Buffer) => relay.push(chunk));
  socket.on('end', () => relay.push(null));
  socket.on('close', () => relay.destroy());
  socket.resume();
  server.emit('connection', relay);
  return true;
}

/** Longest that the agent waits for a request to come in whole, and for the next one on a connection, in ms. */
const READ_TIMEOUT = 30_000;
/** Longest that stopping waits for requests under way, in ms. */
const TERMINATION_WAIT = 35_000;
/** Go's default limit of a request's head, in bytes. */
const MAX_HEAD = (1 << 20) + 4096;

export interface RunningServer {
  /** `http://host:port`, IPv6 hosts in brackets. */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  stop(): Promise<void>;
}

/**
 * Listens.
 *
 * @param host address or name, IPv6 with or without brackets
 * @param port 0 takes any free one
 * @throws AgentRefusal if the address cannot be listened on
 */
export async function listen(mux: ServeMux, host: string, port: number): Promise<RunningServer> {
  const server = createServer({
    requireHostHeader: false,
    maxHeaderSize: MAX_HEAD,
    headersTimeout: READ_TIMEOUT,
    requestTimeout: READ_TIMEOUT,
    keepAliveTimeout: READ_TIMEOUT,
  });
  const stop = shutdownOf(server, TERMINATION_WAIT);
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    // The answer never depends on a body, but the connection is of use again only when it is read.
    request.resume();
    void mux.serve(request, response);
  };
  server.on('request', serve);
  // Go says 100 only to a handler that reads the body; none does.
  server.on('checkContinue', (request, response) => {
    response.setHeader('Connection', 'close');
    serve(request, response);
  });
  server.on('checkExpectation', (_, response) => {
    response.setHeader('Connection', 'close');
    reply(response, 417, {}, '');
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on('finish', () => socket.end());
    serve(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (error.code === 'ECONNRESET') return void socket.destroy();
    if (error.code === 'HPE_INVALID_METHOD' && serveAnyMethod(server, socket, error.rawPacket!)) return;
    if (error.code === 'HPE_HEADER_OVERFLOW') return refuse(socket, 431, '');
    refuse(socket, 400, '');
  });
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(bare, port, error)));
    server.listen(port, bare, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${bare.includes(':') ? `[${bare}]` : bare}:${address.port}`,
    port: address.port,
    server,
    stop,
  };
}
