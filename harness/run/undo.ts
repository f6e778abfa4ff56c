const shared = new WeakSet<() => Promise<unknown>>();

/** Marks an undo step as one that other scenarios would feel if it were left out. */
export function undoAtOnce(step: () => Promise<unknown>): () => Promise<unknown> {
  shared.add(step);
  return step;
}

export const isUndoneAtOnce = (step: () => Promise<unknown>): boolean => shared.has(step);
