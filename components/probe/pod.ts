import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ConnectRequest,
  ProbeResult,
  ReadFileRequest,
  ReadTokenRequest,
  RotationRequest,
} from '../../foundation/protocols/probe-protocol.ts';
import { decodeToken, readToken } from './tokens.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

export function readFile({ path }: ReadFileRequest): ProbeResult {
  try {
    const stats = statSync(path);
    const { mode, uid, gid } = stats;
    const content = stats.isDirectory() ? { names: namesIn(path) } : { bytes: readFileSync(path).length };
    return { outcome: 'granted', facts: { ...content, mode: (mode & 0o777).toString(8).padStart(4, '0'), uid, gid } };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { outcome: 'refused', layer: 'injection', code, message: `the file cannot be read (${code})` };
  }
}

/** Lists the names in a folder, without a kubelet's internal ones. */
const namesIn = (folder: string): string =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('..'))
    .sort()
    .join();

/** Connection timeout, for policies that drop packets. */
const CONNECT_MILLISECONDS = 2000;
const STATE_MILLISECONDS = 20_000;

export async function connectTo({ to, until }: ConnectRequest): Promise<ProbeResult> {
  const url = new URL(
    to === 'agent'
      ? (process.env['PROBE_AGENT_URI'] ?? 'http://169.254.170.23')
      : (process.env['AWS_ENDPOINT_URL'] ?? `https://sts.${process.env['AWS_REGION'] ?? 'us-east-1'}.amazonaws.com`),
  );
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const end = Date.now() + STATE_MILLISECONDS;
  for (;;) {
    const failure = await connectOnce(unbracketed(url.hostname), port);
    const isExpected = until === undefined || (until === 'open') === (failure === undefined);
    if (!isExpected && Date.now() < end) {
      await sleep(300);
      continue;
    }
    if (failure === undefined) return { outcome: 'granted' };
    return { outcome: 'refused', layer: 'network', code: failure, message: `no connection to ${to} (${failure})` };
  }
}

/** Returns undefined after a connection, otherwise the reason of the failure. */
function connectOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MILLISECONDS });
    const end = (failure?: string): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end('TIMEOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'connection failed'));
  });
}

const ROTATION_POLL_MILLISECONDS = 200;

/** Waits for a changed token. `first` is the token at the program's start. */
export async function awaitTokenRotation(
  { token, seconds }: RotationRequest,
  first: string | undefined,
): Promise<ProbeResult> {
  if (first === undefined)
    return {
      outcome: 'refused',
      layer: 'injection',
      code: 'NoToken',
      message: `the pod started without the ${token} token`,
    };
  const started = Date.now();
  for (;;) {
    const now = readToken({ from: token });
    if (now !== undefined && now !== first) return { outcome: 'granted', facts: rotationFacts(first, now) };
    if (Date.now() - started >= seconds * 1000)
      return {
        outcome: 'refused',
        layer: 'injection',
        code: 'NotRotated',
        message: `the ${token} token did not change within ${seconds} s`,
      };
    await sleep(ROTATION_POLL_MILLISECONDS);
  }
}

/** Compares two tokens: `sameSubject`, `sameAudience`, and the seconds between their `iat` and `exp` claims. */
function rotationFacts(first: string, second: string): Record<string, string | number | boolean> {
  const [before, after] = [first, second].map(
    (token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims,
  ) as [Claims, Claims];
  return {
    sameSubject: before.sub === after.sub,
    sameAudience: JSON.stringify(before.aud) === JSON.stringify(after.aud),
    issuedLater: after.iat - before.iat,
    expiresLater: after.exp - before.exp,
  };
}

interface Claims {
  readonly sub: string;
  readonly aud: unknown;
  readonly iat: number;
  readonly exp: number;
}

/** Returns a service account token's registered claims and Kubernetes's claims ("Managing Service Accounts"). */
export function tokenClaims({ token: source }: ReadTokenRequest): ProbeResult {
  const token = readToken(source);
  if (token === undefined)
    return { outcome: 'refused', layer: 'injection', code: 'NoToken', message: 'the pod has no such token' };
  return { outcome: 'granted', facts: tokenFacts(token) };
}

export function tokenFacts(token: string): Facts {
  const { header, claims } = decodeToken(token);
  const { iss, sub, aud, exp, iat, nbf, 'kubernetes.io': kubernetesClaims = {} } = claims as Partial<KubernetesClaims>;
  const facts = {
    algorithm: header['alg'],
    issuer: iss,
    subject: sub,
    audience: [aud].flat().join(),
    lifetimeSeconds: (exp ?? NaN) - (iat ?? NaN),
    validAtOnce: nbf === iat,
    namespace: kubernetesClaims.namespace,
    serviceAccount: kubernetesClaims.serviceaccount?.name,
    serviceAccountUid: kubernetesClaims.serviceaccount?.uid,
    pod: kubernetesClaims.pod?.name,
    podUid: kubernetesClaims.pod?.uid,
    secret: kubernetesClaims.secret?.name,
    node: kubernetesClaims.node?.name,
    id: claims['jti'],
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Facts;
}

type Facts = NonNullable<ProbeResult['facts']>;

interface Named {
  readonly name: string;
  readonly uid: string;
}

interface KubernetesClaims extends Claims {
  readonly iss: string;
  readonly nbf: number;
  readonly 'kubernetes.io': {
    readonly namespace?: string;
    readonly serviceaccount?: Named;
    readonly pod?: Named;
    readonly secret?: Named;
    readonly node?: Named;
  };
}
