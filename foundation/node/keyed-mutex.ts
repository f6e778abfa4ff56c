import { orAborted } from './aborted.ts';

/** A mutex for each key, first come, first served. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves once the key is free. Returns the function that releases it. */
  async enter(key: string, signal: AbortSignal): Promise<() => void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    this.#last.set(
      key,
      before.then(() => left),
    );
    try {
      await orAborted(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }
}
