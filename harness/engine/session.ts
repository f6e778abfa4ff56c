import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import { openJournal } from '../cleanup/journal.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Gate } from '../gate/gate.ts';
import type { Shard } from '../plan/shard.ts';
import { Reporters, type NamedReporter } from '../report/reporter.ts';
import { ResultsJournal } from '../results/results-journal.ts';
import type { RunResults, ScenarioResult } from '../results/results.ts';
import { prepareReportDirectory } from '../report/write.ts';
import type { Scenario } from '../scenario/spec.ts';
import type { SuiteHooks } from '../scenario/hooks.ts';
import type { Prefetch } from '../world/prefetch.ts';
import type { AroundProbes } from './attempt.ts';
import type { Opened } from './environment.ts';

export interface RunOptions {
  readonly configuration: Configuration;
  readonly scenarios: readonly Scenario[];
  /** Hooks of suites, by the suite's name. */
  readonly hooks?: ReadonlyMap<string, SuiteHooks>;
  /** Of which these scenarios are a part. */
  readonly shard?: Shard | undefined;
  /** What of it need not be as expected. */
  readonly gate?: Gate | undefined;
  readonly reporters: readonly NamedReporter[];
  readonly version: string;
  /** The program that makes probes in pods. */
  readonly workload: WorkloadProgram;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Fires at the first interrupt. */
  readonly interrupted: AbortSignal;
  /** Program files and suites, for their digests. */
  readonly programs: readonly string[];
  /** Where it is told how to look around while clusters are kept. */
  readonly stderr: NodeJS.WritableStream;
  /** What goes on when all scenarios are over. Default: nothing. */
  readonly rounds?: Rounds | undefined;
  readonly aroundProbes?: AroundProbes;
}

/** Further rounds of a run, on the clusters that are there. */
export interface Rounds {
  /**
   * What is to be run next, once there is something; undefined: nothing, the run ends. `bad`: the scenarios whose last verdict is
   * not as expected, by id; `signal` fires when the run is to end.
   */
  next(bad: ReadonlySet<string>, signal: AbortSignal): Promise<Round | undefined>;
  /** Those of another round: a reporter tells of one. */
  reporters(): Promise<readonly NamedReporter[]>;
}

export interface Round extends Pick<RunOptions, 'scenarios' | 'hooks'> {
  /** Those of the scenarios that are run; of the others the results of before stand. */
  readonly run: readonly Scenario[];
}

/** A run, as far as it has got. */
export type Session = ReturnType<typeof openSession>;

/** Begins a run. Throws `HarnessError` BAD_REPORT_DIRECTORY. */
export function openSession(options: RunOptions) {
  const { configuration } = options;
  const id = configuration.text('run-id') ?? `c${randomBytes(4).toString('hex').slice(0, 6)}`;
  /** The report folder. */
  const directory = configuration.text('report-dir') ?? join('reports', id);
  prepareReportDirectory(directory);
  const startedAt = new Date();
  /** Stops the scenarios; `signal` fires then, and when the run is interrupted. */
  const stop = new AbortController();
  return {
    options,
    id,
    directory,
    startedAt,
    stop,
    /** What is run: at first all scenarios. */
    round: { scenarios: options.scenarios, hooks: options.hooks, run: options.scenarios } as Round,
    roundNumber: 1,
    signal: AbortSignal.any([options.interrupted, stop.signal]),
    reporters: new Reporters(options.reporters),
    journal: openJournal(directory, id),
    resultsJournal: new ResultsJournal(directory),
    /** When the scenarios that are under way began, by id: milliseconds since the epoch. */
    underWay: new Map<string, number>(),
    started: performance.now(),
    /** When what the run leaves in AWS may be swept. */
    expiresAt: new Date(startedAt.getTime() + configuration.number('expires') * 3_600_000),
    /** Milliseconds. */
    phases: { provisioning: 0, scenarios: 0, teardown: 0 },
    /** By the scenario's id. */
    results: new Map<string, ScenarioResult>(),
    /** Milliseconds from the start of the process. */
    firstVerdict: undefined as number | undefined,
    /** AWS, and the clusters once they are there. */
    opened: undefined as Opened | undefined,
    /** What a runner in a cluster told of its run. */
    told: undefined as Omit<RunResults, 'scenarios'> | undefined,
    prefetch: undefined as Prefetch | undefined,
    /** Clusters and component are there. */
    isProvisioned: false,
    /** Nothing is left to be run, and clusters are kept until an interrupt. */
    isOver: false,
    /** Why the run as a whole could not do its work: the first thing that failed. */
    failure: undefined as unknown,
  };
}

export const tellStart = ({ id, directory, round, reporters }: Session): void =>
  reporters.tell('runStarted', { id, directory, scenarios: round.run });

/** The results so far, in the order of the plan. */
export const resultsOf = ({ round, results }: Session): readonly ScenarioResult[] =>
  round.scenarios.flatMap(({ id }) => results.get(id) ?? []);

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
    phases[phase] += performance.now() - started;
  }
}
