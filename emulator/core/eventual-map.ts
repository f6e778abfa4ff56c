import type { Clock } from './clock.ts';
import type { Lag } from './settings.ts';

/** `before` is undefined for a new key. */
interface Change<Value> {
  readonly at: number;
  readonly key: string;
  readonly before: Value | undefined;
}

/**
 * An eventually consistent map. `get` and `values` return the current state, `elsewhere` what other services know and
 * `listed` what List calls show, both as of `Lag` ago. The views undo recent changes, so changes become visible in
 * order over all maps, without timers. Never change a value in place; `set` a changed copy.
 */
export class EventualMap<Value> extends Map<string, Value> {
  readonly #uptime: Clock;
  readonly #lag: Lag;
  readonly #longest: number;
  #changes: Change<Value>[] = [];

  /** @param initial entries that are visible everywhere immediately */
  constructor(
    { uptime, lag }: { readonly uptime: Clock; readonly lag: Lag },
    initial: Iterable<readonly [string, Value]> = [],
  ) {
    super();
    this.#uptime = uptime;
    this.#lag = lag;
    this.#longest = Math.max(lag.iam, lag.listing);
    for (const [key, value] of initial) super.set(key, value);
  }

  override set(key: string, value: Value): this {
    this.#remember(key);
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    if (this.has(key)) this.#remember(key);
    return super.delete(key);
  }

  override clear(): void {
    for (const key of this.keys()) this.#remember(key);
    super.clear();
  }

  /** Returns the value that authorization, STS, EKS and EKS Auth know, as of `Lag.iam` ago. */
  elsewhere(key: string): Value | undefined {
    if (this.#changes.length === 0) return this.get(key);
    const then = this.#uptime.now() - this.#lag.iam;
    for (const { at, key: changed, before } of this.#recent()) if (at > then && changed === key) return before;
    return this.get(key);
  }

  /** Returns what List calls show: the entries of `Lag.listing` ago, including deleted ones, with current values. */
  listed(): ReadonlyMap<string, Value> {
    return this.#ago(this.#lag.listing, (key, before) => this.get(key) ?? before);
  }

  /** Returns the entries of `Lag.withinIam` ago, which IAM checks before a deletion. */
  withinIam(): ReadonlyMap<string, Value> {
    return this.#ago(this.#lag.withinIam, (_key, before) => before);
  }

  #ago(milliseconds: number, shown: (key: string, before: Value) => Value): ReadonlyMap<string, Value> {
    if (this.#changes.length === 0) return this;
    const then = this.#uptime.now() - milliseconds;
    const ago = new Map(this);
    const settled = new Set<string>();
    for (const { at, key, before } of this.#recent()) {
      if (at <= then || settled.has(key)) continue;
      settled.add(key);
      if (before === undefined) ago.delete(key);
      else ago.set(key, shown(key, before));
    }
    return ago;
  }

  /** Returns changes that some view does not show yet, and forgets older ones. */
  #recent(): readonly Change<Value>[] {
    const then = this.#uptime.now() - this.#longest;
    const first = this.#changes.findIndex(({ at }) => at > then);
    if (first !== 0) this.#changes = first < 0 ? [] : this.#changes.slice(first);
    return this.#changes;
  }

  #remember(key: string): void {
    if (this.#longest <= 0) return;
    this.#recent();
    this.#changes.push({ at: this.#uptime.now(), key, before: this.get(key) });
  }
}
