import type { Client } from './client.ts';
import { GO } from './go/index.ts';
import { JAVASCRIPT_SDK } from './javascript/client.ts';
import { JAVASCRIPT } from './javascript/index.ts';
import { PYTHON } from './python/index.ts';
import { RAW } from './raw/index.ts';
import type { WorkloadProgram } from './workload-program.ts';

/** The programs that can make the probes of a run. The first does unless another is asked for. */
export const WORKLOAD_PROGRAMS: readonly [WorkloadProgram, ...WorkloadProgram[]] = [JAVASCRIPT];

/** The clients that `--client` can name. */
export const CLIENTS: readonly Client[] = [JAVASCRIPT_SDK, PYTHON, GO, RAW];
