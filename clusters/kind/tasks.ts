/** Parallel tasks. The first failure aborts the others. */
export class Tasks {
  readonly #stop = new AbortController();
  readonly #under: Promise<unknown>[] = [];
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

  fail(error: unknown): void {
    this.#stop.abort(error);
  }

  /** Waits for all tasks. Rejects with the first failure. */
  async done(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#under);
    if (this.signal.aborted) throw this.signal.reason;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
