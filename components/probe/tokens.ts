import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  KnownSecret,
  ProjectedToken,
  TokenChange,
  TokenDescription,
  TokenSource,
} from '../../foundation/protocols/probe-protocol.ts';

const TOKEN_FILES: Readonly<Record<ProjectedToken, string>> = {
  'pod-identity': 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  irsa: 'AWS_WEB_IDENTITY_TOKEN_FILE',
  'kubernetes-api': 'PROBE_API_TOKEN_FILE',
};

export function projectedTokens(): ReadonlyMap<ProjectedToken, string> {
  const tokens = new Map<ProjectedToken, string>();
  for (const from of Object.keys(TOKEN_FILES) as ProjectedToken[]) {
    try {
      tokens.set(from, readToken({ from }) ?? '');
    } catch {
      // Operations with a missing or unreadable token report that.
    }
  }
  return tokens;
}

export function describeTokens(tokens: ReadonlyMap<ProjectedToken, string>): TokenDescription[] {
  const described: TokenDescription[] = [];
  for (const [from, token] of tokens) {
    try {
      described.push({ from, ...decodeToken(token) });
    } catch {
      // Users may put other text in the file.
    }
  }
  return described;
}

/** Returns a token's header and claims, without its signature. Throws if they are not JSON. */
export function decodeToken(token: string): Pick<TokenDescription, 'header' | 'claims'> {
  const [header = '', claims = ''] = token.split('.');
  return { header: decode(header), claims: decode(claims) };
}

/** Reads a token from its source. Returns undefined for `none`. Throws if the file is unreadable. */
export function readToken(source: TokenSource): string | undefined {
  switch (source.from) {
    case 'none':
      return undefined;
    case 'text':
      return source.text;
    case 'minted':
      return readFileSync(join(process.env['PROBE_TOKENS_DIRECTORY'] ?? '/', source.name), 'utf8').trim();
    default: {
      const file = process.env[TOKEN_FILES[source.from]];
      if (file === undefined) throw new Error(`the pod has no ${TOKEN_FILES[source.from]}`);
      return readFileSync(file, 'utf8').trim();
    }
  }
}

/** Seconds by which a token is late or early. More than clocks differ, but little enough to detect a lenient verifier. */
const MOMENT = 30;

/** Breaks a token in one way and keeps everything else. */
export async function changeToken(token: string, change: TokenChange | undefined): Promise<string> {
  const [header = '', claims = '', signature = ''] = token.split('.');
  switch (change) {
    case undefined:
      return token;
    case 'flip-signature':
      return `${header}.${claims}.${flip(signature)}`;
    case 'alg-none':
      return `${encode({ ...decode(header), alg: 'none' })}.${claims}.`;
    case 'expired':
      return `${header}.${encode({ ...decode(claims), exp: Math.floor(Date.now() / 1000) - MOMENT })}.${signature}`;
    case 'not-yet-valid':
      return `${header}.${encode({ ...decode(claims), nbf: Math.floor(Date.now() / 1000) + MOMENT })}.${signature}`;
    case 'unknown-key-id': {
      // The id keeps its form, which the agent checks.
      const kid = String(decode(header)['kid']).replace(/^./, (first) => (first === '0' ? '1' : '0'));
      return `${encode({ ...decode(header), kid })}.${claims}.${signature}`;
    }
    case 'two-segments':
      return `${header}.${claims}`;
    case 'garbage-header':
      return `${Buffer.from('no json').toString('base64url')}.${claims}.${signature}`;
    case 'garbage-claims':
      return `${header}.${Buffer.from('no json').toString('base64url')}.${signature}`;
    case 'bearer-prefix':
      return `Bearer ${token}`;
    case 'self-signed': {
      // Load it only here, because it slows the start.
      const { createSign, generateKeyPair } = await import('node:crypto');
      unknownKey ??= new Promise((resolve, reject) =>
        generateKeyPair('rsa', { modulusLength: 2048 }, (error, _publicKey, privateKey) =>
          error ? reject(error) : resolve(privateKey),
        ),
      );
      const input = `${header}.${claims}`;
      return `${input}.${createSign('RSA-SHA256')
        .update(input)
        .sign(await unknownKey)
        .toString('base64url')}`;
    }
    default:
      return signedWithSecret(decode(header), claims, change);
  }
}

/** Signs with a secret from the token itself. */
async function signedWithSecret(
  { kid, ...header }: Record<string, unknown>,
  claims: string,
  change: Extract<TokenChange, `hmac-${string}`>,
): Promise<string> {
  const { createHmac } = await import('node:crypto');
  const { aud, iss } = decode(claims) as { readonly aud?: string | readonly string[]; readonly iss?: string };
  const secrets: Readonly<Record<KnownSecret, string | undefined>> = {
    empty: '',
    audience: [aud].flat()[0],
    issuer: iss,
    'key-id': typeof kid === 'string' ? kid : undefined,
  };
  const secret = change.replace(/^hmac-|-without-key-id$/g, '') as KnownSecret;
  const keepsKeyId = !change.endsWith('-without-key-id');
  const input = `${encode({ ...header, ...(keepsKeyId && { kid }), alg: 'HS256' })}.${claims}`;
  const signature = createHmac('sha256', secrets[secret] ?? '')
    .update(input)
    .digest('base64url');
  return `${input}.${signature}`;
}

/** A key of no issuer. Created only once, because that takes 150 ms of processor time. */
let unknownKey: Promise<KeyObject> | undefined;

const decode = (segment: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(segment, 'base64url').toString('utf8')) as Record<string, unknown>;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Changes a byte in the middle, where every bit of the encoding is significant. */
function flip(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x55;
  return bytes.toString('base64url');
}
