import { setTimeout as sleep } from 'node:timers/promises';

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

export class Notifier {
  #next = deferred<void>();

  notify(): void {
    const current = this.#next;
    this.#next = deferred<void>();
    current.resolve();
  }

  /** Resolves on the next `notify`. */
  changed(): Promise<void> {
    return this.#next.promise;
  }
}

/** Waits, but returns early when aborted. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal }).catch(() => undefined);

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
