import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Credentials, NodeGroupSpec } from '../../emulator/index.ts';
import { listen, stopServer } from '../../foundation/node/listen.ts';

interface InstanceOptions {
  readonly instance: NodeGroupSpec['instance'];
  readonly region: string;
  readonly hostName: string;
  readonly roleArn: string;
  readonly credentials: () => Promise<Credentials>;
  readonly clock: Clock;
  /** Default: loopback. */
  readonly bindAddress?: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Whether to serve a caller's address; others get 403. Default: all are served. */
  readonly answers?: (address: string) => boolean;
}

export interface InstanceMetadata {
  /** `http://<address>:<port>` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const TOKEN_HEADER = 'x-aws-ec2-metadata-token';
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const MAX_TTL = 21_600;
const HOUR = 3_600_000;

/**
 * Starts an instance metadata service (EC2 User Guide, "Use the Instance Metadata Service …"). It follows the instance's
 * metadata options, except the hop limit.
 */
export async function startInstanceMetadata(options: InstanceOptions): Promise<InstanceMetadata> {
  const { clock, bindAddress = '127.0.0.1', answers = () => true } = options;
  /** Expiry by token, in milliseconds since the epoch. */
  const sessions = new Map<string, number>();

  const issueToken = (request: IncomingMessage, response: ServerResponse): void => {
    const header = request.headers[TTL_HEADER];
    const ttl = typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : 0;
    if (ttl < 1 || ttl > MAX_TTL) return answer(response, 400, 'Bad Request');
    const now = clock.now();
    for (const [token, end] of sessions) if (end <= now) sessions.delete(token);
    const token = randomBytes(40).toString('base64url');
    sessions.set(token, now + ttl * 1000);
    response.setHeader(TTL_HEADER, String(ttl));
    answer(response, 200, token);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!answers((request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')))
      return answer(response, 403, 'Forbidden');
    const { httpEndpoint, httpTokens } = options.instance.metadataOptions;
    if (httpEndpoint === 'disabled') return answer(response, 403, 'Forbidden');
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/latest/api/token') {
      if (request.method === 'PUT') issueToken(request, response);
      else answer(response, 405, 'Method Not Allowed');
      return;
    }
    const token = request.headers[TOKEN_HEADER];
    const isSession = typeof token === 'string' && (sessions.get(token) ?? 0) > clock.now();
    if (!isSession && (token !== undefined || httpTokens === 'required')) return answer(response, 401, 'Unauthorized');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'Method Not Allowed');
    const text = await metadata(path.replace(/^\/(?:latest|20\d\d-\d\d-\d\d)\//, ''), options);
    if (text === undefined) answer(response, 404, 'Not Found');
    else answer(response, 200, text);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => answer(response, 500, 'Internal Server Error'));
  });
  const port = await listen(server, bindAddress, options.port);
  return { url: `http://${bindAddress}:${port}`, port, close: () => stopServer(server) };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

async function metadata(path: string, instance: InstanceOptions): Promise<string | undefined> {
  const { region, hostName, roleArn } = instance;
  const { id: instanceId, zone, profile } = instance.instance;
  const role = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const accountId = roleArn.split(':')[4] ?? '';
  const roles = 'meta-data/iam/security-credentials';
  switch (path) {
    case roles:
    case `${roles}/`:
      return role;
    case `${roles}/${role}`:
      return JSON.stringify(await credentials(instance), undefined, 2);
    case 'meta-data/iam/info':
      return JSON.stringify({ Code: 'Success', InstanceProfileArn: profile.arn, InstanceProfileId: profile.id });
    case 'meta-data/instance-id':
      return instanceId;
    case 'meta-data/hostname':
    case 'meta-data/local-hostname':
      return hostName;
    case 'meta-data/placement/region':
      return region;
    case 'meta-data/placement/availability-zone':
      return zone;
    case 'dynamic/instance-identity/document':
      return JSON.stringify({ accountId, region, availabilityZone: zone, instanceId });
    default:
      return undefined;
  }
}

async function credentials({ credentials, clock }: InstanceOptions): Promise<Record<string, string>> {
  const current = await credentials();
  const now = clock.now();
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    Code: 'Success',
    LastUpdated: time(now),
    Type: 'AWS-HMAC',
    AccessKeyId: current.accessKeyId,
    SecretAccessKey: current.secretAccessKey,
    Token: current.sessionToken ?? '',
    Expiration: time(current.expiration ?? now + 6 * HOUR),
  };
}
