import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { openJournal } from '../cleanup/journal.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Gate } from '../gate/gate.ts';
import type { Shard } from '../plan/shard.ts';
import { Reporters, type NamedReporter } from '../report/reporter.ts';
import { ResultsJournal } from '../results/results-journal.ts';
import type { PolicyCoverage, RunResults, ScenarioResult } from '../results/results.ts';
import { prepareReportDirectory } from '../report/write.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { SuiteHooks } from '../scenario/hooks.ts';
import type { Observation, Observe } from '../policies/observation.ts';
import type { Prefetch } from '../world/prefetch.ts';
import type { PodStarted } from '../world/running-pods.ts';
import type { AroundProbes } from './attempt.ts';
import type { Opened, Platform } from './environment.ts';

export interface RunOptions {
  readonly configuration: Configuration;
  readonly scenarios: readonly Scenario[];
  readonly hooks?: ReadonlyMap<string, SuiteHooks>;
  readonly shard?: Shard | undefined;
  /** Allowed failures and findings. */
  readonly gate?: Gate | undefined;
  readonly reporters: readonly NamedReporter[];
  readonly version: string;
  readonly workload: WorkloadProgram;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly interrupted: AbortSignal;
  /** Program and suite files whose digests are reported. */
  readonly programs: readonly string[];
  /** Receives the instructions for kept clusters. */
  readonly stderr: NodeJS.WritableStream;
  /** Supplies further rounds when all scenarios are over. Default: none. */
  readonly rounds?: Rounds | undefined;
  readonly aroundProbes?: AroundProbes;
  /** Receives the decisions of each attempt. Default: they are forgotten with the record of calls. */
  readonly observe?: Observe | undefined;
  readonly podStarted?: PodStarted;
}

/** Further rounds of a run, on the same clusters. */
export interface Rounds {
  /**
   * Waits for the next round; undefined ends the run. `bad`: ids of scenarios whose last verdict is unexpected.
   * `signal` fires when the run must end.
   */
  next(bad: ReadonlySet<string>, signal: AbortSignal): Promise<Round | undefined>;
  /** New reporters: each serves one round. */
  reporters(): Promise<readonly NamedReporter[]>;
}

export interface Round extends Pick<RunOptions, 'scenarios' | 'hooks'> {
  /** The scenarios to run; the others keep their earlier results. */
  readonly run: readonly Scenario[];
}

export type Session = ReturnType<typeof openSession>;

/** Begins a run. Throws `HarnessError` BAD_REPORT_DIRECTORY. */
export function openSession(options: RunOptions) {
  const { configuration } = options;
  const id = configuration.text('run-id') ?? `c${randomBytes(4).toString('hex').slice(0, 6)}`;
  const directory = configuration.text('report-dir') ?? join('reports', id);
  prepareReportDirectory(directory);
  const startedAt = new Date();
  /** Stops the scenarios; `signal` also fires when the run is interrupted. */
  const stop = new AbortController();
  return {
    options,
    id,
    directory,
    startedAt,
    stop,
    /** Initially all scenarios. */
    round: { scenarios: options.scenarios, hooks: options.hooks, run: options.scenarios } as Round,
    roundNumber: 1,
    signal: AbortSignal.any([options.interrupted, stop.signal]),
    reporters: new Reporters(options.reporters),
    journal: openJournal(directory, id),
    resultsJournal: new ResultsJournal(directory),
    /** Start times of running scenarios by id, in milliseconds since the epoch. */
    underWay: new Map<string, number>(),
    started: performance.now(),
    /** Milliseconds of waiting for changes of files (`--watch`). */
    idle: 0,
    expiresAt: new Date(startedAt.getTime() + configuration.number('expires') * 3_600_000),
    phases: { provisioning: 0, scenarios: 0, teardown: 0 },
    results: new Map<string, ScenarioResult>(),
    /** Decisions of the scenarios whose policy coverage is reported. */
    observations: new Map<string, Observation>(),
    policyCoverage: undefined as PolicyCoverage | undefined,
    /** Milliseconds from the start of the process. */
    firstVerdict: undefined as number | undefined,
    /** AWS, and the clusters once they are provisioned. */
    opened: undefined as Opened | undefined,
    platform: undefined as Platform | undefined,
    /** Additional environments by lane, from 1, for scenarios that change shared state. */
    lanes: new Map<number, Opened>(),
    runnerResults: undefined as Omit<RunResults, 'scenarios'> | undefined,
    prefetch: undefined as Prefetch | undefined,
    isProvisioned: false,
    /** All scenarios are over, and clusters are kept until an interrupt. */
    isOver: false,
    /** The first failure of the run as a whole. */
    failure: undefined as unknown,
  };
}

export const tellStart = ({ id, directory, round, reporters }: Session): void =>
  reporters.tell('runStarted', { id, directory, scenarios: round.run });

/** The results so far, in the order of the plan. */
export const resultsOf = ({ round, results }: Session): readonly ScenarioResult[] =>
  round.scenarios.flatMap(({ id }) => results.get(id) ?? []);

/** All environments that a run has opened, the shared one first. */
export const environmentsOf = ({ opened, lanes }: Session): readonly Opened[] =>
  opened === undefined ? [] : [opened, ...lanes.values()];

/** Runs a phase and records its duration. */
export async function inPhase(
  { phases }: Session,
  phase: keyof Session['phases'],
  work: () => Promise<void>,
): Promise<void> {
  const started = performance.now();
  try {
    await work();
  } finally {
    phases[phase] += performance.now() - started;
  }
}
