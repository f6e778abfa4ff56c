import { setTimeout as delay } from 'node:timers/promises';
import { KubernetesError, type Connection } from '../../../foundation/protocols/kubernetes-connection.ts';
import { rateLimiter } from '../../go/limiter.ts';
import type { ServiceAccount, ServiceAccountSource } from '../options.ts';
import { Informer, type ApiObject } from './informer.ts';

const FETCH_TIMEOUT = 1000;
const RATE = { burst: 20, perSecond: 10 };
/** Interval of cache checks during the grace period, in milliseconds. */
const POLL_INTERVAL = 10;

/** Caches a cluster's service accounts by a watch. Missing ones can be looked up. */
export class ServiceAccountCache implements ServiceAccountSource {
  readonly #api: Connection;
  readonly #informer: Informer;
  readonly #fetches = new Map<string, Promise<ServiceAccount | undefined>>();
  readonly #gracePeriod: number;
  readonly #limiter = rateLimiter(RATE.perSecond, RATE.burst);

  /** @param gracePeriod maximum wait for a missing service account, in milliseconds */
  constructor(api: Connection, log: (line: string) => void, gracePeriod = 0) {
    this.#api = api;
    this.#gracePeriod = gracePeriod;
    this.#informer = new Informer(api, '/api/v1/serviceaccounts', log);
  }

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

  /** Looks up a service account in the API server and in the cache until the end of the grace period. */
  async fetch(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    if (this.#gracePeriod === 0) return undefined;
    const over = new AbortController();
    const deadline = Date.now() + this.#gracePeriod;
    let fetched: ServiceAccount | undefined;
    this.#fetchOnce(namespace, name).then(
      (serviceAccount) => {
        fetched = serviceAccount;
        if (fetched) over.abort();
      },
      // After a failed lookup, the watch may still report it.
      () => undefined,
    );
    for (;;) {
      const account = fetched ?? this.get(namespace, name);
      const left = deadline - Date.now();
      if (account || left <= 0) return account;
      await delay(Math.min(POLL_INTERVAL, left), undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  /** Requests a service account and adds it to the cache. Concurrent lookups share a request. */
  #fetchOnce(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const key = `${namespace}/${name}`;
    const running = this.#fetches.get(key) ?? this.#fetch(namespace, name).finally(() => this.#fetches.delete(key));
    this.#fetches.set(key, running);
    return running;
  }

  async #fetch(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    await delay(this.#limiter.reserve());
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`;
    try {
      const object = await this.#api.json<ApiObject>('GET', path, undefined, AbortSignal.timeout(FETCH_TIMEOUT));
      this.#informer.add(object);
      return serviceAccountOf(object);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }
}

const serviceAccountOf = ({ metadata }: ApiObject): ServiceAccount => ({ annotations: metadata.annotations ?? {} });
