import { setTimeout as sleep } from 'node:timers/promises';
import type { PodCredentials } from '../eks-auth/answer.ts';
import type { CredentialRetriever } from '../eks-auth/client.ts';
import { EksAuthError, FetchError } from '../eks-auth/errors.ts';
import { rateLimiter } from '../../go/limiter.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Clock } from '../options.ts';
import { ExpiringCache } from './expiring-cache.ts';

/** All durations are in ms. */
const MINUTE = 60_000;
const SWEEP_INTERVAL = MINUTE;
const RENEWAL_TIMEOUT = MINUTE;
const RETRY_INTERVAL = MINUTE;
const MAX_RETRY_JITTER = MINUTE;
const MIN_LIFE = 15_000;
const WAIT_FOR_OTHER = 200;
const WAITS_FOR_OTHER = 9;
/** Interval of checks for due sweeps. It is short because tests move the clock. */
const TICK = 100;
/** A longer delay of a sweep means that a test moved the clock. */
const LATE = 2000;

interface Entry {
  readonly key: string;
  token: string;
  readonly credentials: PodCredentials;
  readonly log: Logger;
}

export interface CachingOptions {
  /** Age at which to refresh entries, in ms. */
  readonly retention: number;
  readonly maxSize: number;
  readonly refreshesPerSecond: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Returns the cache key of a token. Throws `TokenRefusal`. */
  readonly keyOf: (token: string) => string;
  /** Whether the delegate is a chain, whose errors have codes of their own. Default: false. */
  readonly chained?: boolean;
  /** Whether another token with the same key may use the entry. Default: keys are unique. */
  readonly accepts?: (token: string, log: Logger) => Promise<boolean>;
}

/**
 * Caches credentials by a key of the token. Concurrent requests for a token share a fetch. Every minute, a sweep
 * refreshes entries older than the retention, with their last token.
 */
export class CachingRetriever implements CredentialRetriever {
  readonly #delegate: CredentialRetriever;
  readonly #options: CachingOptions;
  readonly #cache: ExpiringCache<Entry>;
  readonly #underWay = new Set<string>();
  readonly #refreshLimiter: ReturnType<typeof rateLimiter>;
  readonly #timer: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  #sweptAt: number;
  #sweep: Promise<void> | undefined;

