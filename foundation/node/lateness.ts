/**
 * How late a process is with its work. On a machine that is too busy, those who wait for it give up at their own limits of time, and
 * that says nothing of them.
 */

/** Milliseconds of a second by which a process may be late: no client waits for a shorter time than a second. */
export const PATIENCE_MILLISECONDS = 500;
/** Milliseconds of a second. Where nobody was later, no limit of time was reached because a machine was busy. */
export const ON_TIME_MILLISECONDS = PATIENCE_MILLISECONDS / 2;

const TICK_MILLISECONDS = 50;
/** Timers are late by so many milliseconds anywhere. */
const NOISE_MILLISECONDS = 10;
const SECOND = 1000;
/** Longer ago than a probe begins. */
const KEPT_MILLISECONDS = 3_600_000;

interface Delay {
  /** When it was over, in milliseconds since the epoch. */
  readonly endedAt: number;
  readonly milliseconds: number;
}

/** Measures from its making until it is stopped. It keeps no process from ending. */
export class Lateness {
  #delays: Delay[] = [];
  #answer = 0;
  #last = performance.now();
  // Whoever is not given the processor, or has much to do first, ticks late.
  readonly #timer = setInterval(() => this.#tick(), TICK_MILLISECONDS).unref();

  /** An answer took this long, in milliseconds, beside what it was to take. */
  took(milliseconds: number): void {
    this.#answer = Math.max(this.#answer, milliseconds);
  }

  /** Milliseconds: the slowest answer, or by how much the process was late in all within a second, where that is more. */
  get milliseconds(): number {
    return Math.round(Math.max(this.#answer, this.between(-Infinity, Infinity)));
  }

  /** By how many milliseconds the process was late in the worst second between two moments (milliseconds since the epoch). */
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
