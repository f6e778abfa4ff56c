import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { runQuietly } from '../../bin/cli/loosen.ts';
import { configure } from '../../harness/config/configuration.ts';
import type { Observation } from '../../harness/policies/observation.ts';
import { ownSuites } from '../support/own-suites.ts';
import { ensureBuilt, ROOT, temporaryFolder } from '../support/run-cli.ts';

/** Runs scenarios on embedded clusters, and returns their observations in the same order. */
export async function observe(ids: readonly string[], { seed, run }: { readonly seed: string; readonly run: string }) {
  ensureBuilt();
  setMaxListeners(0);
  const { hooks, scenarios } = await ownSuites();
  const selected = scenarios.filter(({ id }) => ids.includes(id));
  const observations = new Map<string, Observation>();
  const configuration = configure(
    ['--report-dir', temporaryFolder(), '--scope', 'all', '--seed', seed, '--run-id', run],
    {},
  );
  await runQuietly(
    configuration,
    { hooks, scenarios: selected },
    {
      io: {
        stdout: process.stderr,
        stderr: process.stderr,
        environment: {},
        interruption: () => new AbortController().signal,
        root: ROOT,
        code: join(ROOT, 'dist'),
      },
      interrupted: new AbortController().signal,
      observe: (one) => observations.set(one.scenario.id, one),
    },
  );
  return ids.map((id) => ({ id, observation: observations.get(id) }));
}
