import { openEnvironment, type Opened, type Platform } from '../../harness/engine/environment.ts';

/** Provisions cluster c1 of a run. Closes the platform if that fails; otherwise teardown closes it. */
export async function provision(platform: Platform, run: string): Promise<Opened> {
  const opened = openEnvironment(platform, {
    run,
    clusters: ['c1'],
    expiresAt: new Date(0),
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  try {
    await opened.provision();
    return opened;
  } catch (error) {
    await opened.teardown().catch(() => undefined);
    throw error;
  }
}
