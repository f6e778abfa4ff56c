import { setTimeout as delay } from 'node:timers/promises';

/** Where time comes from; tests bring their own. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Resolves after so many milliseconds; rejects as soon as the signal fires. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<unknown>;
}

const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal && { signal }),
};

export interface RetryOptions {
  /** Milliseconds between an answer and the next try. */
  readonly every: number;
  /** Milliseconds that this pause grows to, by half each time. Default: it does not grow. */
  readonly longest?: number;
  /** Milliseconds after which no further try is made. Default: no bound but the signal. */
  readonly within?: number;
  /** Ends the waiting at once, also in a pause; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Whether an error may be another one at the next try. Any other is thrown. Default: none may. */
  readonly tolerates?: (error: unknown) => boolean;
  /** Milliseconds for which tolerated errors alone may come, before it is given up. Default: until time is up. */
  readonly toleratedFor?: number;
  readonly clock?: Clock;
}

export type PollOptions<T> = RetryOptions &
  (
    | { /** What did not come in time, in the error's sentence: `namespace red to be gone`. */ readonly what: string }
    /** What it comes to when time is up: a value, or the error to throw. `last` is the error of the last try, if it threw one. */
    | { readonly late: (last: unknown) => T | Error }
  );

/** Longest time of a timer of Node, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
const GROWTH = 1.5;

/**
 * Looks until there is something to see, and resolves with it. `attempt` fires when time is up or the signal fires. Throws
 * what `look` throws and is not tolerated. When time is up, the last tolerated error is thrown, or one that says what was
 * waited for, unless `late` says otherwise.
 */
export async function poll<T>(
  look: (attempt: AbortSignal) => Promise<T | undefined> | T | undefined,
  options: PollOptions<T>,
): Promise<T> {
  const { every, longest = every, within = Infinity, toleratedFor = Infinity } = options;
  const { signal, tolerates = () => false, clock = SYSTEM_CLOCK } = options;
  const end = clock.now() + within;
  const bounds = [signal, within <= LONGEST_TIMER ? AbortSignal.timeout(Math.max(Math.ceil(within), 1)) : undefined];
  const attempt = AbortSignal.any(bounds.filter((bound) => bound !== undefined));
  let last: unknown;
  /** When the last look came through, or the first began. */
  let answered = clock.now();
  for (let pause = every; ; pause = Math.min(pause * GROWTH, longest)) {
    signal?.throwIfAborted();
    try {
      const seen = await look(attempt);
      if (seen !== undefined) return seen;
      last = undefined;
      answered = clock.now();
    } catch (error) {
      signal?.throwIfAborted();
      if (tolerates(error)) last = error;
      // A try that was cut short by the bound tells less than the one before.
      else if (attempt.aborted) last ??= error;
      else throw error;
    }
    if (clock.now() + pause > Math.min(end, last === undefined ? Infinity : answered + toleratedFor)) {
      const outcome = 'late' in options ? options.late(last) : (last ?? timedOut(options.what, within));
      if (outcome instanceof Error) throw outcome;
      return outcome as T;
    }
    await clock.sleep(pause, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

const timedOut = (what: string, within: number): Error => new Error(`Waited ${within / 1000} s in vain for ${what}.`);

/** Does something until that does not throw a tolerated error. When time is up, the last one is thrown. */
export async function retry<T>(work: (attempt: AbortSignal) => Promise<T>, options: RetryOptions): Promise<T> {
  const late = (last: unknown): Error => (last instanceof Error ? last : new Error(String(last)));
  const done = await poll(async (attempt) => ({ value: await work(attempt) }), { ...options, late });
  return done.value;
}
