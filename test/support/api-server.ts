import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import type { Kubelet, KubeObject } from '../../clusters/kubernetes/api-server/model/types.ts';
import { startApiServer, type ApiServer } from '../../clusters/kubernetes/api-server/index.ts';

/** A decoded response. */
export interface ApiServerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown> & KubeObject;
  readonly text: string;
}

export interface TestCluster {
  readonly server: ApiServer;
  /** Moves the cluster's clock forward. */
  advance(milliseconds: number): void;
  /** Sends a request as a user. `admin` is in system:masters, other users are in no group, undefined is anonymous. */
  call(
    method: string,
    path: string,
    options?: { as?: string | undefined; token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<ApiServerResponse>;
  addNode(name: string): void;
  close(): Promise<void>;
}

export const ISSUER = 'https://issuer.example.com/cluster';

/** Starts an API server whose users authenticate with `user:<name>`, and a kubelet whose logs have one line. */
export async function startTestCluster(): Promise<TestCluster> {
  let now = Date.now();
  const server = await startApiServer({
    issuer: ISSUER,
    version: '1.34',
    clock: { now: () => now },
    tokenLifetimes: { maxSeconds: 86_400, extendedSeconds: 90 * 86_400 },
    authenticate: async (token) => {
      const username = /^user:(.+)$/.exec(token)?.[1];
      if (username === undefined) return undefined;
      return { username, groups: username === 'admin' ? ['system:masters'] : [] };
    },
  });
  const kubelet: Kubelet = {
    logs: (namespace, pod, { container }) => Readable.from([`log of ${namespace}/${pod}/${container ?? ''}\n`]),
  };
  // Also serves pods without a node.
  server.setKubelet('', kubelet);
  const agent = new Agent({ ca: server.certificateAuthority, keepAlive: true });
  return {
    server,
    advance(milliseconds) {
      now += milliseconds;
    },
    addNode(name) {
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      server.setKubelet(name, kubelet);
      server.store.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name }, status });
    },
    call(method, path, options = {}) {
      const token = options.token ?? ('as' in options ? options.as && `user:${options.as}` : 'user:admin');
      const body = options.body === undefined ? undefined : JSON.stringify(options.body);
      const headers = {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
        ...options.headers,
      };
      return new Promise((resolve, reject) => {
        const outgoing = request(`${server.url}${path}`, { method, agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('error', reject);
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const json = (response.headers['content-type'] ?? '').includes('json') && !text.includes('}\n{');
            const decoded = (json ? JSON.parse(text) : {}) as ApiServerResponse['body'];
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: decoded, text });
          });
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    },
    async close() {
      agent.destroy();
      await server.close();
    },
  };
}

export function pod(name: string, spec: object = {}): object {
  return {
    metadata: { name, labels: { app: name } },
    spec: { containers: [{ name: 'app', image: 'app:1' }], ...spec },
  };
}
