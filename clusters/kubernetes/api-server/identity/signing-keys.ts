import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { CompactSign, compactVerify } from 'jose';
import { isObject } from '../patch/merge-patch.ts';
import type { ApiServerOptions, Clock } from '../model/types.ts';

/** What signs service account tokens: RS256 with RSA-2048 keys, one after another. */
export interface SigningKeys {
  /** Compact JWS of the claims by the key of the time; its header has `alg` and `kid`. */
  sign(claims: object): Promise<string>;
  /** The claims of a token that one of these keys signed; undefined for any other text. Expiry is not looked at. */
  verify(token: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Public keys as JWKs with `kid`, `alg` and `use`. */
  jwks(): Promise<readonly Readonly<Record<string, unknown>>[]>;
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

/**
 * Starts to generate a key in the thread pool: that takes up to 300 ms, and only the first use waits for it.
 *
 * @param rotation how long a key signs, in milliseconds of the clock: the next one does so after that. Default: for good
 */
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
  // Whoever uses the key meets the failure; without a handler here it would end the process before that.
  current().catch(() => undefined);
  return {
    async sign(claims) {
      const { privateKey, id } = await current();
      const payload = new TextEncoder().encode(JSON.stringify(claims));
      return new CompactSign(payload).setProtectedHeader({ alg: 'RS256', kid: id }).sign(privateKey);
    },
    async verify(token) {
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
