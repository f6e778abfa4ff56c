import { createPublicKey, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Logger } from '../log.ts';
import type { InCluster } from '../options.ts';

/** Service account of a pod, where the kubelet mounts it. */
export const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';
const KEY_FILE = 'var/lib/eks-pod-identity-agent/jwks-cache.json';
/** Before it, the API server's keys need not be those of a signer outside of it (KEP-740). */
const OLDEST_MINOR = 34;
const TIMEOUT = 10_000;

/** The API server is too old for its keys to be relied on. */
class UnsupportedVersion extends Error {}

/**
 * The keys of the cluster's service account issuer, which the API server tells (Kubernetes documentation, "Service account
 * issuer discovery"), by their ids. They are kept in a file, for when it cannot be reached.
 */
export class ClusterKeys {
  readonly #cluster: InCluster;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #refreshing = false;

  constructor(cluster: InCluster) {
    this.#cluster = cluster;
  }

  /** The key of this id; unknown ids are asked for. Throws an Error when there is none. */
  async find(id: string, log: Logger): Promise<KeyObject> {
    if (!this.#keys.has(id)) await this.refresh(log);
    const found = this.#keys.get(id);
    if (found === undefined) throw new Error(`no matching key found for kid: ${id}`);
    return found;
  }

  /** Throws an Error when keys can be had neither from the API server nor from the file. */
  async refresh(log: Logger): Promise<void> {
    if (this.#refreshing) throw new Error('key refresh already in progress');
    this.#refreshing = true;
    try {
      log.info('Public key cache refresh triggered');
      const set = await this.#fetch(log);
      this.#keys = keysOf(set, log);
      log.info(`Public key cache refreshed with ${this.#keys.size} keys`);
    } catch (error) {
      if (error instanceof UnsupportedVersion) this.#keys = new Map();
      throw error;
    } finally {
      this.#refreshing = false;
    }
  }

  async #fetch(log: Logger): Promise<unknown> {
    const file = join(this.#cluster.root, KEY_FILE);
    try {
      await this.#checkVersion();
      const set = await this.#get('/openid/v1/jwks');
      await store(file, set).catch((error: unknown) => log.warn(`failed to write the key file: ${textOf(error)}`));
      return set;
    } catch (error) {
      if (error instanceof UnsupportedVersion) throw error;
      log.warn(`the API server's keys cannot be fetched: ${textOf(error)}`);
      const kept = await readFile(file, 'utf8').catch(() => undefined);
      if (kept === undefined) throw error;
      return JSON.parse(kept);
    }
  }

  async #checkVersion(): Promise<void> {
    const { major, minor } = (await this.#get('/version')) as { readonly major?: string; readonly minor?: string };
    // Managed clusters put a plus behind it.
    const [is, found] = [Number(major), Number.parseInt(minor ?? '', 10)];
    if (is < 1 || (is === 1 && found < OLDEST_MINOR))
      throw new UnsupportedVersion(`kubernetes version does not support fetching public keys: ${is}.${found}`);
  }

  /** Asks the API server as the agent's service account, whose token the kubelet renews. */
  async #get(path: string): Promise<unknown> {
    const { apiServer, root } = this.#cluster;
    const [token, ca] = await Promise.all(
      ['token', 'ca.crt'].map((name) => readFile(join(root, SERVICE_ACCOUNT, name), 'utf8')),
    );
    const headers = { authorization: `Bearer ${token?.trim() ?? ''}` };
    const signal = AbortSignal.timeout(TIMEOUT);
    const asked = request(new URL(path, apiServer), { headers, ca, agent: false, signal }).end();
    // Once the answer has begun, whoever reads it is told, and the request tells nobody.
    asked.on('error', () => undefined);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const body = await text(response);
    if (response.statusCode !== 200) throw new Error(`${path} answers ${response.statusCode ?? 0}`);
    return JSON.parse(body);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error');

/** Whoever reads it meanwhile sees the old or the new keys whole. */
async function store(file: string, set: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = join(dirname(file), `.jwks-cache-${randomUUID()}.tmp`);
  await writeFile(unfinished, JSON.stringify(set), { mode: 0o600 });
  await rename(unfinished, file);
}

/** RSA keys of a JWK set, with which EKS signs; of two with one id the first. */
function keysOf(set: unknown, log: Logger): ReadonlyMap<string, KeyObject> {
  const { keys = [] } = (set ?? {}) as { readonly keys?: readonly (JsonWebKey & { kid?: string })[] };
  const found = new Map<string, KeyObject>();
  for (const jwk of keys) {
    const { kid: id = '', kty } = jwk;
    if (found.has(id) || kty !== 'RSA') continue;
    try {
      found.set(id, createPublicKey({ key: jwk, format: 'jwk' }));
    } catch (error) {
      log.info(`skipping key ${id}: ${textOf(error)}`);
    }
  }
  return found;
}
