/** Things done at once: the first that fails ends the others. */
export class Tasks {
  readonly #stop = new AbortController();
  readonly #under: Promise<unknown>[] = [];
  /** Fires when one failed, and when the signal of all does. */
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  add<T>(task: () => Promise<T>): Promise<T> {
    const promise = task();
    promise.catch((error: unknown) => this.fail(error));
    this.#under.push(promise);
    return promise;
  }

  /** Ends all of them. */
  fail(error: unknown): void {
    this.#stop.abort(error);
  }

  /** Resolves when all are done. Rejects with what failed first, once none is under way any more. */
  async done(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#under);
    if (this.signal.aborted) throw this.signal.reason;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
