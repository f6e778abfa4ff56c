import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WorkloadProgram } from '../../clients/workload-program.ts';
import type { Journal } from '../../foundation/journal.ts';
import { openJournal, type RunJournal } from '../cleanup/journal.ts';
import type { Configuration } from '../config/configuration.ts';
import { Reporters, type NamedReporter } from '../report/reporter.ts';
import type { ScenarioResult } from '../report/results.ts';
import { prepareReportDirectory } from '../report/write.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { SuiteHooks } from '../scenario/hooks.ts';
import type { Prefetch } from '../world/prefetch.ts';
import type { Opened, Provisioned } from './environment.ts';

export interface RunOptions {
  readonly configuration: Configuration;
  readonly scenarios: readonly Scenario[];
  /** Hooks of suites, by the suite's name. */
  readonly hooks?: ReadonlyMap<string, SuiteHooks>;
  readonly reporters: readonly NamedReporter[];
  readonly version: string;
  /** The program that makes probes in pods. */
  readonly workload: WorkloadProgram;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Fires at the first interrupt. */
  readonly interrupted: AbortSignal;
  /** Program files and suites, for their digests. */
  readonly programs: readonly string[];
  /** Called while things are kept after the run; resolves when they may go. */
  readonly whileKept: (provisioned: Provisioned, reportDirectory: string, journal: Journal) => Promise<void>;
}

/** A run, as far as it has got. */
export interface Session {
  readonly options: RunOptions;
  readonly id: string;
  /** The report folder. */
  readonly directory: string;
  readonly reporters: Reporters;
  readonly journal: RunJournal;
  readonly startedAt: Date;
  /** Reading of `performance.now()` then. */
  readonly started: number;
  /** When what the run leaves in AWS may be swept. */
  readonly expiresAt: Date;
  /** Stops the scenarios; `signal` fires then, and when the run is interrupted. */
  readonly stop: AbortController;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly phases: { provisioning: number; scenarios: number; teardown: number };
  /** By the scenario's id. */
  readonly results: Map<string, ScenarioResult>;
  /** Milliseconds from the start of the process. */
  firstVerdict: number | undefined;
  /** AWS, and the clusters once they are there. */
  opened: Opened | undefined;
  prefetch: Prefetch | undefined;
  /** Clusters and component are there. */
  isProvisioned: boolean;
  /** The run was over, and kept its clusters until an interrupt. */
  wasKept: boolean;
  /** Why the run as a whole could not do its work: the first thing that failed. */
  failure: unknown;
}

/** Begins a run. Throws `HarnessError` BAD_REPORT_DIRECTORY. */
export function openSession(options: RunOptions): Session {
  const { configuration } = options;
  const id = `c${randomBytes(4).toString('hex').slice(0, 6)}`;
  const directory = configuration.text('report-dir') ?? join('reports', id);
  prepareReportDirectory(directory);
  const startedAt = new Date();
  const stop = new AbortController();
  return {
    options,
    id,
    directory,
    reporters: new Reporters(options.reporters),
    journal: openJournal(directory, id),
    startedAt,
    started: performance.now(),
    expiresAt: new Date(startedAt.getTime() + configuration.number('expires') * 3_600_000),
    stop,
    signal: AbortSignal.any([options.interrupted, stop.signal]),
    phases: { provisioning: 0, scenarios: 0, teardown: 0 },
    results: new Map(),
    firstVerdict: undefined,
    opened: undefined,
    prefetch: undefined,
    isProvisioned: false,
    wasKept: false,
    failure: undefined,
  };
}

/** The results so far, in the order of the plan. */
export const resultsOf = ({ options, results }: Session): readonly ScenarioResult[] =>
  options.scenarios.flatMap(({ id }) => results.get(id) ?? []);

/** Does a phase of the run and notes how long it took. */
export async function inPhase(
  { phases }: Session,
  phase: keyof Session['phases'],
  work: () => Promise<void>,
): Promise<void> {
  const started = performance.now();
  try {
    await work();
  } finally {
    phases[phase] = performance.now() - started;
  }
}
