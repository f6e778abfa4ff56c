/**
 * Makes of `write` one that is called for the newest state alone: while a write is under way the states that come in
 * replace each other, and the last is written next. A call resolves when a state at least as new as its own was written,
 * and rejects as that write does.
 */
export function latestOnly<T>(write: (state: T) => Promise<void>): (state: T) => Promise<void> {
  let waiting: { state: T; readonly written: Promise<void> } | undefined;
  let current: Promise<unknown> = Promise.resolve();
  return (state) => {
    if (waiting !== undefined) {
      waiting.state = state;
      return waiting.written;
    }
    const written = current.then(() => {
      const newest = waiting?.state ?? state;
      waiting = undefined;
      return write(newest);
    });
    waiting = { state, written };
    current = written.catch(() => undefined);
    return written;
  };
}
