import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readAtMost } from '../../../foundation/node/read-at-most.ts';
import type { ServiceResponse } from '../../core/service.ts';
import { encodeKey } from '../list-page.ts';
import { signedHeaders } from '../../sigv4/sign.ts';

/** Another S3 that holds the data, while the emulator decides who may do what with them. */
export interface S3Backend {
  /** `http://` or `https://`, host and port. It is addressed in path style. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Default: the emulator's. */
  readonly region?: string;
}

/** The other S3 failed, and not by what the client asked. The message has neither its key nor its words. */
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
/** Bytes of an answer: an object is no larger than the emulator takes. */
const LARGEST_ANSWER = 80 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Sends requests, signed with the other S3's key. By node:http, since `fetch` tidies paths up and keys may hold `..`; each
 * on a connection of its own, since one that is kept may be closed by the other side just when it is used again.
 * The function returned throws `BackendError` when there is no answer.
 */
export function sender(options: Required<S3Backend>): (request: BackendRequest) => Promise<RawAnswer> {
  const { region, accessKeyId, secretAccessKey } = options;
  const endpoint = new URL(options.endpoint);
  const open = endpoint.protocol === 'https:' ? httpsRequest : httpRequest;

  return async ({ method, bucketName, key, query = '', headers = {}, body = NOTHING }) => {
    const path = key === '' ? `/${bucketName}` : `/${bucketName}/${encodeKey(key)}`;
    const signed = signedHeaders(
      { method, path, query, headers: { ...headers, host: endpoint.host } },
      // Real time, whatever the emulator's clock says: the other S3 has a clock of its own.
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
    return await readAtMost(message, LARGEST_ANSWER, () => new BackendError('its answer is too large'));
  } catch (error) {
    throw error instanceof BackendError ? error : unreachable(error);
  }
}

/** The code alone: nothing that a message may quote comes into the record of a call. */
function unreachable(error: unknown): BackendError {
  const { name, code } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new BackendError(`it gave no answer within ${TIMEOUT_MILLISECONDS / 1000} s`);
  }
  return new BackendError(`it cannot be reached (${code ?? name})`);
}
