import type { Clock } from './clock.ts';
import type { Lag } from './settings.ts';

/** A change of a key, and what the key stood for before it: undefined when there was nothing. */
interface Change<Value> {
  readonly at: number;
  readonly key: string;
  readonly before: Value | undefined;
}

/**
 * A map that is eventually consistent as seen from outside: `get`, `values` and so on tell what it holds, `elsewhere` what
 * other services know of it and `listed` what List calls show. Both are the map as it was a while ago (`Lag`), made by
 * taking the changes since then back. So what was changed first is seen first, over all maps of a world; no timer runs;
 * and without a lag nothing is kept and each look is one into the map itself.
 *
 * Values must not be changed in place where that is to be seen late: `set` a changed copy instead.
 */
export class EventualMap<Value> extends Map<string, Value> {
  readonly #uptime: Clock;
  readonly #lag: Lag;
  readonly #longest: number;
  /** Oldest first. */
  #changes: Change<Value>[] = [];

  /** @param initial what everybody has known for long */
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

  /** What authorization, STS, EKS and EKS Auth know under the key: the value as it was `Lag.iam` ago. */
  elsewhere(key: string): Value | undefined {
    if (this.#changes.length === 0) return this.get(key);
    const then = this.#uptime.now() - this.#lag.iam;
    // The first change after that time tells how things stood at it.
    for (const { at, key: changed, before } of this.#recent()) if (at > then && changed === key) return before;
    return this.get(key);
  }

  /** What List calls show: what there was `Lag.listing` ago, whether or not it is there still, and as it is now if it is. */
  listed(): ReadonlyMap<string, Value> {
    return this.#ago(this.#lag.listing, (key, before) => this.get(key) ?? before);
  }

  /** What IAM itself goes by when it looks for what hinders a deletion: what there was `Lag.withinIam` ago. */
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

  /** The changes that somebody does not see yet; the older ones are forgotten. */
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
