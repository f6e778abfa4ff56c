import type { IncomingMessage, ServerResponse } from 'node:http';
import { cleanPath, escapePath, unescapePath } from '../../go/path.ts';
import { redirectBody, reply, replyError } from '../../go/reply.ts';
import type { RequestTarget } from './target.ts';

/** @param host the host the request is aimed at, as sent */
export type Handler = (request: IncomingMessage, response: ServerResponse, host: string) => void | Promise<void>;

function redirect(request: IncomingMessage, response: ServerResponse, location: string): void {
  // Node gives one character a byte, so this escapes each byte over 0x7f, as Go does.
  const ascii = location.replace(/[\u0080-\uffff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  const withType = request.method === 'GET' || request.method === 'HEAD';
  const headers = { Location: ascii, ...(withType ? { 'Content-Type': 'text/html; charset=utf-8' } : {}) };
  reply(response, 307, headers, redirectBody(request.method, location));
}

/**
 * Go's `http.ServeMux` for patterns that are one whole path: any method, query not looked at, a path that is not clean is
 * redirected to the clean one whether that exists or not.
 *
 * @see https://pkg.go.dev/net/http#ServeMux
 */
export class ServeMux {
  readonly #handlers = new Map<string, Handler>();

  handle(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  async serve(request: IncomingMessage, response: ServerResponse, target: RequestTarget): Promise<void> {
    if (request.url === '*') {
      response.setHeader('Connection', 'close');
      return reply(response, request.method === 'OPTIONS' ? 200 : 400, {}, '');
    }
    const clean = request.method === 'CONNECT' ? target.path : cleanPath(target.path);
    if (clean !== target.path) {
      const location = cleanPath(escapePath(clean)) + target.query;
      return redirect(request, response, location);
    }
    // Segments are compared unescaped, so that an escaped slash does not part two of them.
    const segments = clean.split('/').map((segment) => unescapePath(segment)?.replaceAll('/', '%2F') ?? segment);
    const handler = this.#handlers.get(segments.join('/'));
    if (handler === undefined) return replyError(response, 404, '404 page not found');
    await handler(request, response, target.host);
  }
}
