import { orAborted } from './aborted.ts';

/** Lets one at a time through, by key, in the order in which they came. */
export class Gate {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when all that came before under the key have left or given up; gives the function that leaves. */
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
