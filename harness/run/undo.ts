/** When an undo step is due though everything ends with the run: since others feel what it undoes, or to make room. */
type Due = 'others-feel-it' | 'makes-room';
const dueAtOnce = new WeakMap<() => Promise<unknown>, Due>();

/**
 * Marks an undo step as due when its scenario is over: `others-feel-it` even if what scenarios made is kept, `makes-room`
 * unless it is.
 */
export function undoAtOnce(step: () => Promise<unknown>, due: Due = 'others-feel-it'): () => Promise<unknown> {
  dueAtOnce.set(step, due);
  return step;
}

export const isUndoneAtOnce = (step: () => Promise<unknown>, kept: boolean): boolean => {
  const due = dueAtOnce.get(step);
  return due === 'others-feel-it' || (due === 'makes-room' && !kept);
};
