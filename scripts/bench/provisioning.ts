import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { embeddedHost } from '../../clusters/embedded/host.ts';
import { openEnvironment } from '../../harness/engine/environment.ts';
import { hostedPlatform } from '../../harness/engine/platform.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

/**
 * Milliseconds until an embedded cluster is ready with its agent and webhook, emulator included. The first value is that
 * of a fresh process, as a run meets it; later ones profit from compiled code.
 */
export async function benchProvisioning(times = 4): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let number = 0; number < times; number += 1) {
    await inTemporaryFolder('conformance-bench-', async (directory) => {
      const started = performance.now();
      const run = `bench${number}`;
      const host = await embeddedHost({ run, directory, workload: JAVASCRIPT });
      const platform = await hostedPlatform(host, { run, seed: '0' });
      const opened = openEnvironment(platform, {
        run,
        clusters: ['c1'],
        expiresAt: new Date(Date.now() + 3_600_000),
        progress: () => undefined,
        signal: new AbortController().signal,
      });
      try {
        await opened.provision();
        taken.push(performance.now() - started);
      } finally {
        await opened.teardown();
      }
    });
  }
  return taken;
}
