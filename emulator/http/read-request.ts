import type { IncomingMessage } from 'node:http';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { ServiceRequest } from '../core/service.ts';

export type RequestHead = Pick<ServiceRequest, 'method' | 'path' | 'query' | 'headers' | 'sourceIp'>;

export function readHead(message: IncomingMessage): RequestHead {
  const target = originForm(message.url ?? '/');
  const question = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? '' : target.slice(question + 1),
    headers: joinHeaders(message.rawHeaders),
    sourceIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  };
}

/** Clients send `GET http://host/path` to a proxy; servers treat it as `/path` (RFC 9112, section 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const absolute = /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  if (absolute === undefined) return `/${target}`;
  return absolute.startsWith('/') ? absolute : `/${absolute}`;
}

/** Node's `headers` drops some repeated headers, but signatures cover all. No prototype, because of `__proto__`. */
function joinHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return headers;
}

/** The client disconnected before its request was complete. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export const NOTHING = Buffer.alloc(0);

/** A request's body, by its reader, and the number of its connection. */
export interface RequestBody {
  readonly connection: number;
  /** Throws `EntityTooLarge` as soon as it is longer than `limit` bytes, or ClientGone. */
  readonly read: (limit: number) => Promise<Buffer>;
}

/** Reads a body of at most `limit` bytes. Throws `EntityTooLarge` as soon as it is longer, or ClientGone. */
export function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  const { 'content-length': length, 'transfer-encoding': encoding } = message.headers;
  if (Number(length ?? 0) > limit) return Promise.reject(entityTooLarge(limit));
  if (encoding === undefined && (length === undefined || length === '0')) return Promise.resolve(NOTHING);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        message.removeAllListeners('data');
        message.pause();
        reject(entityTooLarge(limit));
      } else {
        chunks.push(chunk);
      }
    });
    message.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks)));
    message.on('error', () => reject(new ClientGone('the client closed the connection')));
    message.on('close', () => reject(new ClientGone('the client closed the connection')));
  });
}

function entityTooLarge(limit: number): AwsError {
  return new AwsError('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size', {
    MaxSizeAllowed: String(limit),
  });
}

/** Returns the application id `app/<id>` in the SDK's user agent, which `AWS_SDK_UA_APP_ID` sets. */
export function applicationIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of ['x-amz-user-agent', 'user-agent']) {
    const id = /(?:^|\s)app\/(\S+)/.exec(headers[name] ?? '')?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}
