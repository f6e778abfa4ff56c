import type { ServerResponse } from 'node:http';

/** Sends a whole answer. Node leaves the body out for HEAD. */
export function reply(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  const bytes = Buffer.from(body, 'utf8');
  response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
  response.end(bytes);
}

/** Go's `http.Error`: plain text with a line end. */
export function replyError(response: ServerResponse, status: number, text: string): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };
  reply(response, status, headers, `${text}\n`);
}
