import { availableParallelism } from 'node:os';

/** Limits how many programs start at a time. A program has started after its first output, its end, or some silence. */
export class StartLimiter {
  #free: number;
  readonly #settledAfter: number;
  readonly #waiting: (() => void)[] = [];

  /** @param settledAfter milliseconds of silence after which a program counts as started */
  constructor(perCore: number, settledAfter: number) {
    this.#free = Math.max(1, Math.round(perCore * availableParallelism()));
    this.#settledAfter = settledAfter;
  }

  /** Waits for a free slot. Returns an idempotent function that releases it. */
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
