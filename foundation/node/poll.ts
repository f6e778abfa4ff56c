import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<unknown>;
}

const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal && { signal }),
};

interface RetryOptions {
  /** Milliseconds between an answer and the next attempt. */
  readonly every: number;
  /** Maximum of this pause, which grows by half each time. Default: it does not grow. */
  readonly longest?: number;
  /** Milliseconds after which no attempt starts. Default: unlimited. */
  readonly within?: number;
  /** Ends the wait immediately and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to retry after an error. Default: never. */
  readonly tolerates?: (error: unknown) => boolean;
  /** Milliseconds after which poll gives up if all attempts failed with tolerated errors. Default: the timeout. */
  readonly toleratedFor?: number;
  readonly clock?: Clock;
}

type PollOptions<T> = RetryOptions &
  (
    | { /** The awaited event, for the timeout's error: `namespace red to be gone`. */ readonly what: string }
    /** Returns the result of a timeout, or the error to throw. `last` is the error of the last attempt, if any. */
    | { readonly late: (last: unknown) => T | Error }
  );

/** The longest delay of a timer in Node, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
const GROWTH = 1.5;

/**
 * Calls `look` until it returns a value. `attempt` aborts on timeout or with `signal`. Throws errors that are not
 * tolerated. On timeout, throws the last tolerated error, or an error that names `what`; `late` overrides both.
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
      // The error of an attempt that the timeout aborts is less useful than the one before.
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

const timedOut = (what: string, within: number): Error =>
  new Error(`Timed out after ${within / 1000} s waiting for ${what}.`);

/** Repeats `work` while it throws tolerated errors. Throws the last one on timeout. */
export async function retry<T>(work: (attempt: AbortSignal) => Promise<T>, options: RetryOptions): Promise<T> {
  const late = (last: unknown): Error => (last instanceof Error ? last : new Error(String(last)));
  const done = await poll(async (attempt) => ({ value: await work(attempt) }), { ...options, late });
  return done.value;
}
