import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Milliseconds for which a server here keeps an idle connection: longer than clients do (90 s in Go's `http.Transport`),
 * so that none is closed just as a client sends the next request on it.
 */
const KEEP_ALIVE = 120_000;

/**
 * Listens, by default on any free port of the address; resolves to the port, rejects with node's error when it cannot be bound.
 * @param keepAlive milliseconds for which an idle connection is kept; 0: for ever
 */
export function listen(
  server: Server,
  address = '127.0.0.1',
  port = 0,
  keepAlive: number = KEEP_ALIVE,
): Promise<number> {
  server.keepAliveTimeout = keepAlive;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Closes the server and its connections, also those in use. */
export function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
