import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WorkloadProgram } from '../../clients/workload-program.ts';
import type { Journal } from '../../foundation/journal.ts';
import type { Configuration } from '../config/configuration.ts';
import { HarnessError } from '../../foundation/errors.ts';
import { clustersOf, unmetRequirements } from '../plan/requirements.ts';
import { median } from '../report/median.ts';
import { RESULTS_VERSION, summarize, type RunResults, type ScenarioResult } from '../report/results.ts';
import type { Terminal } from '../report/terminal.ts';
import { prepareReportDirectory, writeReports } from '../report/write.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { Scenario } from '../scenario/spec.ts';
import { prefetch, type Prefetch } from '../world/prefetch.ts';
import { describeEnvironment, exitCodeOf, nothingRan } from './conclusion.ts';
import { openEnvironment, type Provisioned } from './environment.ts';
import { capabilitiesBefore, preparePlatform } from './platform.ts';
import { openJournal } from '../cleanup/journal.ts';
import { leftBehind, sweepCommand } from '../cleanup/leftovers.ts';
import { showWithMocha } from './mocha-view.ts';
import { reasonOf, result, runScenario } from './attempt.ts';
import { schedule } from './schedule.ts';

export interface RunOptions {
  readonly configuration: Configuration;
  readonly scenarios: readonly Scenario[];
  readonly terminal: Terminal;
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

/** Runs the selected scenarios: provision, arrange, probe, judge, report, tear down. Reports are written whatever happens. */
export async function run(options: RunOptions): Promise<RunResults> {
  const { configuration, scenarios, terminal } = options;
  const id = `c${randomBytes(4).toString('hex').slice(0, 6)}`;
  const directory = configuration.text('report-dir') ?? join('reports', id);
  prepareReportDirectory(directory);
  const startedAt = new Date();
  const started = performance.now();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.interrupted, stop.signal]);
  const phases = { provisioning: 0, scenarios: 0, teardown: 0 };
  const cluster = configuration.cluster.name;
  const journal = openJournal(directory, id);
  const results: ScenarioResult[] = [];
  let provisioned: Provisioned | undefined;
  let ahead: Prefetch | undefined;
  let ready = false;
  let firstVerdict: number | undefined;
  let kept = false;
  let failure: unknown;
  const compose = (): RunResults => {
    // Ctrl-C is how keeping ends: the run was over by then.
    const interrupted = options.interrupted.aborted && !kept;
    const podTimes = provisioned?.environment.podTimes ?? [];
    return {
      version: RESULTS_VERSION,
      run: {
        id,
        startedAt: startedAt.toISOString(),
        endedAt: new Date().toISOString(),
        milliseconds: Math.round(performance.now() - started),
        firstVerdictMilliseconds: firstVerdict ?? null,
        exitCode: exitCodeOf(results, failure, interrupted),
        error: failure === undefined || (interrupted && !(failure instanceof HarnessError)) ? null : reasonOf(failure),
        interrupted,
      },
      configuration: Object.fromEntries(
        [...configuration.values].map(([name, { value, origin }]) => [name, { value: value ?? null, origin }]),
      ),
      environment: describeEnvironment(options, provisioned),
      aws: provisioned === undefined ? null : { calls: provisioned.environment.aws.callCounts() },
      phases: {
        provisioning: Math.round(phases.provisioning),
        scenarios: Math.round(phases.scenarios),
        arranging: results.reduce((sum, item) => sum + item.durations.arranging, 0),
        probing: results.reduce((sum, item) => sum + item.durations.probing, 0),
        teardown: Math.round(phases.teardown),
        podMedian: podTimes.length === 0 ? null : Math.round(median(podTimes)),
      },
      scenarios: results,
      summary: summarize(results),
    };
  };
  try {
    const before = capabilitiesBefore(configuration);
    const planned = clustersFor(scenarios.filter((scenario) => unmetRequirements(scenario, before) === undefined));
    terminal.phase(
      'provisioning',
      `Run ${id}: ${scenarios.length} scenarios; provisioning ${planned.length === 0 ? 'no cluster' : `${planned.length} ${cluster} ${planned.length === 1 ? 'cluster' : 'clusters'}`}`,
    );
    const progress = (line: string): void => terminal.note(line);
    const expiresAt = new Date(startedAt.getTime() + configuration.number('expires') * 3_600_000);
    const platform = await preparePlatform({
      configuration,
      environment: options.environment,
      run: id,
      expiresAt,
      directory,
      workload: options.workload,
      journal,
      progress,
      signal: options.interrupted,
    });
    // What an AWS has is known once it was asked.
    const available = new Set([...before].filter((name) => platform.aws.lacking?.has(name) !== true));
    const runnable = scenarios.filter((scenario) => unmetRequirements(scenario, available) === undefined);
    const opened = openEnvironment(platform, {
      run: id,
      clusters: clustersFor(runnable),
      expiresAt,
      journal,
      progress,
      signal: options.interrupted,
    });
    provisioned = opened;
    // Elsewhere clusters are there before this could be of use.
    if (platform.clusters.remote)
      ahead = prefetch(runnable, opened.environment, { parallel: configuration.number('parallel'), signal });
    await opened.provision();
    ready = true;
    phases.provisioning = performance.now() - started;
    terminal.phase('scenarios');
    await runScenarios(options, { provisioned, ahead, directory, signal, stop }, (outcome) => {
      results.push(outcome);
      if (outcome.verdict !== 'skipped') firstVerdict ??= Math.round(performance.now());
    });
    phases.scenarios = performance.now() - started - phases.provisioning;
    failure = nothingRan(results, signal, configuration);
    const keep = configuration.text('keep');
    if (
      !options.interrupted.aborted &&
      (keep === 'always' ||
        (keep === 'on-failure' && results.some((item) => item.verdict !== 'passed' && item.verdict !== 'skipped')))
    ) {
      kept = true;
      writeReports(directory, compose());
      await options.whileKept(provisioned, directory, journal);
    }
  } catch (error) {
    // An interrupt while clusters are made ends in errors of whatever was under way.
    failure = options.interrupted.aborted && !ready ? options.interrupted.reason : error;
  }
  terminal.phase('teardown');
  const tearing = performance.now();
  for (const end of [() => ahead?.end(), () => provisioned?.teardown()]) {
    try {
      await end();
    } catch (error) {
      failure ??= error;
    }
  }
  phases.teardown = performance.now() - tearing;
  const left = journal.left();
  const command = left.length > 0 ? sweepCommand(left, id, directory, configuration) : undefined;
  const behind = leftBehind(provisioned?.environment.leftovers ?? [], command);
  if (failure === undefined) failure = behind;
  else if (behind !== undefined) terminal.note(behind.message);
  if (command !== undefined) terminal.note(`Not all that the run made could be removed: \`${command}\` tries again.`);
  const complete = compose();
  terminal.summary(complete, writeReports(directory, complete));
  if (failure !== undefined && configuration.flag('verbose') && failure instanceof Error)
    process.stderr.write(`${failure.stack}\n`);
  return complete;
}

