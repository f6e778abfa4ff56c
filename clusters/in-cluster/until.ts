import { setTimeout as delay } from 'node:timers/promises';
import { KubernetesError } from '../kubernetes/connection.ts';

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

/** Whether another try may succeed: the API server is overloaded or restarted, the connection broke. */
export function isTransient(error: unknown): boolean {
  if (error instanceof KubernetesError) return error.status >= 500 || error.status === 429;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code);
}
