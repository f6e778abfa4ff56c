import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { embeddedHost } from '../../clusters/embedded/host.ts';
import type { ClusterHost } from '../../clusters/interface/driver.ts';
import type { Platform, Provisioned } from '../../harness/engine/environment.ts';
import { hostedPlatform } from '../../harness/engine/platform.ts';
import { runScenario, type ScenarioOptions } from '../../harness/engine/scenario.ts';
import type { ScenarioResult } from '../../harness/results/results.ts';
import type { ScenarioSpec } from '../../harness/scenario/spec.ts';
import { provision } from './provision.ts';
import { aScenario } from './scenarios.ts';

export const RUN = 'c1a2b3d';

export interface EmbeddedRun {
  readonly provisioned: Provisioned;
  readonly run: (
    spec: Partial<ScenarioSpec>,
    id: string,
    options?: Partial<ScenarioOptions>,
  ) => Promise<ScenarioResult>;
}

/** Provides an embedded cluster for the tests of a `describe` block, and runs each scenario on it once. */
export function embeddedRun(
  platformOn: (host: ClusterHost) => Promise<Platform> = (host) => hostedPlatform(host, { run: RUN, seed: '0' }),
): EmbeddedRun {
  const directory = mkdtempSync(join(tmpdir(), 'embedded-run-'));
  let provisioned: Provisioned;
  before(async () => {
    // Like the commands, since Node would report the many listeners on the run's signals as a leak.
    setMaxListeners(0);
    const host = await embeddedHost({ run: RUN, directory, workload: JAVASCRIPT });
    provisioned = await provision(await platformOn(host), RUN);
  });
  after(async () => {
    await provisioned.teardown();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    get provisioned() {
      return provisioned;
    },
    run: (spec, id, options) =>
      runScenario(aScenario(spec, id), {
        environment: provisioned.environment,
        available: provisioned.capabilities,
        timeoutMilliseconds: 50_000,
        retries: 0,
        signal: new AbortController().signal,
        keep: 'never',
        diagnostics: { directory, interrupted: new AbortController().signal },
        ...options,
      }),
  };
}
