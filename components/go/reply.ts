import type { ServerResponse, Server } from 'node:http';

/** Sends a complete response. Node omits the body for HEAD. */
export function reply(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  // Sends the body together with the head.
  response.end(body);
}

/** The headers of Go's `http.Error`, which forbids content sniffing. */
const ERROR_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };

export function replyError(response: ServerResponse, status: number, text: string): void {
  reply(response, status, ERROR_HEADERS, `${text}\n`);
}

/** Returns the body of Go's `http.Redirect`, which is empty except for GET. */
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
 * Returns a function that stops a server like Go's `http.Server.Shutdown`: finishes active requests, then closes their
 * connections; closes all after `longest` milliseconds. Does nothing if the server does not listen. Must be called before
 * the first request.
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
