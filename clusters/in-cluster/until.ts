import { setTimeout as delay } from 'node:timers/promises';
import { isBroken, KubernetesError } from '../../foundation/kubernetes/connection.ts';

export interface Patience {
  /** Milliseconds between two looks. */
  readonly every: number;
  /** Milliseconds after which it is given up. */
  readonly within: number;
  readonly signal: AbortSignal;
}

/**
 * Looks until there is something to see, and resolves with it; with undefined when the time is up. An answer that
 * another try may change counts as nothing to see. Throws what else `look` throws, and the signal's reason when that
 * fires.
 */
export async function until<T>(
  look: (signal: AbortSignal) => Promise<T | undefined>,
  { every, within, signal }: Patience,
): Promise<T | undefined> {
  const end = Date.now() + within;
  for (;;) {
    const left = Math.max(end - Date.now(), 1);
    const deadline = AbortSignal.timeout(left);
    try {
      const seen = await look(AbortSignal.any([signal, deadline]));
      if (seen !== undefined) return seen;
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted && !isTransient(error)) throw error;
    }
    if (Date.now() + every >= end) return undefined;
    await delay(every, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** How long a request is tried again. */
export const TRIES = { every: 300, within: 20_000 };

/**
 * Does something that may be done twice, again for as long as another try may change what it throws; then throws that. Throws
 * the signal's reason when that fires.
 */
export async function persist<T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal = new AbortController().signal,
  patience = TRIES,
): Promise<T> {
  let last: unknown;
  const done = await until(
    async (attempt) => {
      try {
        return { value: await work(attempt) };
      } catch (error) {
        last = error;
        throw error;
      }
    },
    { ...patience, signal },
  );
  if (done === undefined) throw last;
  return done.value;
}

/** Whether another try may succeed: the API server is overloaded or restarted, the connection broke. */
function isTransient(error: unknown): boolean {
  if (error instanceof KubernetesError) return error.status >= 500 || error.status === 429;
  return isBroken(error);
}
