import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Milliseconds until idle connections are closed: longer than clients keep them (90 s in Go's `http.Transport`). */
const KEEP_ALIVE = 120_000;

/** Listens, by default on a free port, and resolves to the port. `keepAlive` is in milliseconds; 0 means forever. */
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

export function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
