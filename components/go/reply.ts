import type { ServerResponse, Server } from 'node:http';

/** Sends a whole answer. Node leaves the body out for HEAD. */
export function reply(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  // A text goes out together with the head, in one piece.
  response.end(body);
}

/** What Go's `http.Error` says of the text that it writes with a line end: that it is not to be taken for another type. */
const ERROR_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };

/** Go's `http.Error`. */
export function replyError(response: ServerResponse, status: number, text: string): void {
  reply(response, status, ERROR_HEADERS, `${text}\n`);
}

/** The body of Go's `http.Redirect`, which only GET is given. */
export const redirectBody = (method: string | undefined, location: string): string =>
  method === 'GET' ? `<a href="${escapeHtml(location)}">Temporary Redirect</a>.\n\n` : '';

const HTML_ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&#34;'],
  ["'", '&#39;'],
]);

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => HTML_ESCAPES.get(character) ?? character);

/**
 * Stops a server as Go's `http.Server.Shutdown` does: answers the requests under way and no more; each answer is its
 * connection's last. Whatever is still open after `longest` milliseconds is cut off. A server that does not listen is left
 * as it is.
 *
 * @param server none of whose requests has come yet
 */
export function shutdownOf(server: Server, longest: number): () => Promise<void> {
  const open = new Set<ServerResponse>();
  server.on('request', (_, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
  });
  return () =>
    new Promise((resolve) => {
      const last = setTimeout(() => server.closeAllConnections(), longest);
      server.close(() => {
        clearTimeout(last);
        resolve();
      });
      for (const response of open) response.shouldKeepAlive = false;
      server.closeIdleConnections();
    });
}
