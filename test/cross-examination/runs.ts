import type { RunDetails } from 'fast-check';

/** CROSS_EXAMINATION multiplies the number of questions. CROSS_EXAMINATION_SEED repeats a run. */
const { CROSS_EXAMINATION = '1', CROSS_EXAMINATION_SEED } = process.env;

export const seed = CROSS_EXAMINATION_SEED === undefined ? Date.now() | 0 : Number(CROSS_EXAMINATION_SEED);

export const comparisons = (usual: number): number => Math.ceil(usual * Number(CROSS_EXAMINATION));

/** Throws the error of the smallest failing case, with the seed that repeats it. */
export function sayFailure<T>({ failed, errorInstance, numShrinks, numRuns }: RunDetails<T>): void {
  if (!failed) return;
  const found = `after ${numRuns} runs, shrunk ${numShrinks} times; CROSS_EXAMINATION_SEED=${seed} repeats it`;
  throw new Error(`${(errorInstance as Error).message}\n${found}`);
}
