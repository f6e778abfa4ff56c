import { availableParallelism } from 'node:os';

/**
 * Lets only so many programs be starting at once. What costs is a program's start (loading, first requests), so a place
 * is given back with its first output, its end, or when it has been silent for a while: many more may be running.
 */
export class StartLimiter {
  #free: number;
  readonly #settledAfter: number;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param perCore places for each core of this machine
   * @param settledAfter milliseconds after which a program that says nothing no longer counts as starting
   */
  constructor(perCore: number, settledAfter: number) {
    this.#free = Math.max(1, Math.round(perCore * availableParallelism()));
    this.#settledAfter = settledAfter;
  }

  /** Waits for a place. The function it resolves to gives it back; calling that again does nothing. */
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
