import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JAVASCRIPT } from '../clients/javascript/index.ts';
import { embeddedClusterProvider } from '../clusters/embedded/index.ts';
import { ClusterError } from '../foundation/cluster-error.ts';
import { kindHost } from '../clusters/kind/index.ts';
import { StartError, type ClusterHostOptions, type CommandClusterHost } from '../emulator/cli.ts';
import { openJournal } from '../harness/cleanup/journal.ts';

/** Longest time until a kind cluster is ready: that of the conformance command. */
const READY_MILLISECONDS = 300_000;

/** Prepares the clusters of `npm run emulator`. Throws `StartError`. */
export function clusterHost(options: ClusterHostOptions): Promise<CommandClusterHost> {
  return options.clusters === 'kind' ? kindClusters(options) : embeddedClusters();
}

async function embeddedClusters(): Promise<CommandClusterHost> {
  const directory = mkdtempSync(join(tmpdir(), 'emulator-'));
  const images = new Map([[JAVASCRIPT.image, { entrypoint: JAVASCRIPT.command }]]);
  return {
    provider: embeddedClusterProvider({ images, directory }),
    bindAddress: '127.0.0.1',
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * Clusters of kind, as the conformance command makes them. What is made in Docker is written down in a folder below
 * `reports`, as that of a run is: `npm run sweep` removes what an emulator leaves that was killed.
 *
 * @param make stands in for `kindHost` in tests.
 */
export async function kindClusters(
  { kindImage, imageBase, progress, signal }: ClusterHostOptions,
  { make = kindHost, reports = 'reports' }: { readonly make?: typeof kindHost; readonly reports?: string } = {},
): Promise<CommandClusterHost> {
  const run = `c${randomBytes(3).toString('hex')}`;
  const directory = join(reports, run);
  mkdirSync(directory, { recursive: true });
  try {
    const host = await make({
      run,
      workload: JAVASCRIPT,
      images: {
        ...(kindImage !== undefined && { node: kindImage }),
        ...(imageBase !== undefined && { base: imageBase }),
      },
      agentArgs: [],
      faults: [],
      readyMilliseconds: READY_MILLISECONDS,
      diagnosticsDirectory: join(directory, 'diagnostics'),
      journal: openJournal(directory, run),
      progress,
      signal,
    });
    return {
      provider: host.provider,
      bindAddress: host.bindAddress,
      close: async () => {
        await host.close();
        removeEmpty(directory);
      },
    };
  } catch (error) {
    removeEmpty(directory);
    if (!(error instanceof ClusterError)) throw error;
    throw new StartError(error.message, error.blame === 'usage' ? 2 : 3, { cause: error });
  }
}

/** Removes the folder unless it has something to tell: diagnostics, or what is left in Docker. */
function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not empty.
  }
}
