import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { unbracketed } from '../../../foundation/node/unbracketed.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request unchanged on a new connection. Returns undefined if the connection closes without an answer. */
export function send(
  url: string,
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[],
): Promise<RawAnswer | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({
      host: unbracketed(hostname),
      port,
      method,
      path,
      agent: false,
      setHost: false,
      headers: headers.flat(),
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') resolve(undefined);
      else reject(error);
    });
    sent.on('response', (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
    sent.end();
  });
}

/** Sends a request many times on one connection (pipelined), and returns the number of responses by status. */
export function burst(url: string, path: string, host: string, times: number): Promise<ReadonlyMap<number, number>> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: unbracketed(hostname), port: Number(port) });
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => {
      const counts = new Map<number, number>();
      for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        counts.set(Number(status), (counts.get(Number(status)) ?? 0) + 1);
      }
      resolve(counts);
    });
    const request = (last: boolean): string =>
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
    socket.write(request(false).repeat(times - 1) + request(true));
  });
}
