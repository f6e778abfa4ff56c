import { accessSync, constants, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { WorkloadProgram } from '../../clients/workload-program.ts';
import type { ClusterHost } from '../driver.ts';
import type { Journal } from '../../foundation/journal.ts';
import { EMBEDDED_CAPABILITIES } from './capabilities.ts';
import { embeddedClusterProvider, TRANSLATION } from './index.ts';

export interface EmbeddedHostOptions {
  readonly run: string;
  /** Folder for what the clusters write where memory cannot be had. */
  readonly directory: string;
  readonly workload: WorkloadProgram;
  readonly faults: readonly string[];
  /** Where the directory is written down. Default: nowhere. */
  readonly journal?: Journal;
}

/** Embedded clusters, which live in this process and on loopback. */
export function embeddedHost(options: EmbeddedHostOptions): ClusterHost {
  const directory = clustersDirectory(options);
  const { image, command } = options.workload;
  return {
    name: 'embedded',
    provider: embeddedClusterProvider({
      images: new Map([[image, { entrypoint: command }]]),
      directory,
      faults: options.faults,
    }),
    bindAddress: '127.0.0.1',
    reachable: (url) => url,
    capabilities: EMBEDDED_CAPABILITIES,
    workloadImage: image,
    eventual: false,
    facts: () => ({}),
    translations: () => TRANSLATION.map(({ inPod, here }) => `${inPod}: ${here}`),
    failure: () => undefined,
    close: async () => {
      await rm(directory, { recursive: true, force: true });
      options.journal?.forget({ kind: 'path', path: directory });
    },
  };
}

/** A file system in memory, where Linux has one. */
const MEMORY = '/dev/shm';

/**
 * Where pods have their directories while the run lasts: in memory where that can be had, as kubelets keep tokens (and
 * since it is many small files), else in the report folder. Removed with the clusters, also when the run is killed.
 */
function clustersDirectory({ directory, run, journal }: EmbeddedHostOptions): string {
  const inMemory = join(MEMORY, `eks-pod-identity-conformance-${run}`);
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK);
    journal?.add({ kind: 'path', path: inMemory });
    mkdirSync(inMemory, { mode: 0o755 });
    return inMemory;
  } catch {
    journal?.forget({ kind: 'path', path: inMemory });
  }
  const inReports = resolve(directory, `clusters-${run}`);
  journal?.add({ kind: 'path', path: inReports });
  mkdirSync(inReports, { recursive: true });
  return inReports;
}
