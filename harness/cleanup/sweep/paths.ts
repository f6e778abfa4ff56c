import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';

/** What the names of a run's temporary files and folders begin with; the run's id follows. */
const PREFIX = /^eks-pod-identity-conformance-(c[0-9a-f]{6})(?![0-9a-z])/;

/** Folders in which runs put files and folders of their own, besides their report folders. */
export const TEMPORARY_FOLDERS: readonly string[] = [...new Set([tmpdir(), '/tmp', '/dev/shm'])].filter((folder) =>
  existsSync(folder),
);

/** Whether a name carries a run's id as a word of its own. */
export const carries = (name: string, run: string): boolean => new RegExp(`(?<![0-9a-z])${run}(?![0-9a-z])`).test(name);

/**
 * Why a path of a state file is none that its run makes; undefined when it may be removed. A state file may be broken or
 * forged: what goes is an entry of a temporary folder or of the report folder, with the run's id in its name.
 */
export function refusal(
  path: string,
  run: string,
  reportFolder: string,
  temporaryFolders: readonly string[] = TEMPORARY_FOLDERS,
): string | undefined {
  if (!isAbsolute(path) || normalize(path) !== path || path.endsWith(sep)) return 'is no plain absolute path';
  if (!carries(basename(path), run)) return `does not have ${run} in its name`;
  const parent = real(dirname(path));
  if (parent === undefined) return undefined;
  if (real(path) === real(reportFolder)) return 'is the report folder';
  if (![...temporaryFolders, reportFolder].some((folder) => real(folder) === parent))
    return 'is not directly in a temporary folder or the report folder';
  return undefined;
}

/** Temporary files and folders of runs by their names alone, those of this user; each with its run and its age. */
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

/** Whether there is something of that name, a dangling link included. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
  }
}

/** Entries of a folder; none when it is not there or not readable. */
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
