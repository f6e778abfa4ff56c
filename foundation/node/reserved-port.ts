import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const PORTS = { first: 20_000, end: 32_000 };

/**
 * Calls `listen` with a loopback port that stays reserved until the returned function is called, even while its server
 * is closed. The reservation binds the next port: every reservation needs both.
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
