import { availableParallelism } from 'node:os';

/** Limits the number of starting programs: a place is free after the first output, the end, or some silence. */
export class StartLimiter {
  #free: number;
  readonly #settledAfter: number;
  readonly #waiting: (() => void)[] = [];

  /** @param settledAfter milliseconds of silence after which a program no longer counts as starting */
  constructor(perCore: number, settledAfter: number) {
    this.#free = Math.max(1, Math.round(perCore * availableParallelism()));
    this.#settledAfter = settledAfter;
  }

  /** Waits for a place. Returns the function that frees it, which is idempotent. */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      clearTimeout(timer);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
    const timer = setTimeout(release, this.#settledAfter).unref();
    return release;
  }
}