/** How long the first scenario runs alone: about what its pod takes to start. */
const HEAD_START_MILLISECONDS = 400;

/** Where scenarios run, and what ends them. */
interface Running {
  readonly provisioned: Provisioned;
  readonly ahead: Prefetch | undefined;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly stop: AbortController;
}

async function runScenarios(
  options: RunOptions,
  { provisioned, ahead, directory, signal, stop }: Running,
  onResult: (result: ScenarioResult) => void,
): Promise<void> {
  const { configuration, scenarios, terminal } = options;
  const maxFailures = configuration.number('max-failures');
  let failures = 0;
  const scheduled = schedule(
    scenarios,
    configuration.number('parallel'),
    async (scenario, turn) => {
      const outcome = await runScenario(scenario, {
        environment: provisioned.environment,
        available: provisioned.capabilities,
        lacking: provisioned.lacking,
        timeoutMilliseconds: Math.max(configuration.number('timeout'), scenario.spec.allowSeconds ?? 0) * 1000,
        retries: configuration.number('retries'),
        signal,
        keep: configuration.text('keep') as 'never' | 'on-failure' | 'always',
        diagnostics: { directory, interrupted: options.interrupted },
        ...(ahead && { ahead }),
        turn,
      });
      if (outcome.verdict === 'failed') failures += 1;
      if (maxFailures > 0 && failures >= maxFailures && !stop.signal.aborted)
        stop.abort(new HarnessError('STOPPED', `--max-failures ${maxFailures} was reached.`));
      return outcome;
    },
    // Only an emulated AWS of this process has a clock that scenarios move, which would be in the way.
    { headStart: HEAD_START_MILLISECONDS, arrangeEarly: provisioned.environment.aws.propagation !== undefined },
  );
  terminal.expect(scenarios.length);
  const outcomeOf = async (scenario: Scenario): Promise<ScenarioResult> => {
    const outcome = (await scheduled.results.get(scenario.id)) ?? result(scenario, 'error', 'was not scheduled');
    // Stopped while it ran: it has no verdict, and that is no error of the environment.
    return outcome.verdict === 'error' && signal.aborted
      ? { ...outcome, verdict: 'skipped', reason: `Not finished: ${reasonOf(signal.reason)}`, errorCode: null }
      : outcome;
  };
  const shown = new Set<string>();
  const show = (outcome: ScenarioResult): void => {
    if (shown.has(outcome.id)) return;
    shown.add(outcome.id);
    onResult(outcome);
    terminal.scenario(outcome, directory);
  };
  try {
    await showWithMocha(scenarios, outcomeOf, show);
  } finally {
    await scheduled.done;
    // mocha gives a test up when something fails outside of it: its scenario has a verdict all the same.
    for (const scenario of scenarios) if (!shown.has(scenario.id)) show(await outcomeOf(scenario));
  }
}

const clustersFor = (scenarios: readonly Scenario[]): ClusterAlias[] =>
  [...new Set(scenarios.flatMap((scenario) => clustersOf(scenario)))].sort();
