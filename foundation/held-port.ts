import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, one of which might have a port while nobody listens at it. */
const PORTS = { first: 20_000, end: 32_000 };

/**
 * Has `listen` listen at a port of loopback that is held until the function returned is called: whoever has it may leave it for a while,
 * and take it again. Whoever wants a port by this function, in whatever process, needs the one behind it too, at which somebody
 * listens all the while; nobody is served there.
 */
export async function listenAtHeldPort(listen: (port: number) => Promise<unknown>): Promise<() => void> {
  for (;;) {
    const port = randomInt(PORTS.first / 2, PORTS.end / 2) * 2;
    const holder = createServer((socket) => socket.destroy()).unref();
    try {
      await once(holder.listen(port + 1, '127.0.0.1'), 'listening');
      await listen(port);
      return () => void holder.close();
    } catch (error) {
      holder.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
