interface Item<V> {
  readonly value: V;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

/** A cache that drops its oldest entry beyond a maximum. Does not return expired entries; the next sweep removes them. */
export class ExpiringCache<V> {
  readonly #items = new Map<string, Item<V>>();
  readonly #maxEntries: number;
  readonly #now: () => number;
  readonly #onEvicted: (value: V) => void;

  constructor(maxEntries: number, now: () => number, onEvicted: (value: V) => void) {
    this.#maxEntries = maxEntries;
    this.#now = now;
    this.#onEvicted = onEvicted;
  }

  /** Stores an entry that is due for a refresh after `refresh` ms and expires after `expire` ms. */
  set(key: string, value: V, refresh: number, expire: number): void {
    const now = this.#now();
    this.#items.delete(key);
    this.#items.set(key, { value, refreshAt: now + refresh, expiresAt: now + expire });
    const [oldest] = this.#items.keys();
    if (this.#items.size > this.#maxEntries && oldest !== undefined) this.delete(oldest);
  }

  get(key: string): V | undefined {
    const item = this.#items.get(key);
    return item === undefined || this.#now() > item.expiresAt ? undefined : item.value;
  }

  delete(key: string): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    this.#onEvicted(item.value);
  }

  async sweep(refresh: (key: string, value: V) => Promise<void>): Promise<void> {
    const now = this.#now();
    const due = [...this.#items].filter(([, item]) => now > item.refreshAt);
    for (const [key, item] of due) await refresh(key, item.value);
    for (const [key, item] of this.#items) {
      // Not `now`: a test may have moved the clock back during the refreshes.
      if (this.#now() > item.expiresAt) this.delete(key);
    }
  }
}
