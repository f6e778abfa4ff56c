import { JAVASCRIPT } from './javascript/index.ts';
import type { WorkloadProgram } from './workload-program.ts';

/** The programs that can make the probes of a run. The first does unless another is asked for. */
export const WORKLOAD_PROGRAMS: readonly [WorkloadProgram, ...WorkloadProgram[]] = [JAVASCRIPT];
