import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Logger } from '../log.ts';
import type { InCluster } from '../options.ts';

/** Where the kubelet mounts a pod's service account. */
export const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT = 10_000;

type Jwk = JsonWebKey & { readonly kid: string };

/** Returns the keys of a key set by id. Like the real agent, skips keys that cannot be read. */
export function usableKeys(set: readonly Jwk[], log: Logger): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const jwk of set) {
    try {
      keys.set(jwk.kid, createPublicKey({ key: jwk, format: 'jwk' }));
    } catch (error) {
      log.info(`Public key ${jwk.kid} was skipped: ${(error as Error).message}`);
    }
  }
  return keys;
}

/**
 * Fetches and caches the cluster's issuer keys (Kubernetes documentation, "Service account issuer discovery"). Unlike
 * this class, the real agent stores them in a file, and ignores the keys of API servers before 1.34.
 */
export class ClusterKeys {
  readonly #cluster: InCluster;
  #keys: ReadonlyMap<string, KeyObject> = new Map();

  constructor(cluster: InCluster) {
    this.#cluster = cluster;
  }

  async find(id: string, log: Logger): Promise<KeyObject> {
    if (!this.#keys.has(id)) await this.refresh(log);
    const signingKey = this.#keys.get(id);
    if (signingKey === undefined) throw new Error(`no matching key found for kid: ${id}`);
    return signingKey;
  }

  async refresh(log: Logger): Promise<void> {
    log.info('Public key cache refresh triggered');
    const { keys } = (await this.#get('/openid/v1/jwks')) as { readonly keys: readonly Jwk[] };
    this.#keys = usableKeys(keys, log);
    log.info(`Public key cache refreshed with ${this.#keys.size} keys`);
  }

  async #get(path: string): Promise<unknown> {
    const { apiServer, root } = this.#cluster;
    const [token, ca] = await Promise.all(
      ['token', 'ca.crt'].map((name) => readFile(join(root, SERVICE_ACCOUNT, name), 'utf8')),
    );
    const headers = { authorization: `Bearer ${token?.trim() ?? ''}` };
    const signal = AbortSignal.timeout(TIMEOUT);
    const keysRequest = request(new URL(path, apiServer), { headers, ca, agent: false, signal }).end();
    // Ignore errors here: `once` reports those before the response, and reading the response reports later ones.
    keysRequest.on('error', () => undefined);
    const [response] = (await once(keysRequest, 'response')) as [IncomingMessage];
    const body = await text(response);
    if (response.statusCode !== 200) throw new Error(`${path} answers ${response.statusCode ?? 0}`);
    return JSON.parse(body);
  }
}
