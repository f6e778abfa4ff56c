import type { RunDetails } from 'fast-check';

/** How much the cross-examinations ask: CROSS_EXAMINATION=10 asks ten times as much, CROSS_EXAMINATION_SEED repeats a run. */
const { CROSS_EXAMINATION = '1', CROSS_EXAMINATION_SEED } = process.env;

export const seed = CROSS_EXAMINATION_SEED === undefined ? Date.now() | 0 : Number(CROSS_EXAMINATION_SEED);

export const comparisons = (usual: number): number => Math.ceil(usual * Number(CROSS_EXAMINATION));

/** Throws what a property failed with in its smallest case, and how to ask the same again. */
export function sayFailure<T>({ failed, errorInstance, numShrinks, numRuns }: RunDetails<T>): void {
  if (!failed) return;
  const found = `after ${numRuns} runs, shrunk ${numShrinks} times; CROSS_EXAMINATION_SEED=${seed} repeats it`;
  throw new Error(`${(errorInstance as Error).message}\n${found}`);
}
