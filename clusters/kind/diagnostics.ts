import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner } from './runner.ts';

/** Longest time for collecting, in milliseconds. */
const LONGEST = 30_000;

export interface DiagnosticsOptions {
  readonly run: Runner;
  /** Path of kind. */
  readonly program: string;
  readonly cluster: string;
  readonly directory: string;
}

/**
 * Writes what the nodes of a cluster have to tell (kubelet's journal, logs of containers) into a folder of the cluster's
 * name. Gives the folder; undefined when there is nothing to be had.
 */
export async function collectDiagnostics(options: DiagnosticsOptions): Promise<string | undefined> {
  const { run, program, cluster, directory } = options;
  const folder = join(directory, cluster);
  try {
    await mkdir(folder, { recursive: true });
    await run(program, ['export', 'logs', folder, '--name', cluster], {
      environment: { KIND_EXPERIMENTAL_PROVIDER: 'docker' },
      signal: AbortSignal.timeout(LONGEST),
    });
    return folder;
  } catch {
    return undefined;
  }
}
