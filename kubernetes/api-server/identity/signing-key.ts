import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { CompactSign, compactVerify } from 'jose';
import { isObject } from '../patch/merge-patch.ts';
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

/** Starts to generate a key in the thread pool: that takes up to 300 ms, and only the first use waits for it. */
export function newSigningKey(keyId: KeyIdOf = sha256): SigningKey {
  const pair = generate(keyId);
  // Whoever uses the key meets the failure; without a handler here it would end the process before that.
  pair.catch(() => undefined);
  return {
    async sign(claims) {
      const { privateKey, id } = await pair;
      const payload = new TextEncoder().encode(JSON.stringify(claims));
      return new CompactSign(payload).setProtectedHeader({ alg: 'RS256', kid: id }).sign(privateKey);
    },
    async verify(token) {
      const { publicKey, id } = await pair;
      try {
        const { payload, protectedHeader } = await compactVerify(token, publicKey, { algorithms: ['RS256'] });
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
        return protectedHeader.kid === id && isObject(claims) ? claims : undefined;
      } catch {
        return undefined;
      }
    },
    async jwk() {
      const { publicKey, id } = await pair;
      const { kty, n, e } = publicKey.export({ format: 'jwk' });
      return { use: 'sig', kty, kid: id, alg: 'RS256', n, e };
    },
  };
}
