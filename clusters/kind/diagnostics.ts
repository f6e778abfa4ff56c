import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../errors.ts';
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

/** An error that also says what to do about what it names, and in which folder to look. */
export function explained(error: Error, folder: string | undefined): Error {
  if (!(error instanceof ClusterError)) return error;
  const { code, blame, message } = error;
  const hints = [
    ...(/too many open files/i.test(message) ? [TOO_MANY_WATCHES] : []),
    ...(folder === undefined ? [] : [`What the nodes logged is in ${folder}.`]),
  ];
  return hints.length === 0
    ? error
    : new ClusterError(code, blame, [message.replace(/[^.]$/, '$&.'), ...hints].join(' '), { cause: error });
}

/** kind, "Known Issues", Pod errors due to "too many open files". */
const TOO_MANY_WATCHES =
  'The machine allows too few watches of files for so many containers: raise fs.inotify.max_user_instances with sysctl.';
