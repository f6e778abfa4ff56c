import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';

const PREFIX = /^eks-pod-identity-conformance-(c[0-9a-f]{6})(?![0-9a-z])/;

/** Folders with temporary files of runs, besides their report folders. */
export const TEMPORARY_FOLDERS: readonly string[] = [...new Set([tmpdir(), '/tmp', '/dev/shm'])].filter((folder) =>
  existsSync(folder),
);

export const carries = (name: string, run: string): boolean => new RegExp(`(?<![0-9a-z])${run}(?![0-9a-z])`).test(name);

/**
 * Returns why a path of a state file may not be removed; undefined if it may. A state file may be broken or forged, so a path
 * must be directly in a temporary folder or the report folder and have the run's id in its name.
 */
export function refusal(
  path: string,
  run: string,
  reportFolder: string,
  temporaryFolders: readonly string[] = TEMPORARY_FOLDERS,
): string | undefined {
  if (!isAbsolute(path) || normalize(path) !== path || path.endsWith(sep)) return 'is not a normalized absolute path';
  if (!carries(basename(path), run)) return `does not have ${run} in its name`;
  const parent = real(dirname(path));
  if (parent === undefined) return undefined;
  if (real(path) === real(reportFolder)) return 'is the report folder';
  if (![...temporaryFolders, reportFolder].some((folder) => real(folder) === parent))
    return 'is not directly in a temporary folder or the report folder';
  return undefined;
}

/** Finds this user's temporary files and folders of runs by name; each with its run and its time. */
export function temporaryPaths(
  folders: readonly string[] = TEMPORARY_FOLDERS,
): { readonly path: string; readonly run: string; readonly since: Date }[] {
  return folders.flatMap((folder) =>
    list(folder).flatMap((name) => {
      const run = PREFIX.exec(name)?.[1];
      if (run === undefined) return [];
      const path = join(folder, name);
      const status = lstatSync(path, { throwIfNoEntry: false });
      if (status === undefined || status.uid !== (process.getuid?.() ?? status.uid)) return [];
      return [{ path, run, since: status.mtime }];
    }),
  );
}

export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
  }
}

export function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
