import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JAVASCRIPT } from '../clients/javascript/index.ts';
import { embeddedClusterProvider } from '../clusters/embedded/index.ts';
import { kindHost } from '../clusters/kind/index.ts';
import type { ClusterProvider } from '../emulator/eks/model.ts';
import { openJournal } from '../harness/cleanup/journal.ts';

/** Longest time until a kind cluster is ready: that of the conformance command. */
const READY_MILLISECONDS = 300_000;

export interface ClusterOptions {
  readonly clusters: 'embedded' | 'kind';
  readonly kindImage: string | undefined;
  readonly imageBase: string | undefined;
  /** One line about what is being done. */
  readonly progress: (line: string) => void;
  /** Fires when the command is interrupted. */
  readonly signal: AbortSignal;
}

/** What makes the clusters of an emulator that is served alone. */
export interface EmulatorClusters {
  readonly provider: ClusterProvider;
  /** Address that the emulator binds to be reached by the clusters. */
  readonly bindAddress: string;
  /** Called when the clusters are deleted. */
  close(): Promise<void>;
}

/** Prepares what clusters are made with. Throws `ClusterError`. */
export async function makeClusters(options: ClusterOptions): Promise<EmulatorClusters> {
  return options.clusters === 'kind' ? kindClusters(options) : embeddedClusters();
}

/** Clusters in this process. */
export async function embeddedClusters(): Promise<EmulatorClusters> {
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
 * `reports`, as that of a run is: a sweep removes what an emulator leaves that was killed.
 *
 * @param make stands in for `kindHost` in tests.
 */
export async function kindClusters(
  { kindImage, imageBase, progress, signal }: ClusterOptions,
  { make = kindHost, reports = 'reports' }: { readonly make?: typeof kindHost; readonly reports?: string } = {},
): Promise<EmulatorClusters> {
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
    throw error;
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
