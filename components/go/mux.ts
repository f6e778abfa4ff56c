import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { cleanPath, escapePath, escapedPath, unescapePath } from './path.ts';
import { redirectBody, reply, replyError } from './reply.ts';

/** Serves a request. `host` is the request's host as sent. */
export type Handler = (request: IncomingMessage, response: ServerResponse, host: string) => void | Promise<void>;

function redirect(request: IncomingMessage, response: ServerResponse, location: string): void {
  // Node has one character per byte, so this escapes each byte over 0x7f, like Go.
  const ascii = location.replace(/[\u0080-\uffff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  const withType = request.method === 'GET' || request.method === 'HEAD';
  const headers = { Location: ascii, ...(withType ? { 'Content-Type': 'text/html; charset=utf-8' } : {}) };
  reply(response, 307, headers, redirectBody(request.method, location));
}

/** Go's `http.ServeMux` (https://pkg.go.dev/net/http#ServeMux) for whole paths and any method. Redirects unclean paths. */
export class ServeMux {
  readonly #handlers = new Map<string, Handler>();

  handle(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response, requestTarget(request));
    } catch (error) {
      if (error instanceof BadRequest) refuse(request.socket, error.status, error.reason);
      // Like in Go, a handler's panic only closes its connection.
      else request.socket.destroy();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, target: RequestTarget): Promise<void> {
    const direct = this.#handlers.get(target.path);
    // Skip the rest for an exact match: patterns are clean paths without escapes.
    if (direct !== undefined) return direct(request, response, target.host);
    if (request.url === '*') {
      response.setHeader('Connection', 'close');
      return reply(response, request.method === 'OPTIONS' ? 200 : 400, {}, '');
    }
    const clean = request.method === 'CONNECT' ? target.path : cleanPath(target.path);
    if (clean !== target.path) {
      const location = cleanPath(escapePath(clean)) + target.query;
      return redirect(request, response, location);
    }
    // Compare unescaped segments. An escaped slash does not separate them.
    const segments = clean.split('/').map((segment) => unescapePath(segment)?.replaceAll('/', '%2F') ?? segment);
    const handler = this.#handlers.get(segments.join('/'));
    if (handler === undefined) return replyError(response, 404, '404 page not found');
    await handler(request, response, target.host);
  }
}

/** Rejects an invalid request on the bare connection, like Go. */
export function refuse(socket: Duplex, status: number, reason: string): void {
  if (!socket.writable) return void socket.destroy();
  const line = `${status} ${STATUS_CODES[status] ?? ''}${reason === '' ? '' : `: ${reason}`}`;
  socket.end(`HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${line}`);
}

/** The values of Go's `Request.Host`, `URL.EscapedPath` and `URL.RawQuery`. */
interface RequestTarget {
  readonly host: string;
  readonly path: string;
  /** The query with its `?`, or empty. */
  readonly query: string;
}

const VALID_HOST = /^[0-9A-Za-z!$%&()*+,\-.:;=[\]'_~]*$/;
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?]*)(.*)$/s;

/** An invalid request, which Go's `net/http` rejects before any handler. `reason` may be empty. */
class BadRequest extends Error {
  readonly status: 400 | 505;
  readonly reason: string;

  constructor(reason: string, status: BadRequest['status'] = 400) {
    super(reason);
    this.status = status;
    this.reason = reason;
  }
}

function hostHeader(request: IncomingMessage): string {
  const values = request.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === 'host');
  const [value] = values;
  if (values.length > 1) throw new BadRequest('');
  if (value === undefined) {
    if (request.httpVersion === '1.1' && request.method !== 'CONNECT') {
      throw new BadRequest('missing required Host header');
    }
    return '';
  }
  if (!VALID_HOST.test(value)) throw new BadRequest('malformed Host header');
  return value;
}

function requestTarget(request: IncomingMessage): RequestTarget {
  if (request.httpVersionMajor !== 1) throw new BadRequest('unsupported protocol version', 505);
  let host = hostHeader(request);
  let uri = request.url ?? '';
  const absolute = ABSOLUTE_FORM.exec(uri);
  if (absolute !== null) {
    const authority = (absolute[1] ?? '').replace(/^.*@/, '');
    if (authority !== '') host = authority;
    uri = absolute[2] ?? '';
  } else if (request.method === 'CONNECT' && !uri.startsWith('/')) {
    // In the authority form, the target is a host without a path.
    return { host: uri, path: '', query: '' };
  }
  const mark = uri.indexOf('?');
  const path = escapedPath(mark < 0 ? uri : uri.slice(0, mark));
  if (path === undefined) throw new BadRequest('');
  return { host, path, query: mark < 0 ? '' : uri.slice(mark) };
}
