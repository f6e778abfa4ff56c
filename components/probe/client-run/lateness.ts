/**
 * How late a run's endpoints were, beyond what their scripts say: where this machine is too busy, a client's limit of time is up, and
 * that says nothing of the client.
 */
const TICK_MILLISECONDS = 50;

export class Lateness {
  #most = 0;
  #last = performance.now();
  // Whoever is not given the processor ticks late.
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.took(now - this.#last - TICK_MILLISECONDS);
    this.#last = now;
  }, TICK_MILLISECONDS);

  /** An answer took this long. */
  took(milliseconds: number): void {
    this.#most = Math.max(this.#most, milliseconds);
  }

  get milliseconds(): number {
    return Math.round(this.#most);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
