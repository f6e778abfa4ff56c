import type { Server } from 'node:http';
import { Duplex } from 'node:stream';

/** A method is any token (RFC 9110, 5.6.2); Node's parser knows only those that are registered. */
const UNKNOWN_METHOD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) \S/;

/**
 * Serves a connection whose first request Node's parser refused for its method, as if that were POST: a method of which
 * nothing is known but that it is not GET or HEAD.
 *
 * @param packet what came first on the connection
 * @returns whether the method was all that was wrong with the beginning of the packet
 */
export function serveAnyMethod(server: Server, socket: Duplex, packet: Buffer): boolean {
  const method = UNKNOWN_METHOD.exec(packet.toString('latin1', 0, 512))?.[1];
  if (method === undefined || method === 'POST') return false;
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
