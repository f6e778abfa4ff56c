/**
 * What a process of `detect` runs: scenarios on clusters of its own, with at most one defect. Part of the builds whose defects
 * can be switched on. A job comes as the first message; each verdict, and at the end `over`, go back as messages.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORKLOAD_PROGRAMS } from '../clients/registry.ts';
import { FAULTS_REACHED } from '../faults/switch.ts';
import { configure } from '../harness/config/configuration.ts';
import { run } from '../harness/engine/run.ts';
import { clientsOf, withClients, withInstalledClients } from '../harness/plan/clients.ts';
import { loadScenarios } from '../harness/scenario/load.ts';
import type { FromWorker, Job } from './job.ts';
import { reachedBy, reachedByNobody, stryker } from './stryker.ts';

const send = (message: FromWorker): boolean => process.send?.(message) ?? false;

async function work({ scenarios: ids, flags, stopAtFirst, parallel, covers }: Job): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-detect-'));
  try {
    const loaded = await loadScenarios(join(dirname(dirname(fileURLToPath(import.meta.url))), 'suites'), []);
    const argv = ['--quiet', '--retries', '0', '--report-dir', directory, '--parallel', String(parallel), ...flags];
    const configuration = configure(stopAtFirst ? [...argv, '--max-failures', '1'] : argv, {});
    const interrupted = new AbortController().signal;
    const scenarios = await withInstalledClients(
      withClients(
        loaded.scenarios.filter(({ id }) => ids.includes(id)),
        clientsOf(configuration),
      ),
      { environment: process.env, progress: () => undefined, signal: interrupted },
    );
    const reached = new Set<string>();
    /** Takes what was reached since the last time. */
    const taken = (key: string): string[] => {
      const all = [...FAULTS_REACHED, ...reachedBy(key)];
      FAULTS_REACHED.clear();
      return all;
    };
    const { run: over } = await run({
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
            scenarioOver: ({ id, verdict, durations }) => {
              stryker.currentTestId = undefined;
              const milliseconds = durations.arranging + durations.probing;
              send({ id, verdict, milliseconds, reached: covers ? taken(id) : [] });
            },
          },
        },
      ],
      version: '0',
      workload: WORKLOAD_PROGRAMS[0],
      environment: {},
      interrupted,
      programs: [],
      stderr: process.stderr,
    });
    const always = [...reached, ...reachedByNobody()];
    send({ over: true, error: over.error, always: covers ? always : [] });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.once('message', (job: Job) => {
  work(job)
    .catch((error: unknown) =>
      send({ over: true, error: error instanceof Error ? error.message : String(error), always: [] }),
    )
    .finally(() => process.disconnect?.());
});
// Whoever asked is gone.
process.once('disconnect', () => setTimeout(() => process.exit(), 2000).unref());
