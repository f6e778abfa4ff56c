import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../../foundation/protocols/kubernetes-connection.ts';

export interface ApiObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
  };
}

interface ObjectList {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly items?: readonly ApiObject[];
}

interface WatchEvent {
  readonly type: string;
  readonly object: ApiObject;
}

/** Milliseconds before a failed list or watch is retried. */
const RETRY = 1000;
/** Milliseconds between two watches, in case the server ends them immediately. */
const PAUSE = 50;

/** Lists and watches objects (Kubernetes API Concepts, "Efficient detection of changes"). */
export class Informer {
  readonly #api: Connection;
  readonly #path: string;
  readonly #log: (line: string) => void;
  readonly #stopping = new AbortController();
  readonly #synced: Promise<void>;
  #objects = new Map<string, ApiObject>();
  #markSynced: () => void = () => undefined;
  #running: Promise<void> | undefined;

  constructor(api: Connection, path: string, log: (line: string) => void) {
    this.#api = api;
    this.#path = path;
    this.#log = log;
    this.#synced = new Promise((resolve) => (this.#markSynced = resolve));
  }

  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#synced;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get(namespace: string, name: string): ApiObject | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  /** Adds an object before the watch reports it. */
  add(object: ApiObject): void {
    this.#objects.set(keyOf(object), object);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#follow(await this.#list());
      } catch (error) {
        if (signal.aborted) return;
        this.#log(`Listing ${this.#path} again: ${error instanceof Error ? error.message : 'unknown error'}`);
        await delay(RETRY, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #list(): Promise<string> {
    const list = await this.#api.json<ObjectList>('GET', this.#path, undefined, this.#stopping.signal);
    this.#objects = new Map((list.items ?? []).map((object) => [keyOf(object), object]));
    this.#markSynced();
    return list.metadata?.resourceVersion ?? '';
  }

  /** Watches from a version. Starts a new watch whenever the API server regularly ends one. */
  async #follow(version: string): Promise<void> {
    let resourceVersion = version;
    while (!this.#stopping.signal.aborted) {
      const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', resourceVersion });
      const events = await this.#api.open(`${this.#path}?${query.toString()}`, this.#stopping.signal);
      for await (const line of createInterface({ input: events }))
        if (line !== '') resourceVersion = this.#apply(JSON.parse(line) as WatchEvent) ?? resourceVersion;
      await delay(PAUSE, undefined, { signal: this.#stopping.signal });
    }
  }

  #apply({ type, object }: WatchEvent): string | undefined {
    if (type === 'ERROR') throw new Error('the watch is too old');
    if (type === 'DELETED') this.#objects.delete(keyOf(object));
    else if (type !== 'BOOKMARK') this.#objects.set(keyOf(object), object);
    return object.metadata.resourceVersion;
  }
}

const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
