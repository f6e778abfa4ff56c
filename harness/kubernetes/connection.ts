import { Agent, request as httpsRequest, type AgentOptions, type RequestOptions } from 'node:https';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  createConfiguration,
  type KubeConfig,
  type RequestContext,
  ServerConfiguration,
  type ApiType,
  type Configuration,
} from '@kubernetes/client-node';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** False: without the kubeconfig's credentials. Default true. */
  readonly authenticated?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The way to one API server. The client library makes a connection for each request; here all requests share an agent
 * that keeps connections, since a TLS handshake costs more than what most requests ask for.
 */
export interface Connection {
  api<T extends ApiType>(type: new (configuration: Configuration) => T): T;
  /** Sends a request; resolves with the answer as soon as its head is there. */
  send(exchange: Exchange): Promise<IncomingMessage>;
  close(): void;
}

export function connect(config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const server = new URL(cluster.server);
  let agent: Agent | undefined;

  const prepare = async (): Promise<{ headers: Record<string, string>; agent: Agent }> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    agent ??= new Agent({
      ...tlsOf(options),
      keepAlive: true,
      ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
      ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
    });
    return { headers: (options.headers ?? {}) as Record<string, string>, agent };
  };

  return {
    api: (type) =>
      new type(
        createConfiguration({
          baseServer: new ServerConfiguration(cluster.server, {}),
          authMethods: {
            default: {
              getName: () => 'kubeconfig',
              applySecurityAuthentication: async (context: RequestContext) => {
                const prepared = await prepare();
                for (const [name, value] of Object.entries(prepared.headers)) context.setHeaderParam(name, value);
                context.setAgent(prepared.agent);
              },
            },
          },
        }),
      ),
    send: async ({ method, path, headers, body, authenticated = true, signal }) => {
      const prepared = await prepare();
      const request = server.protocol === 'http:' ? httpRequest : httpsRequest;
      return new Promise((resolve, reject) => {
        const outgoing = request(
          {
            host: server.hostname,
            port: server.port,
            method,
            path: `${server.pathname.replace(/\/$/, '')}${path}`,
            headers: {
              ...(authenticated && prepared.headers),
              ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
              ...headers,
            },
            agent: prepared.agent,
            ...(signal && { signal }),
          },
          resolve,
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    },
    close: () => agent?.destroy(),
  };
}

function tlsOf({ ca, cert, key, pfx, passphrase, rejectUnauthorized }: RequestOptions): AgentOptions {
  return Object.fromEntries(
    Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized }).filter(([, value]) => value !== undefined),
  );
}
