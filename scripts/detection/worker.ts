/** Worker process of `detect`. Runs a job's scenarios with at most one defect on its own clusters, and reports the verdicts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import { FAULTS_ON, FAULTS_REACHED } from '../faults/switch.ts';
import { configure } from '../../harness/config/configuration.ts';
import { run } from '../../harness/engine/run.ts';
import { clientsOf, withClients, withInstalledClients } from '../../harness/plan/clients.ts';
import { readSuites } from '../../harness/scenario-files/read-suites.ts';
import { beat, type Again, type FromWorker, type Job, type Noticed } from './job.ts';
import { reachedBy, reachedByNobody, stryker } from './stryker.ts';

/** Timeout of a scenario in seconds. */
const LIMIT = 60;

const send = (message: FromWorker): boolean => process.send?.(message) ?? false;

interface How extends Omit<Job, 'fault'> {
  /** Set if the scenario is repeated alone after it failed in parallel with others. */
  readonly alone?: true;
}

/** Suites, shared by all jobs of the process. */
let loading: ReturnType<typeof readSuites> | undefined;

const probesOf = (id: string): string => `${id} probes`;

async function runScenarios(how: How) {
  const { scenarios: ids, flags, stopAtFirst, parallel, covers, alone, mutantOfProbes } = how;
  const directory = mkdtempSync(join(tmpdir(), 'conformance-detect-'));
  try {
    const loaded = await (loading ??= readSuites(
      join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'suites'),
      [],
    ));
    const argv = [
      ...['--quiet', '--retries', '0', '--timeout', String(covers ? 3 * LIMIT : LIMIT), '--report-dir', directory],
      ...['--parallel', String(parallel), ...flags],
    ];
    const configuration = configure(stopAtFirst ? [...argv, '--max-failures', '1'] : argv, {});
    const interrupted = new AbortController();
    const scenarios = await withInstalledClients(
      withClients(
        loaded.scenarios.filter(({ id }) => ids.includes(id)),
        clientsOf(configuration),
      ),
      { environment: process.env, progress: () => undefined, signal: interrupted.signal },
    );
    const reached = new Set<string>();
    /** Returns and clears the recorded coverage. */
    const taken = (key: string): string[] => {
      const all = [...FAULTS_REACHED, ...reachedBy(key)];
      FAULTS_REACHED.clear();
      return all;
    };
    let [errors, others, milliseconds, lost] = [0, 0, 0, 0];
    const { run: over, scenarios: results } = await run({
      ...loaded,
      scenarios,
      configuration,
      reporters: [
        {
          name: 'detection',
          reporter: {
            scenarioStarted: ({ id }) => {
              if (!covers) return;
              for (const one of taken('')) reached.add(one);
              stryker.currentTestId = id;
            },
            scenarioOver: ({ id, verdict, reason, durations }) => {
              stryker.currentTestId = undefined;
              const took = durations.arranging + durations.probing;
              milliseconds += took;
              const reachedByProbes = covers ? reachedBy(probesOf(id)) : [];
              const reached = covers ? [...new Set([...taken(id), ...reachedByProbes])] : [];
              send({ id, verdict, reason, milliseconds: took, reached, reachedByProbes, ...(alone && { alone }) });
              if (verdict === 'error') {
                errors += 1;
                lost += took;
              } else others += 1;
              // If none of the first scenarios has a verdict, or many timed out, others will probably have none.
              const areFirst = mutantOfProbes === undefined ? errors === parallel : milliseconds > LIMIT * 1000;
              const isEnough = (others === 0 && areFirst) || lost > LIMIT * 1000 * parallel;
              if (stopAtFirst && isEnough) interrupted.abort(new Error('Too many scenarios have no verdict.'));
            },
          },
        },
      ],
      aroundProbes: async (probes) => {
        const { currentTestId: id } = stryker;
        if (id !== undefined) stryker.currentTestId = probesOf(id);
        if (mutantOfProbes !== undefined) stryker.activeMutant = mutantOfProbes;
        try {
          return await probes();
        } finally {
          if (id !== undefined) stryker.currentTestId = id;
          if (mutantOfProbes !== undefined) stryker.activeMutant = undefined;
        }
      },
      version: '0',
      workload: WORKLOAD_PROGRAMS[0],
      environment: {},
      interrupted: interrupted.signal,
      programs: [],
      stderr: process.stderr,
    });
    return {
      results,
      over: { over: true, error: over.error, always: covers ? [...reached, ...reachedByNobody()] : [] } as const,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function work({ fault: _, ...job }: Job): Promise<void> {
  const { results, over } = await runScenarios(job);
  // Only scenarios that also fail alone count.
  if (job.stopAtFirst && job.scenarios.length > 1)
    for (const { id, verdict } of results)
      if (verdict === 'failed') await runScenarios({ ...job, scenarios: [id], alone: true });
  send(over);
}

async function workAgain({ again, flags, parallel }: Again): Promise<void> {
  const how = { flags, stopAtFirst: false, covers: false };
  const failed: Noticed[] = [];
  for (const one of again) {
    FAULTS_ON.add(one.fault);
    const { results } = await runScenarios({ ...how, scenarios: [one.scenario], parallel: 1 });
    FAULTS_ON.delete(one.fault);
    if (results[0]?.verdict === 'failed') failed.push(one);
  }
  // Checks that no fault affected the scenarios after it.
  const { results } = await runScenarios({ ...how, scenarios: failed.map(({ scenario }) => scenario), parallel });
  if (results.every(({ verdict }) => verdict === 'passed')) send({ noticed: failed.map(({ fault }) => fault) });
  send({ over: true, error: null, always: [] });
}

beat();
process.once('message', (job: Job | Again) => {
  ('again' in job ? workAgain(job) : work(job))
    .catch((error: unknown) =>
      send({ over: true, error: error instanceof Error ? error.message : String(error), always: [] }),
    )
    .finally(() => process.disconnect?.());
});
// The parent process exited.
process.once('disconnect', () => setTimeout(() => process.exit(), 2000).unref());
