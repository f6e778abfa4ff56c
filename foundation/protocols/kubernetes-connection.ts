import { Agent, request as httpsRequest, type AgentOptions, type RequestOptions } from 'node:https';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';

export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly status: number;
  /** Machine-readable reason in the Status object, such as `Forbidden`. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Node's error codes of connections that failed before anything was sent. */
const UNSENT = /^(ECONNREFUSED|EAI_\w+|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/;
/** Error codes of broken connections. `socket hang up` has ECONNRESET. */
const BROKEN = /^(ECONN\w+|EPIPE|ETIMEDOUT)$/;

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

export const isUnsent = (error: unknown): boolean => UNSENT.test(codeOf(error));

/** Whether a connection failed or broke, which leaves the effect of the request unknown. */
export const isBroken = (error: unknown): boolean => isUnsent(error) || BROKEN.test(codeOf(error));

export const hasStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof KubernetesError && statuses.includes(error.status);

/** Ignores these status codes, as in `.catch(ignoring(404))`. */
export const ignoring =
  (...statuses: readonly number[]) =>
  (error: unknown): void => {
    if (!hasStatus(error, ...statuses)) throw error;
  };

/** Whether a retry may succeed: after an overload, a restart or a broken connection. */
export const isTransient = (error: unknown): boolean =>
  error instanceof KubernetesError ? error.status >= 500 || error.status === 429 : isBroken(error);

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Whether to send the kubeconfig's credentials and client certificate. Default true. */
  readonly authenticated?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * A connection to the API server of a kubeconfig. It keeps connections alive, because the client library makes a costly
 * TLS handshake for each request.
 */
export interface Connection {
  /** Sends and receives JSON; a PATCH is a merge patch. Throws `KubernetesError` for statuses other than 2xx. */
  readonly json: <T = void>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ) => Promise<T>;
  /** Opens a stream. Throws `KubernetesError` for statuses other than 2xx. */
  open(path: string, signal: AbortSignal): Promise<IncomingMessage>;
  send(exchange: Exchange): Promise<IncomingMessage>;
  close(): void;
}

/** Milliseconds until an answer must begin. Webhooks of the API server may take 30 s each. */
const LONGEST_ANSWER = 60_000;
/** For streams that may be silent for long, such as logs. */
const NO_BOUND = 0;

const unanswered = ({ host }: URL): Error =>
  Object.assign(new Error(`${host} did not answer within ${LONGEST_ANSWER / 1000} s`), { code: 'ETIMEDOUT' });

export function connect(config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const server = new URL(cluster.server);
  let agent: Agent | undefined;
  /** Has no client certificate, because the API server prefers one to a token. */
  let anonymous: Agent | undefined;
  const { proxyUrl } = cluster;
  const proxy =
    proxyUrl === undefined
      ? undefined
      : new (server.protocol === 'http:' ? HttpProxyAgent : HttpsProxyAgent)(proxyUrl, { keepAlive: true });

  const send = async (
    { method, path, headers, body, authenticated = true, signal }: Exchange,
    longestAnswer = LONGEST_ANSWER,
  ): Promise<IncomingMessage> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const tls = (credentials: AgentOptions): AgentOptions => ({
      ...credentials,
      ...tlsOf(options),
      ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
      ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
    });
    const newAgent = (credentials: AgentOptions): Agent => new Agent({ ...tls(credentials), keepAlive: true });
    const credentials = authenticated ? credentialsOf(options) : {};
    // The proxy's own TLS must not get the cluster's options, so requests have them.
    const connection = proxy
      ? {
          ...tls(credentials),
          agent: proxy,
          // For an IP address, it would expect the name localhost.
          checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
            checkServerIdentity(cluster.tlsServerName ?? server.hostname, certificate),
        }
      : server.protocol === 'https:' && {
          agent: authenticated ? (agent ??= newAgent(credentials)) : (anonymous ??= newAgent(credentials)),
        };
    const request = server.protocol === 'http:' ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: server.hostname,
          port: server.port,
          method,
          path: `${server.pathname.replace(/\/$/, '')}${path}`,
          headers: {
            ...(authenticated && options.headers),
            ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
            ...headers,
          },
          ...connection,
          ...(signal && { signal }),
        },
        (answer) => {
          outgoing.setTimeout(0);
          resolve(answer);
        },
      );
      outgoing.setTimeout(longestAnswer, () => outgoing.destroy(unanswered(server)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };

  return {
    send: (exchange) => send(exchange),
    json: async <T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const answer = await send({
        method,
        path,
        headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': type }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
      const text = await textOf(answer);
      if (!isSuccess(answer)) throw statusError(answer, text);
      return JSON.parse(text) as T;
    },
    open: async (path, signal) => {
      const answer = await send({ method: 'GET', path, signal }, NO_BOUND);
      if (!isSuccess(answer)) throw statusError(answer, await textOf(answer));
      return answer;
    },
    close: () => {
      agent?.destroy();
      anonymous?.destroy();
      proxy?.destroy();
    },
  };
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

function statusError({ statusCode = 0 }: IncomingMessage, text: string): KubernetesError {
  let status: { reason?: string; message?: string };
  try {
    status = JSON.parse(text) as typeof status;
  } catch {
    status = { message: text };
  }
  return new KubernetesError(
    statusCode,
    status.reason ?? 'Unknown',
    status.message ?? `the API server answered ${statusCode}`,
  );
}

const tlsOf = ({ ca, rejectUnauthorized }: RequestOptions): AgentOptions => defined({ ca, rejectUnauthorized });

const credentialsOf = ({ cert, key, pfx, passphrase }: RequestOptions): AgentOptions =>
  defined({ cert, key, pfx, passphrase });

function defined(options: Record<string, unknown>): AgentOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
