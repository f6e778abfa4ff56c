import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { AgentOptions, RunningAgent } from '../../components/agent/index.ts';
import { startAgent } from '../../components/agent/index.ts';

/** A host that the agent accepts. */
export const HOST = '169.254.170.23';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let tokens = 0;

/** Returns a unique token that passes the agent's checks. */
export function newToken(): string {
  tokens += 1;
  return `${encode({ alg: 'RS256' })}.${encode({ jti: String(tokens) })}.c2ln`;
}

export interface AgentResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export function send(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<AgentResponse> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

/** Sends bytes unchanged, and returns everything received until the connection closes. */
export function sendRaw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

/** Returns a valid EKS Auth response, whose access key id ends in the number. */
export function goodAnswer(sequence: number): Record<string, unknown> {
  return {
    audience: 'pods.eks.amazonaws.com',
    subject: { namespace: 'app', serviceAccount: 'reader' },
    podIdentityAssociation: { associationArn: 'arn', associationId: 'a-1' },
    assumedRoleUser: { arn: 'arn:aws:sts::111122223333:assumed-role/app/s', assumeRoleId: 'AROA:s' },
    credentials: {
      accessKeyId: `ASIA${sequence}`,
      secretAccessKey: 'a<b>&c',
      sessionToken: 'session-token',
      expiration: 4_102_444_800.123,
    },
  };
}

export type Respond = (response: ServerResponse) => void;
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Respond =>
  (response) => {
    response.writeHead(status, { 'x-amzn-requestid': 'id-1', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** An EKS Auth stub, and agents that call it. */
export class Bench {
  readonly calls: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  readonly logs: string[] = [];
  respond: Respond = (response) => json(200, goodAnswer(this.calls.length))(response);
  readonly eksAuth: Server;
  readonly #agents: RunningAgent[] = [];

  constructor() {
    this.eksAuth = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.calls.push({ headers: request.headers, body });
        this.respond(response);
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.eksAuth.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    this.eksAuth.closeAllConnections();
    await new Promise((resolve) => this.eksAuth.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.eksAuth.address() as AddressInfo).port;
  }

  async start(options: Partial<AgentOptions> = {}): Promise<RunningAgent> {
    const agent = await startAgent({
      clusterName: 'c1',
      region: 'us-west-2',
      regionalEndpoint: this.url,
      credentials: () =>
        Promise.resolve({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'node-secret', sessionToken: 'node-session' }),
      bindHosts: ['127.0.0.1'],
      port: 0,
      probePort: 0,
      metricsAddress: '127.0.0.1',
      metricsPort: 0,
      log: (line) => this.logs.push(line),
      ...options,
    });
    this.#agents.push(agent);
    return agent;
  }
}

/** Requests credentials like an SDK. */
export function get(agent: RunningAgent, authorization = newToken(), host = HOST, at = 0): Promise<AgentResponse> {
  return send(`${agent.urls[at] ?? ''}/v1/credentials`, { host, authorization });
}
