import { verify, type KeyObject } from 'node:crypto';
import type { Logger } from '../log.ts';
import type { InCluster, AgentOptions } from '../options.ts';
import { ClusterKeys } from './cluster-keys.ts';
import type { Metrics } from '../metrics.ts';
import type { CachingOptions } from './caching-retriever.ts';

type Json = Readonly<Record<string, unknown>>;

const AUDIENCE = 'pods.eks.amazonaws.com';
/** Of the keys with which EKS signs; other clusters' ids are SHA-256 in base64url. */
const KEY_ID = /^[0-9a-f]{40}$/;

/** The agent refuses a token itself: status 400, with the message. */
export class TokenRefusal extends Error {}

const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

/** Header or claims of a token that can be parsed. */
const part = (token: string, index: 0 | 1): Json =>
  asObject(JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString())) ?? {};

/** A value below `kubernetes.io` of a token's claims. */
const claimAt = (claims: Json, path: string): unknown =>
  path.split('/').reduce<unknown>((value, name) => asObject(value)?.[name], claims['kubernetes.io']);

/**
 * The uid of the pod that a token says it is bound to. Nothing of it is checked yet.
 *
 * @throws TokenRefusal in the words of agent 0.2 (internal/credsretriever) when it is bound to none
 */
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

/** Checks tokens as agent 0.2 does (internal/validation) ahead of answering another token of a pod from its cache. */
class TokenValidator {
  readonly #keys: ClusterKeys;
  readonly #checksAudience: boolean;

  /** @param checksAudience whether tokens must be for EKS Pod Identity: not where another than the region's EKS Auth is asked */
  constructor(cluster: InCluster, checksAudience: boolean) {
    this.#keys = new ClusterKeys(cluster);
    this.#checksAudience = checksAudience;
  }

  /** Fetches the keys ahead of the first token; when that fails, the token tries again. */
  async prepare(log: Logger): Promise<void> {
    await this.#keys.refresh(log).catch((error: Error) => log.info(`failed to fetch public keys: ${error.message}`));
  }

  /**
   * Throws an Error that says what is wrong with the token. Its times are checked before, with every token's; an API server
   * signs none for the audience that lacks a claim of a pod.
   */
  async validate(token: string, log: Logger): Promise<void> {
    const { kid } = part(token, 0);
    if (typeof kid !== 'string' || !KEY_ID.test(kid)) throw new Error('kid is not that of a key of EKS');
    if (this.#checksAudience && ![part(token, 1)['aud']].flat().includes(AUDIENCE))
      throw new Error(`invalid audience: expected ${AUDIENCE}`);
    if (!isSignedBy(await this.#keys.find(kid, log), token)) throw new Error('signature is invalid');
  }
}

/** RFC 7518, "Digital Signature with RSASSA-PKCS1-v1_5": RS256, as EKS signs. */
function isSignedBy(key: KeyObject, token: string): boolean {
  const end = token.lastIndexOf('.');
  return verify('sha256', Buffer.from(token.slice(0, end)), key, Buffer.from(token.slice(end + 1), 'base64url'));
}

type CacheKeys = Pick<CachingOptions, 'keyOf' | 'accepts'>;

/**
 * What an agent's cache is kept by, in each line of its releases. 0.1 goes by the token. 0.2 goes by the pod's uid, and answers
 * another token of the pod from the cache once it has checked that itself; otherwise EKS Auth is asked.
 */
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
