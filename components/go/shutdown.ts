import type { Server, ServerResponse } from 'node:http';

/**
 * Stops a server as Go's `http.Server.Shutdown` does: answers the requests under way, whose responses are `open`, and no more;
 * each answer is its connection's last. Whatever is still open after `longest` milliseconds is cut off. A server that does not
 * listen is left as it is.
 */
export function shutDown(server: Server, open: Iterable<ServerResponse>, longest: number): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => server.closeAllConnections(), longest);
    server.close(() => {
      clearTimeout(last);
      resolve();
    });
    for (const response of open) response.shouldKeepAlive = false;
    server.closeIdleConnections();
  });
}
