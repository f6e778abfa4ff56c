import type { Attempt } from '../../predict/attempt.ts';

/** An attempt that pods can make, and how far it is from what the scenario does. */
export interface Candidate extends Attempt {
  readonly like: string | undefined;
  /** Sources that differ from the workload `like`. */
  readonly changed: readonly string[];
}
