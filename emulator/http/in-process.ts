import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { handleCall, type CallHandlerOptions } from './handle-call.ts';
import { uriEncode } from '../sigv4/index.ts';
import { headersOf } from './server.ts';

/** A request as the AWS SDK's request handlers get it, with a body in memory. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface InProcessHandler {
  handle(
    request: SdkRequest,
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<{ readonly response: { statusCode: number; headers: Record<string, string>; body: Readable } }>;
}

/** Returns a request handler for clients of the AWS SDK in this process, which saves connections and HTTP. */
export const inProcessHandler = (options: CallHandlerOptions): InProcessHandler => ({
  handle: async ({ method, path, query, headers, body = '' }, { abortSignal } = {}) => {
    // Between calls, others have their turn.
    await setImmediate();
    const head = { method, path, query: queryString(query), headers: { ...headers }, sourceIp: '127.0.0.1' };
    const answered = handleCall({ connection: 0, read: async () => bytesOf(body) }, head, options);
    const { response } = await (abortSignal ? unlessAborted(answered, abortSignal) : answered);
    return {
      response: {
        statusCode: response.status,
        headers: headersOf(response, options.context.world.clock.now()),
        body: Readable.from(response.body === undefined ? [] : [Buffer.from(response.body)]),
      },
    };
  },
});

/** Bodies of the SDK warn about methods of strings, which `Buffer.from` calls. */
const bytesOf = (body: string | Uint8Array): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);

const queryString = (query: SdkRequest['query']): string =>
  Object.entries(query)
    .flatMap(([name, value]) =>
      [value].flat().map((one) => uriEncode(name) + (one === null ? '' : `=${uriEncode(one)}`)),
    )
    .join('&');

/** Rejects with an `AbortError` if the signal fires before the work ends. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
