import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, one of which might have a port while nobody listens at it. */
const PORTS = { first: 20_000, end: 32_000 };

/**
 * Has `listen` listen on a loopback port that stays reserved until the function returned is called: its server may be closed and listen
 * on it again. The port after it is listened on all the while, without serving anybody: whoever reserves a port, in any process, needs
 * both.
 */
export async function listenOnReservedPort(listen: (port: number) => Promise<unknown>): Promise<() => void> {
  for (;;) {
    const port = randomInt(PORTS.first / 2, PORTS.end / 2) * 2;
    const guard = createServer((socket) => socket.destroy()).unref();
    try {
      await once(guard.listen(port + 1, '127.0.0.1'), 'listening');
      await listen(port);
      return () => void guard.close();
    } catch (error) {
      guard.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
