/** Measures a process's delay. On a busy machine its clients time out, which proves nothing about them. */

/** Milliseconds a process may be late within a second. No client times out in less than a second. */
export const PATIENCE_MILLISECONDS = 500;
/** Milliseconds of delay within a second that cannot cause a timeout. */
export const ON_TIME_MILLISECONDS = PATIENCE_MILLISECONDS / 2;
const TICK_MILLISECONDS = 50;
const NOISE_MILLISECONDS = 10;
const SECOND = 1000;
/** Longer than any probe takes. */
const KEPT_MILLISECONDS = 3_600_000;

interface Delay {
  readonly endedAt: number;
  readonly milliseconds: number;
}

/** Measures the event loop's delay until `stop`. It does not keep the process alive. */
export class Lateness {
  #delays: Delay[] = [];
  #answer = 0;
  #last = performance.now();
  // Fires late if the process gets no CPU time or is busy.
  readonly #timer = setInterval(() => this.#tick(), TICK_MILLISECONDS).unref();

  /** Records how many milliseconds an answer took beyond its planned time. */
  took(milliseconds: number): void {
    this.#answer = Math.max(this.#answer, milliseconds);
  }

  /** Milliseconds of the slowest answer, or of the worst second's delay if greater. */
  get milliseconds(): number {
    return Math.round(Math.max(this.#answer, this.between(-Infinity, Infinity)));
  }

  /** Returns the worst second's delay in milliseconds between two times (milliseconds since the epoch). */
  between(from: number, to: number): number {
    this.#tick();
    const within = this.#delays.filter(({ endedAt, milliseconds }) => endedAt >= from && endedAt - milliseconds <= to);
    const second: Delay[] = [];
    let [sum, worst] = [0, 0];
    for (const delay of within) {
      sum += delay.milliseconds;
      second.push(delay);
      while ((second[0]?.endedAt ?? Infinity) <= delay.endedAt - SECOND) sum -= second.shift()?.milliseconds ?? 0;
      worst = Math.max(worst, sum);
    }
    return Math.round(worst);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    const milliseconds = now - this.#last - TICK_MILLISECONDS;
    this.#last = now;
    if (milliseconds < NOISE_MILLISECONDS) return;
    const endedAt = Date.now();
    if (endedAt - (this.#delays[0]?.endedAt ?? endedAt) > 2 * KEPT_MILLISECONDS)
      this.#delays = this.#delays.filter((delay) => endedAt - delay.endedAt <= KEPT_MILLISECONDS);
    this.#delays.push({ endedAt, milliseconds });
  }
}
