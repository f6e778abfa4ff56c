import type { IncomingMessage } from 'node:http';
import { escapedPath } from '../../go/path.ts';

/** Where a request is aimed: what Go calls `Request.Host`, `URL.EscapedPath` and `URL.RawQuery`. */
export interface RequestTarget {
  readonly host: string;
  readonly path: string;
  /** With its `?`; empty without one. */
  readonly query: string;
}

const VALID_HOST = /^[0-9A-Za-z!$%&()*+,\-.:;=[\]'_~]*$/;
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?]*)(.*)$/s;

/** A request that Go's `net/http` refuses ahead of any handler. `reason` is empty where Go gives none. */
export class BadRequest extends Error {
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

/** @throws BadRequest */
export function requestTarget(request: IncomingMessage): RequestTarget {
  if (request.httpVersionMajor !== 1) throw new BadRequest('unsupported protocol version', 505);
  let host = hostHeader(request);
  let uri = request.url ?? '';
  const absolute = ABSOLUTE_FORM.exec(uri);
  if (absolute !== null) {
    const authority = (absolute[1] ?? '').replace(/^.*@/, '');
    if (authority !== '') host = authority;
    uri = absolute[2] ?? '';
  } else if (request.method === 'CONNECT' && !uri.startsWith('/')) {
    // The authority form: the target is a host, there is no path.
    return { host: uri, path: '', query: '' };
  }
  const mark = uri.indexOf('?');
  const path = escapedPath(mark < 0 ? uri : uri.slice(0, mark));
  if (path === undefined) throw new BadRequest('');
  return { host, path, query: mark < 0 ? '' : uri.slice(mark) };
}
