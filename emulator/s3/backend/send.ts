import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readAtMost } from '../../../foundation/node/read-at-most.ts';
import type { ServiceResponse } from '../../core/service.ts';
import { encodeKey } from '../list-page.ts';
import { signedHeaders } from '../../sigv4/sign.ts';

/** Another S3 that stores the data. The emulator authorizes the calls. */
export interface S3Backend {
  /** `http://` or `https://`, host and port. Paths have the bucket. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region?: string;
}

/** A failure of the backend itself. The message contains neither its key nor its messages. */
export class BackendError extends Error {
  override readonly name = 'BackendError';

  constructor(problem: string) {
    super(`the S3 behind the emulator failed: ${problem}`);
  }
}

export interface BackendRequest {
  readonly method: string;
  readonly bucketName: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export type RawAnswer = Required<ServiceResponse> & { readonly body: Buffer };

const TIMEOUT_MILLISECONDS = 30_000;
/** Bytes of the largest object, and some more. */
const LARGEST_ANSWER = 80 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Sends requests signed with the backend's key. Uses node:http, because `fetch` normalizes paths and keys may contain
 * `..`, and new connections, because a kept one may be closing. Throws `BackendError` if there is no answer.
 */
export function sender(options: Required<S3Backend>): (request: BackendRequest) => Promise<RawAnswer> {
  const { region, accessKeyId, secretAccessKey } = options;
  const endpoint = new URL(options.endpoint);
  const open = endpoint.protocol === 'https:' ? httpsRequest : httpRequest;

  return async ({ method, bucketName, key, query = '', headers = {}, body = NOTHING }) => {
    const path = key === '' ? `/${bucketName}` : `/${bucketName}/${encodeKey(key)}`;
    const signed = signedHeaders(
      { method, path, query, headers: { ...headers, host: endpoint.host } },
      // Uses real time, because the backend has its own clock.
      { credentials: { accessKeyId, secretAccessKey }, service: 's3', region, time: Date.now(), body },
    );
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const target = { host: endpoint.hostname.replace(/^\[(.*)\]$/, '$1'), port: endpoint.port, agent: false };
      const sent = open({
        ...target,
        method,
        path: query === '' ? path : `${path}?${query}`,
        headers: { ...signed, ...(method === 'GET' || method === 'HEAD' ? {} : { 'content-length': body.length }) },
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      });
      sent.once('response', resolve);
      sent.once('error', (error) => reject(unreachable(error)));
      sent.end(body);
    });
    return { status: message.statusCode ?? 0, headers: headersOf(message), body: await bodyOf(message) };
  };
}

function headersOf({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(',')]));
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  try {
    return await readAtMost(message, LARGEST_ANSWER, () => new BackendError('the answer is too large'));
  } catch (error) {
    throw error instanceof BackendError ? error : unreachable(error);
  }
}

/** Reports only the code, because messages may quote secrets. */
function unreachable(error: unknown): BackendError {
  const { name, code } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new BackendError(`timed out after ${TIMEOUT_MILLISECONDS / 1000} s`);
  }
  return new BackendError(`cannot connect (${code ?? name})`);
}
