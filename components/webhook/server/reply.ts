import { ERROR_HEADERS, redirectBody } from '../../go/reply.ts';
import { cleanPath } from '../../go/path.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const text = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): Reply => ({
  status,
  headers: { 'Content-Type': contentType },
  body,
});

export const error = (status: number, message: string): Reply => ({
  status,
  headers: ERROR_HEADERS,
  body: `${message}\n`,
});

/**
 * What Go's request multiplexer does ahead of routing: a path that is not in its shortest form is sent to the one that
 * is, and escapes are resolved.
 */
export function resolvePath(method: string, path: string, query: string): { readonly path: string } | Reply {
  const clean = cleanPath(path);
  if (clean !== path) return redirect(method, query === '' ? clean : `${clean}?${query}`);
  try {
    return { path: decodeURIComponent(path) };
  } catch {
    return error(400, '400 Bad Request');
  }
}

function redirect(method: string, location: string): Reply {
  const reply = text(307, redirectBody(method, location), 'text/html; charset=utf-8');
  return { ...reply, headers: { ...reply.headers, Location: location } };
}
