import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { refuse, type ServeMux } from '../../go/mux.ts';
import { reply, shutdownOf } from '../../go/reply.ts';
import { cannotListen } from './explain-listening.ts';

/** A method may be any token (RFC 9110, 5.6.2), but Node's parser only accepts registered ones. */
const UNKNOWN_METHOD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) \S/;

/**
 * Serves a connection whose first `packet` Node's parser rejected because of its method, as if it were a POST. Returns
 * false if the method is not a token.
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

/** Timeout of reading a request, and of an idle connection, in ms. */
const READ_TIMEOUT = 30_000;
/** Timeout of a stop that waits for active requests, in ms. */
const TERMINATION_WAIT = 35_000;
/** Go's default limit for the head of a request, in bytes. */
const MAX_HEAD = (1 << 20) + 4096;

export interface RunningServer {
  /** `http://host:port`, with IPv6 hosts in brackets. */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  stop(): Promise<void>;
}

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
    // Bodies are ignored, but must be read before the connection is reused.
    request.resume();
    void mux.serve(request, response);
  };
  server.on('request', serve);
  // Go sends 100 only for a handler that reads the body, which no handler does.
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
