import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { CompactSign, compactVerify } from 'jose';
import { isObject } from '../patch/merge-patch.ts';
import type { ApiServerOptions, Clock } from '../model/types.ts';

/** Signs with RS256 and rotating RSA-2048 keys. */
export interface SigningKeys {
  /** Returns a compact JWS with `alg` and `kid`. */
  sign(claims: object): Promise<string>;
  /** Returns the claims of a valid JWS, or undefined. Does not check expiry. */
  verify(token: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Returns the public keys with `kid`, `alg` and `use`. */
  jwks(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly id: string;
}

type KeyIdOf = NonNullable<ApiServerOptions['keyId']>;

const sha256: KeyIdOf = (publicKey) => createHash('sha256').update(publicKey).digest('base64url');

async function generate(keyId: KeyIdOf): Promise<KeyPair> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...pair, id: keyId(pair.publicKey.export({ type: 'spki', format: 'der' })) };
}

const HAS_THREE_PARTS = /^[^.]*\.[^.]*\.[^.]*$/;

/** Generates keys in the thread pool (up to 300 ms each). `rotation`: a key's lifetime; default: forever. */
export function newSigningKeys(
  keyId: KeyIdOf = sha256,
  rotation?: { readonly clock: Clock; readonly milliseconds: number },
): SigningKeys {
  const started = rotation?.clock.now() ?? 0;
  const pairs = new Map<number, Promise<KeyPair>>();
  const current = (): Promise<KeyPair> => {
    const period = rotation === undefined ? 0 : Math.floor((rotation.clock.now() - started) / rotation.milliseconds);
    const pair = pairs.get(period) ?? generate(keyId);
    pairs.set(period, pair);
    return pair;
  };
  // Callers handle a failure later; until then it must not count as an unhandled rejection.
  current().catch(() => undefined);
  return {
    async sign(claims) {
      const { privateKey, id } = await current();
      const payload = new TextEncoder().encode(JSON.stringify(claims));
      return new CompactSign(payload).setProtectedHeader({ alg: 'RS256', kid: id }).sign(privateKey);
    },
    async verify(token) {
      // Most other tokens are EKS's. This check is faster than an error with a stack.
      if (!HAS_THREE_PARTS.test(token)) return undefined;
      const all = await Promise.all(pairs.values());
      try {
        const { payload } = await compactVerify(
          token,
          ({ kid }) => {
            const pair = all.find(({ id }) => id === kid);
            if (pair === undefined) throw new Error('no key has this id');
            return pair.publicKey;
          },
          { algorithms: ['RS256'] },
        );
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
        return isObject(claims) ? claims : undefined;
      } catch {
        return undefined;
      }
    },
    async jwks() {
      await current();
      const all = await Promise.all(pairs.values());
      return all.map(({ publicKey, id }) => {
        const { kty, n, e } = publicKey.export({ format: 'jwk' });
        return { use: 'sig', kty, kid: id, alg: 'RS256', n, e };
      });
    },
  };
}
