import { verify, type KeyObject } from 'node:crypto';
import type { Logger } from '../log.ts';
import type { InCluster, AgentOptions } from '../options.ts';
import { ClusterKeys } from './cluster-keys.ts';
import type { Metrics } from '../metrics.ts';
import type { CachingOptions } from './caching-retriever.ts';

type Json = Readonly<Record<string, unknown>>;

const AUDIENCE = 'pods.eks.amazonaws.com';
/** The format of EKS's key ids; other clusters use SHA-256 in base64url. */
const KEY_ID = /^[0-9a-f]{40}$/;

/** The agent rejects the token itself, with status 400 and this message. */
export class TokenRefusal extends Error {}

const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

const part = (token: string, index: 0 | 1): Json =>
  asObject(JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString())) ?? {};

const claimAt = (claims: Json, path: string): unknown =>
  path.split('/').reduce<unknown>((value, name) => asObject(value)?.[name], claims['kubernetes.io']);

/** Returns the unverified UID of the token's pod. @throws TokenRefusal with agent 0.2's message (internal/credsretriever) */
function podUidOf(token: string): string {
  const claims = part(token, 1);
  const uid = claimAt(claims, 'pod/uid');
  if (typeof uid === 'string') return uid;
  const missing =
    asObject(claims['kubernetes.io']) === undefined
      ? 'kubernetes.io claims'
      : asObject(claimAt(claims, 'pod')) === undefined
        ? 'pod claims'
        : 'pod uid';
  throw new TokenRefusal(`failed to get pod uid from service account token: Service account token missing ${missing}`);
}

/** Validates tokens like agent 0.2 (internal/validation), before the cache serves another token of the same pod. */
class TokenValidator {
  readonly #keys: ClusterKeys;
  readonly #checksAudience: boolean;

  /** @param checksAudience false if the EKS Auth endpoint is not the region's */
  constructor(cluster: InCluster, checksAudience: boolean) {
    this.#keys = new ClusterKeys(cluster);
    this.#checksAudience = checksAudience;
  }

  /** Fetches the keys before the first token. After a failure, the next token retries. */
  async prepare(log: Logger): Promise<void> {
    await this.#keys.refresh(log).catch((error: Error) => log.info(`failed to fetch public keys: ${error.message}`));
  }

  /** Throws an Error if a token is invalid. Its times have been checked before. */
  async validate(token: string, log: Logger): Promise<void> {
    const { kid } = part(token, 0);
    if (typeof kid !== 'string' || !KEY_ID.test(kid)) throw new Error('kid is not an EKS key id');
    if (this.#checksAudience && ![part(token, 1)['aud']].flat().includes(AUDIENCE))
      throw new Error(`invalid audience: expected ${AUDIENCE}`);
    if (!isSignedBy(await this.#keys.find(kid, log), token)) throw new Error('signature is invalid');
  }
}

/** Verifies an RS256 signature, EKS's algorithm (RFC 7518, "Digital Signature with RSASSA-PKCS1-v1_5"). */
function isSignedBy(key: KeyObject, token: string): boolean {
  const end = token.lastIndexOf('.');
  return verify('sha256', Buffer.from(token.slice(0, end)), key, Buffer.from(token.slice(end + 1), 'base64url'));
}

type CacheKeys = Pick<CachingOptions, 'keyOf' | 'accepts'>;

/** Returns the cache's keys. 0.1 uses the token. 0.2 uses the pod's UID, and validates other tokens of the pod. */
export function cacheKeys(options: AgentOptions, metrics: Metrics, log: Logger): CacheKeys {
  if (options.version !== '0.2') return { keyOf: (token) => token };
  const { inCluster: cluster } = options;
  const validator = cluster && new TokenValidator(cluster, options.endpoint === undefined);
  void validator?.prepare(log);
  return {
    keyOf: podUidOf,
    accepts: async (token, requestLog) => {
      const failure = await validator?.validate(token, requestLog).then(
        () => undefined,
        (error: Error) => error.message,
      );
      const result = validator === undefined ? 'skipped' : failure === undefined ? 'success' : 'failure';
      metrics.localValidation.increment({ result });
      if (failure !== undefined) requestLog.info(`Local token validation failed: ${failure}, falling back to delegate`);
      return result === 'success';
    },
  };
}
