import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceAccount, ServiceAccountSource } from '../options.ts';
import { ApiStatusError } from './client.ts';
import type { ApiServerClient } from './client.ts';
import { Informer } from './informer.ts';
import type { ApiObject } from './informer.ts';

/** Milliseconds for one look-up. */
const FETCH_TIMEOUT = 1000;
/** Look-ups of single service accounts: so many at once, then one in each interval of milliseconds. */
const RATE = { burst: 20, interval: 100 };

/** The service accounts of a cluster, kept by a watch; one that is missed can be asked for by itself. */
export class ServiceAccountCache implements ServiceAccountSource {
  readonly #client: ApiServerClient;
  readonly #informer: Informer;
  readonly #fetches = new Map<string, Promise<ServiceAccount | undefined>>();
  readonly #limiter = new RateLimiter(RATE.burst, RATE.interval);

  constructor(client: ApiServerClient, log: (line: string) => void) {
    this.#client = client;
    this.#informer = new Informer(client, '/api/v1/serviceaccounts', log);
  }

  /** Resolves after the first list. */
  start(): Promise<void> {
    return this.#informer.start();
  }

  stop(): Promise<void> {
    return this.#informer.stop();
  }

  get(namespace: string, name: string): ServiceAccount | undefined {
    const object = this.#informer.get(namespace, name);
    return object && serviceAccountOf(object);
  }

  /** Look-ups of one service account at a time are one; it is in the cache from then on. */
  fetch(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const key = `${namespace}/${name}`;
    const running = this.#fetches.get(key) ?? this.#fetch(namespace, name).finally(() => this.#fetches.delete(key));
    this.#fetches.set(key, running);
    return running;
  }

  async #fetch(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    await this.#limiter.wait();
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`;
    try {
      const object = (await this.#client.get(path, FETCH_TIMEOUT)) as ApiObject;
      this.#informer.add(object);
      return serviceAccountOf(object);
    } catch (error) {
      if (error instanceof ApiStatusError && error.status === 404) return undefined;
      throw error;
    }
  }
}

const serviceAccountOf = ({ metadata }: ApiObject): ServiceAccount => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  annotations: metadata.annotations ?? {},
});

/** Lets a burst through at once and the rest one in each interval. */
class RateLimiter {
  readonly #burst: number;
  readonly #interval: number;
  /** When the bucket of permits will be full again. */
  #fullAt = 0;

  constructor(burst: number, interval: number) {
    this.#burst = burst;
    this.#interval = interval;
  }

  async wait(): Promise<void> {
    const now = Date.now();
    this.#fullAt = Math.max(this.#fullAt, now) + this.#interval;
    const wait = this.#fullAt - now - this.#burst * this.#interval;
    if (wait > 0) await delay(wait);
  }
}
