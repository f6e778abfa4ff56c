import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { handleCall, type HttpResponse, type CallHandlerOptions } from './handle-call.ts';
import { oidcDocument } from './oidc-documents.ts';
import type { ServiceResponse } from '../core/service.ts';
import { CLIENT_ENDED } from '../world/call-log.ts';
import { readBody, readHead } from './read-request.ts';

/** Maximum bytes of the request's head. Session tokens and presigned URLs are long. */
const MAX_HEADER_SIZE = 64 * 1024;

/** Uses node:http directly, because frameworks that normalize paths break signatures. */
export function emulatorServer(options: CallHandlerOptions): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_SIZE,
    headersTimeout: 20_000,
    requestTimeout: 120_000,
  });
  const answer = (message: IncomingMessage, response: ServerResponse): void => {
    serve(message, response, options).catch(() => response.destroy());
  };
  server.on('request', answer);
  // Node would reject an unknown `Expect` without a body, so the service handles it.
  server.on('checkExpectation', answer);
  server.on('clientError', refuse);
  return server;
}

async function serve(message: IncomingMessage, response: ServerResponse, options: CallHandlerOptions): Promise<void> {
  response.on('error', () => response.destroy());
  const head = readHead(message);
  const { world } = options.context;
  const document = await oidcDocument(world, head);
  const answer: HttpResponse =
    document === undefined
      ? await handleCall(
          { connection: connectionOf(message), read: (limit) => readBody(message, limit) },
          head,
          options,
        )
      : { response: document, keepAlive: message.headers['content-length'] === undefined };
  write(message, response, answer, world.clock.now());
  // Node reads the end of a connection in a turn after that of the last bytes.
  await turn();
  await turn();
  if (message.socket.readableEnded || message.socket.destroyed) answer.notes?.push(CLIENT_ENDED);
}

const connections = new WeakMap<IncomingMessage['socket'], number>();
let lastConnection = 0;

function connectionOf({ socket }: IncomingMessage): number {
  const number = connections.get(socket) ?? (lastConnection += 1);
  connections.set(socket, number);
  return number;
}

/** Returns the headers of a response. SDKs adjust their clocks to its date, so it is the emulator's time. */
export const headersOf = ({ headers }: ServiceResponse, now: number): Record<string, string> => ({
  date: new Date(now).toUTCString(),
  ...headers,
});

function write(message: IncomingMessage, response: ServerResponse, answer: HttpResponse, now: number): void {
  const { status, body = '' } = answer.response;
  const headers = headersOf(answer.response, now);
  if (!answer.keepAlive) headers['connection'] = 'close';

  const bodiless = message.method === 'HEAD' || status === 204 || status === 304;
  if (!bodiless) headers['content-length'] = String(Buffer.byteLength(body));
  response.writeHead(status, headers).end(bodiless ? undefined : body);
  if (!answer.keepAlive) {
    // The client may still be sending. It gets the answer, and then the connection is closed.
    response.on('finish', () => message.socket.destroySoon());
  }
}

const REFUSALS: Readonly<Record<string, readonly [code: string, text: string]>> = {
  HPE_HEADER_OVERFLOW: [
    'RequestHeaderSectionTooLarge',
    'Your request header section exceeds the maximum allowed size.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ],
};

/** Sends S3's error for a request that is not valid HTTP, and closes the connection. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, text] = REFUSALS[error.code ?? ''] ?? ['BadRequest', 'An error occurred when parsing the HTTP request.'];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
