import { posix } from 'node:path';
import { error, text } from './reply.ts';
import type { Reply } from './reply.ts';

/**
 * What Go's request multiplexer does ahead of routing: a path that is not in its shortest form is sent to the one that
 * is, and escapes are resolved.
 */
export function resolvePath(method: string, path: string, query: string): { readonly path: string } | Reply {
  const clean = cleaned(path);
  if (clean !== path) return redirect(method, query === '' ? clean : `${clean}?${query}`);
  try {
    return { path: decodeURIComponent(path) };
  } catch {
    return error(400, '400 Bad Request');
  }
}

function cleaned(path: string): string {
  const normal = posix.normalize(path.startsWith('/') ? path : `/${path}`);
  return path.endsWith('/') || normal === '/' ? normal : normal.replace(/\/$/, '');
}

function redirect(method: string, location: string): Reply {
  const escaped = location
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;');
  const body = method === 'GET' ? `<a href="${escaped}">Temporary Redirect</a>.\n\n` : '';
  const reply = text(307, body, 'text/html; charset=utf-8');
  return { ...reply, headers: { ...reply.headers, Location: location } };
}
