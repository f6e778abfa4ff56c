import { createHash, generateKeyPair, sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { ApiServerOptions } from '../types.ts';

/** The key that signs service account tokens: RS256 with an RSA-2048 key. */
export interface SigningKey {
  /** Compact JWS of the claims; its header has `alg` and `kid`. */
  sign(claims: object): Promise<string>;
  /** The claims of a token that this key signed; undefined for any other text. Expiry is not looked at. */
  verify(token: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Public key as a JWK with `kid`, `alg` and `use`. */
  jwk(): Promise<Readonly<Record<string, unknown>>>;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly id: string;
}

type KeyIdOf = NonNullable<ApiServerOptions['keyId']>;

/** As Kubernetes names the keys of its own. */
const sha256: KeyIdOf = (publicKey) => createHash('sha256').update(publicKey).digest('base64url');

async function generate(keyId: KeyIdOf): Promise<KeyPair> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...pair, id: keyId(pair.publicKey.export({ type: 'spki', format: 'der' })) };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Starts to generate a key in the thread pool: that takes up to 300 ms, and only the first use waits for it. */
export function newSigningKey(keyId: KeyIdOf = sha256): SigningKey {
  const pair = generate(keyId);
  // Whoever uses the key meets the failure; without a handler here it would end the process before that.
  pair.catch(() => undefined);
  return {
    async sign(claims) {
      const { privateKey, id } = await pair;
      const input = `${encode({ alg: 'RS256', kid: id })}.${encode(claims)}`;
      const signature = await new Promise<Buffer>((resolve, reject) => {
        sign('RSA-SHA256', Buffer.from(input), privateKey, (error, data) => {
          if (error) reject(error);
          else resolve(data);
        });
      });
      return `${input}.${signature.toString('base64url')}`;
    },
    async verify(token) {
      const [header = '', payload = '', signature = '', ...rest] = token.split('.');
      if (rest.length > 0 || signature === '') return undefined;
      const { publicKey, id } = await pair;
      const { alg, kid } = decode(header) ?? {};
      if (alg !== 'RS256' || kid !== id) return undefined;
      const input = Buffer.from(`${header}.${payload}`);
      return verify('RSA-SHA256', input, publicKey, Buffer.from(signature, 'base64url')) ? decode(payload) : undefined;
    },
    async jwk() {
      const { publicKey, id } = await pair;
      const { kty, n, e } = publicKey.export({ format: 'jwk' });
      return { use: 'sig', kty, kid: id, alg: 'RS256', n, e };
    },
  };
}
