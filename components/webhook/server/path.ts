import { cleanPath } from '../../go/path.ts';
import { redirectBody } from '../../go/reply.ts';
import { error, text, type Reply } from './reply.ts';

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
