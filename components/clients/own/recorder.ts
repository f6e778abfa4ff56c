/** A relay between a program and AWS that records the responses. */
import { EventEmitter, once } from 'node:events';
import { createServer, request as requestByHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { element } from '../../../foundation/aws/xml.ts';

export interface RecordedAnswer {
  readonly method: string;
  /** `bucket/key`, decoded. Undefined for STS. */
  readonly object?: string;
  readonly status: number;
  readonly requestId: string;
  readonly code: string;
  readonly message: string;
}

export interface Recorder {
  readonly answers: readonly RecordedAnswer[];
  readonly answered: () => Promise<unknown>;
  /** Resolves when no request is under way. */
  readonly settled: () => Promise<void>;
  /** Variables that make a program use the recorder. */
  readonly variables: Readonly<Record<string, string>>;
  readonly close: () => void;
}

const BLIND: Recorder = {
  answers: [],
  answered: () => new Promise(() => undefined),
  settled: async () => undefined,
  variables: {},
  close: () => undefined,
};

const MOST_BYTES = 65_536;

/** Starts a recorder. It forwards the Host unchanged, because signatures cover it. */
export async function startRecorder(): Promise<Recorder> {
  const variable = process.env['AWS_ENDPOINT_URL_S3'] ? 'AWS_ENDPOINT_URL_S3' : 'AWS_ENDPOINT_URL';
  const upstream = process.env[variable];
  // TLS hides the requests, and AWS rejects signatures for another Host, so nothing counts as granted.
  if (upstream?.startsWith('http:') !== true) return BLIND;
  const answers: RecordedAnswer[] = [];
  const events = new EventEmitter();
  let underWay = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    underWay += 1;
    const settle = (): void => {
      underWay -= 1;
      events.emit('settled');
    };
    const passed = requestByHttp(upstream, { method, headers, path: url }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      record(incoming, answer, outgoing).then((one) => {
        answers.push(one);
        events.emit('answered');
        settle();
      }, fail);
    });
    const fail = (): void => {
      outgoing.destroy();
      settle();
    };
    passed.on('error', fail);
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    answers,
    answered: () => once(events, 'answered'),
    settled: async () => {
      while (underWay > 0) await once(events, 'settled');
    },
    variables: { [variable]: origin, CONFORMANCE_ENDPOINT: origin, ...pastProxy() },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Returns variables that keep the program's proxy from bypassing the recorder. */
function pastProxy(): Readonly<Record<string, string>> {
  const { HTTP_PROXY, http_proxy, NO_PROXY, no_proxy } = process.env;
  if (!HTTP_PROXY && !http_proxy) return {};
  const all = [no_proxy || NO_PROXY, '127.0.0.1'].filter(Boolean).join();
  return { NO_PROXY: all, no_proxy: all };
}

async function record(
  request: IncomingMessage,
  answer: IncomingMessage,
  outgoing: ServerResponse,
): Promise<RecordedAnswer> {
  const status = answer.statusCode ?? 502;
  let text = '';
  for await (const part of answer as AsyncIterable<Buffer>) {
    if (status >= 400 && text.length < MOST_BYTES) text += part.toString();
    outgoing.write(part);
  }
  outgoing.end();
  const object = objectOf(request);
  return {
    method: request.method ?? '',
    status,
    ...(object !== undefined && { object }),
    requestId: element(text, 'RequestId') ?? String(answer.headers['x-amz-request-id'] ?? ''),
    code: element(text, 'Code') ?? String(status),
    message: element(text, 'Message') ?? `S3 answered ${status}`,
  };
}

/** Returns the object in the path, or with the bucket in the Host (S3 User Guide, "Virtual hosting"). STS uses the root. */
function objectOf({ url = '/', headers: { host = '' } }: IncomingMessage): string | undefined {
  const path = decodeURIComponent(url.split('?')[0] ?? '').slice(1);
  if (path === '') return undefined;
  const bucket = /^([^:]+?)\.(localhost|s3[.-][^:]*)(:\d+)?$/.exec(host)?.[1];
  return bucket === undefined ? path : `${bucket}/${path}`;
}