  constructor(delegate: CredentialRetriever, options: CachingOptions) {
    this.#delegate = delegate;
    this.#options = options;
    this.#cache = new ExpiringCache<Entry>(options.maxSize, options.clock.now.bind(options.clock), (entry) => {
      entry.log.info('Credentials evicted');
      options.metrics.cacheState.increment({ state: 'evicted' });
    });
    this.#refreshLimiter = rateLimiter(options.refreshesPerSecond, options.refreshesPerSecond);
    this.#sweptAt = options.clock.now();
    this.#timer = setInterval(() => void this.#sweepIfDue(SWEEP_INTERVAL), TICK);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopping.abort();
  }

  async retrieve(token: string, log: Logger, signal: () => AbortSignal): Promise<PodCredentials> {
    // A sweep this late means a moved clock, and this request must see its effect.
    await this.#sweepIfDue(SWEEP_INTERVAL + LATE);
    const key = this.#options.keyOf(token);
    for (let wait = 0; wait <= WAITS_FOR_OTHER; wait += 1) {
      const entry = this.#cache.get(key);
      if (entry !== undefined && this.#lifeLeft(entry) <= MIN_LIFE) {
        log.info('Identified that entry in cache contains credentials with small ttl or invalid ttl, will be deleted');
        this.#cache.delete(entry.key);
        break;
      }
      if (entry !== undefined && (await this.#mayHave(entry, token, log))) {
        log.with({ 'cache-hit': 1 }).trace('Using cached credentials');
        return entry.credentials;
      }
      if (!this.#underWay.has(token)) break;
      if (wait > 0) log.info(`Waiting for active request with ${wait} tries`);
      if (wait < WAITS_FOR_OTHER) await sleep(WAIT_FOR_OTHER);
    }
    if (this.#underWay.has(token)) log.warn(`Failed to complete active request in ${WAITS_FOR_OTHER} tries`);
    this.#underWay.add(token);
    try {
      log.with({ 'cache-hit': 0 }).trace('Could not find entry in cache, requesting creds from delegate');
      this.#options.metrics.cacheState.increment({ state: 'miss' });
      return await this.#fetch(token, log, signal);
    } finally {
      this.#underWay.delete(token);
    }
  }

  async #mayHave(entry: Entry, token: string, log: Logger): Promise<boolean> {
    if (entry.token === token) return true;
    if ((await this.#options.accepts?.(token, log)) !== true) return false;
    entry.token = token;
    return true;
  }

  #lifeLeft(entry: Entry): number {
    return entry.credentials.expiration - this.#options.clock.now();
  }

  async #fetch(token: string, log: Logger, signal: () => AbortSignal): Promise<PodCredentials> {
    let credentials: PodCredentials;
    try {
      credentials = await this.#delegate.retrieve(token, log, signal);
    } catch (error) {
      if (error instanceof FetchError) throw new FetchError(`error getting credentials to cache: ${error.message}`);
      throw error;
    }
    const key = this.#options.keyOf(token);
    const entry = { key, token, credentials, log: log.with({ 'association-id': credentials.associationId }) };
    const life = this.#lifeLeft(entry);
    if (life <= MIN_LIFE) {
      const seconds = (life / 1000).toFixed(2);
      throw new FetchError(`fetched credentials are expired or will expire within the next ${seconds} seconds`);
    }
    entry.log.info('Storing creds in cache');
    this.#cache.set(key, entry, Math.min(life, this.#options.retention), life);
    return credentials;
  }

  async #sweepIfDue(interval: number): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#sweep === undefined && now - this.#sweptAt >= interval) {
      this.#sweptAt = now;
      this.#sweep = this.#cache
        .sweep((_, entry) => this.#refresh(entry))
        .finally(() => {
          this.#sweep = undefined;
        });
      await this.#sweep;
    }
  }

  async #refresh(entry: Entry): Promise<void> {
    const log = entry.log.with({ from: 'renewal-thread' });
    if (this.#refreshLimiter.allow()) {
      // The real agent takes a second permit for the same refresh, so it refreshes at half the rate of its flag.
      await sleep(this.#refreshLimiter.reserve());
      try {
        const signal = AbortSignal.any([AbortSignal.timeout(RENEWAL_TIMEOUT), this.#stopping.signal]);
        await this.#fetch(entry.token, log, () => signal);
        this.#options.metrics.cacheState.increment({ state: 'hit' });
        return;
      } catch (error) {
        const answered = error instanceof EksAuthError ? error : undefined;
        const code = this.#codeOf(answered);
        const text = answered?.text ?? (error instanceof Error ? error.message : 'unknown error');
        if (answered?.irrecoverable) {
          log.info(`Removing credentials from cache, got non recoverable error: ${text}`);
          this.#options.metrics.cacheErrors.increment({ type: 'NonRecoverable', code });
          this.#cache.delete(entry.key);
          return;
        }
        this.#options.metrics.cacheErrors.increment({ type: 'Recoverable', code });
        log.info(`Could not renew, will try to keep existing creds. Error is recoverable: ${text}`);
      }
    } else {
      log.info('Rate limited! Will try to keep creds locally');
    }
    this.#keep(entry, log);
  }

  #codeOf(error: EksAuthError | undefined): string {
    if (this.#options.chained) return error?.irrecoverable ? 'AllDelegatesIrrecoverable' : 'Unknown';
    return error?.exception?.code ?? 'Unknown';
  }

  #keep(entry: Entry, log: Logger): void {
    const life = this.#lifeLeft(entry);
    // The end of the sweep removes expired entries.
    if (life <= MIN_LIFE) return log.info('Evicting credentials since they are too old');
    const retry = RETRY_INTERVAL + Math.floor(Math.random() * MAX_RETRY_JITTER);
    log.info(`Credentials still valid for at least ${(life / 1000).toFixed(2)}s, keeping them`);
    this.#cache.set(entry.key, entry, Math.min(life, retry), life);
  }
}
