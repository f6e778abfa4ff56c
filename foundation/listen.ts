import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on any free port of the address; resolves to the port, rejects with node's error when it cannot be bound. */
export function listen(server: Server, address = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, () => {
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
